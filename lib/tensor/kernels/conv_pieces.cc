#include "tensor/kernels/conv_pieces.h"

#include <algorithm>

namespace fovea::kernels {
namespace {

constexpr double kPieceFlops = 8e6;  // some 100 microseconds: the cost of a task is small beside it
constexpr int64_t kStripRows = 4;    // fewer rows of y: the overlap of the inputs would count

// The rows of x that the rows [begin, end) of y read, with what is left of the padding.
ConvPiece strip(const ConvGeometry& whole, int64_t image, int64_t begin, int64_t end) {
  const int64_t first = begin * whole.stride_y - whole.pad_top;
  const int64_t stop = (end - 1) * whole.stride_y - whole.pad_top + (whole.kh - 1) * whole.dilation_y + 1;
  ConvPiece piece{whole, image, std::max<int64_t>(0, first), begin};
  piece.shape.n = 1;
  piece.shape.h = std::min(whole.h, stop) - piece.row_in;
  piece.shape.oh = end - begin;
  piece.shape.pad_top = std::max<int64_t>(0, -first);
  piece.shape.pad_bottom = std::max<int64_t>(0, stop - whole.h);
  return piece;
}

}  // namespace

std::vector<ConvPiece> cut_convolution(const ConvGeometry& shape, int64_t limit, bool strips) {
  const int64_t wanted = std::clamp<int64_t>(static_cast<int64_t>(shape.flops() / kPieceFlops), 1, limit);
  std::vector<ConvPiece> pieces;
  const int64_t reach = (shape.kh - 1) * shape.dilation_y + 1;
  const bool cut_rows =
      strips && shape.n < wanted && shape.pad_top < reach && shape.pad_bottom < reach && shape.oh >= 2 * kStripRows;
  if (!cut_rows) {
    const int64_t chunk = std::max<int64_t>(1, (shape.n + wanted - 1) / wanted);
    for (int64_t image = 0; image < shape.n; image += chunk) {
      ConvPiece piece{shape, image, 0, 0};
      piece.shape.n = std::min(chunk, shape.n - image);
      pieces.push_back(piece);
    }
    return pieces;
  }
  const int64_t per_image = std::clamp<int64_t>((wanted + shape.n - 1) / shape.n, 1, shape.oh / kStripRows);
  const int64_t rows = (shape.oh + per_image - 1) / per_image;
  for (int64_t image = 0; image < shape.n; ++image) {
    for (int64_t begin = 0; begin < shape.oh; begin += rows) {
      pieces.push_back(strip(shape, image, begin, std::min(shape.oh, begin + rows)));
    }
  }
  return pieces;
}

}  // namespace fovea::kernels
