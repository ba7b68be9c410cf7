// The fully connected layer's forward product.
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels {

// y [N,M] = x [N,K] W^T + bias, then ReLU if asked for. W [M,K], bias [M] or undefined. `inference` allows bf16.
Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu, bool inference);

}  // namespace fovea::kernels
