// Convolution through oneDNN, f32 (and bf16 forward on AMX). Raw NHWC data; weights as tensors, for their packed
// copies.
#pragma once

#include <string>

#include "tensor/kernels/conv_geometry.h"
#include "tensor/tensor.h"

namespace fovea::kernels::dnnl_conv {

enum class Pass { kForward, kData, kWeights };

void forward(const ConvGeometry& shape, const float* x, const Tensor& weight, const float* bias, bool relu, bool bf16,
             float* y);
void backward_data(const ConvGeometry& shape, const float* dy, const Tensor& weight, float* dx);
void backward_weights(const ConvGeometry& shape, const float* x, const float* dy, float* dw);

// oneDNN's names of the implementations that serve the pieces of this convolution, for logs and tests: "jit:avx2".
std::string implementation(Pass pass, const ConvGeometry& shape);

}  // namespace fovea::kernels::dnnl_conv
