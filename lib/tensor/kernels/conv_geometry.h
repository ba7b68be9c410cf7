// The shape of a convolution. x [n,h,w,c], W [o,c/groups,kh,kw], y [n,oh,ow,o].
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct ConvGeometry {
  int64_t n = 0, h = 0, w = 0, c = 0;
  int64_t oh = 0, ow = 0, o = 0;
  int64_t kh = 1, kw = 1;
  int64_t stride_y = 1, stride_x = 1;
  int64_t pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;  // bottom/right: what the last window needs
  int64_t dilation_y = 1, dilation_x = 1;
  int64_t groups = 1;

  double flops() const {
    const int64_t inputs = c / groups;  // of each output channel
    return 2.0 * static_cast<double>(n * oh * ow) * static_cast<double>(o * inputs) * static_cast<double>(kh * kw);
  }
  bool operator==(const ConvGeometry&) const = default;
};

}  // namespace fovea::kernels
