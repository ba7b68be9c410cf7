// Local contrast normalisation of images.   Jarrett et al. 2009, section 2; Tompson et al. 2014 apply it to each level
// of an image pyramid
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels {

struct ContrastNormParameters {
  int64_t size = 9;              // of the window, odd
  double sigma = 2.25;           // of its Gaussian, in pixels
  double constant_floor = 1e-4;  // deviations below this do not divide
  bool mean_floor = true;        // nor do those below the channel's average
};

// x [N,H,W,C], each channel by itself. With w the window, * convolution and w*1 making borders exact:
//   mean = (w*x)/(w*1);  v = x - mean;  s = sqrt((w*v^2)/(w*1));  y = v / max(s, average of s, floor)
Tensor contrast_norm(const Tensor& x, const ContrastNormParameters& parameters);

}  // namespace fovea::kernels
