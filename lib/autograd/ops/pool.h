// Spatial pooling, NHWC.
#pragma once

#include "autograd/var.h"

namespace fovea::ops {

struct PoolConfig {
  int kernel_y = 2, kernel_x = 2;
  int stride_y = 2, stride_x = 2;
  int pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool ceil_mode = false;  // Caffe's rounding; a window that starts in the right/bottom padding is dropped
  bool count_padding =
      false;  // average: divide by the full window (clipped to the padded extent), not by the cells inside the image
};

int64_t pool_output_extent(int64_t extent, int pad_before, int pad_after, int kernel, int stride, bool ceil_mode);

// Ties go to the first maximum in row-major order of the window.
Var max_pool(const Var& x, const PoolConfig& config);
Var average_pool(const Var& x, const PoolConfig& config);
Var global_average_pool(const Var& x);  // [N,H,W,C] -> [N,C]

}  // namespace fovea::ops
