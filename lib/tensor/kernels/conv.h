// Convolution over tensors, f32 (oneDNN) or f64 (reference).
#pragma once

#include "tensor/kernels/conv_geometry.h"
#include "tensor/tensor.h"

namespace fovea::kernels {

// y = conv(x, W) + bias, then ReLU if asked for. bias [o] or undefined. `inference` allows bf16 (dispatch.h).
Tensor conv_forward(const ConvGeometry& shape, const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu,
                    bool inference);
Tensor conv_backward_data(const ConvGeometry& shape, const Tensor& dy, const Tensor& weight);  // [n,h,w,c]
Tensor conv_backward_weights(const ConvGeometry& shape, const Tensor& x, const Tensor& dy);    // [o,c/groups,kh,kw]

}  // namespace fovea::kernels
