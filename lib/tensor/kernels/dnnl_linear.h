// Inner products with packed weights through oneDNN, for inference: f32 where AVX-512 kernels exist, bf16 on AMX.
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels::dnnl_linear {

// Packing pays for large layers on AVX-512 (oneDNN 2.6 has no packed f32 product for AVX2) and is needed for bf16.
bool is_worthwhile(int64_t batch, int64_t m, int64_t k, bool bf16);

// y [batch,M] = x W^T + bias (may be null), then ReLU if asked for. W [M,K], its packed copy lives with the tensor.
void forward(int64_t batch, const float* x, const Tensor& weight, const float* bias, bool relu, bool bf16, float* y);

}  // namespace fovea::kernels::dnnl_linear
