// Convolution (cross-correlation, as every framework calls it), NHWC.
#pragma once

#include "autograd/ops/activation.h"
#include "autograd/var.h"

namespace fovea::ops {

struct ConvConfig {
  int stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;
  int dilation_y = 1, dilation_x = 1;
  int groups = 1;
  Activation activation = Activation::kNone;  // kNone or kRelu, fused behind the bias
};

// floor((extent + pads - dilation (kernel - 1) - 1) / stride) + 1; throws Error(kData) if that is < 1.
int64_t conv_output_extent(int64_t extent, int pads, int kernel, int stride, int dilation);

// x [N,H,W,C], W [O,C/groups,kh,kw], b [O] or undefined, y [N,H',W',O].
// The gradient of x is computed only if x needs one (never for the input image).
Var conv2d(const Var& x, const Var& weight, const Var& bias, const ConvConfig& config);

struct ConvTransposeConfig {
  int stride_y = 1, stride_x = 1;
  int pad_top = 0, pad_bottom = 0, pad_left = 0, pad_right = 0;  // rows and columns of y that are cut off
  int output_pad_y = 0, output_pad_x = 0;                        // 0..stride-1: more of them below and to the right
  Activation activation = Activation::kNone;
};

// (extent - 1) stride + kernel - pads + output_pad; throws Error(kData) if that is < 1 or output_pad >= stride.
int64_t conv_transpose_output_extent(int64_t extent, int pads, int kernel, int stride, int output_pad);

// x [N,H,W,C], W [C,O,kh,kw], b [O] or undefined, y [N,H',W',O]. The transposed convolution: each x spreads W over
// kh x kw positions of y, `stride` apart. As a linear map it is the adjoint of the convolution from y to x with the
// same weights (Dumoulin & Visin 2016, section 4).
Var conv_transpose2d(const Var& x, const Var& weight, const Var& bias, const ConvTransposeConfig& config);

}  // namespace fovea::ops
