// Dropout masks from Philox.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace fovea::kernels {

// y_i = x_i * scale if draw i of the stream Rng(seed, kDropout, step, layer) is >= rate, else 0. draw i is what the
// i-th call of Rng::uniform() returns. The same call with dy gives dx.
Tensor dropout(const Tensor& x, double rate, uint64_t seed, uint64_t layer, uint64_t step);

}  // namespace fovea::kernels
