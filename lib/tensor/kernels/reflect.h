// Padding by reflection, NHWC, f32 or f64.
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels {

struct Margins {
  int64_t top = 0, bottom = 0, left = 0, right = 0;
};

// y [n, top+h+bottom, left+w+right, c]: rows and columns mirrored at the edge pixels, which are not repeated.
// REQUIRES margins below the extents.
Tensor reflect_pad(const Tensor& x, const Margins& margins);
// dx [n,h,w,c]: every dy is added to the pixel it was copied from.
Tensor reflect_pad_backward(const Tensor& dy, const Margins& margins);

}  // namespace fovea::kernels
