// How a convolution is cut into pieces that run in parallel: chunks of images, or strips of rows of single images when
// there are few images. The cut is a function of the shape alone.
#pragma once

#include <cstdint>
#include <vector>

#include "tensor/kernels/conv_geometry.h"

namespace fovea::kernels {

struct ConvPiece {
  ConvGeometry shape;   // of the piece, a convolution in its own right
  int64_t image = 0;    // its first image
  int64_t row_in = 0;   // its first row of x
  int64_t row_out = 0;  // its first row of y
};

// At most `limit` pieces, each of at least a few million operations; strips only if allowed.
std::vector<ConvPiece> cut_convolution(const ConvGeometry& shape, int64_t limit, bool strips);

}  // namespace fovea::kernels
