// General matrix products, row-major.
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels {

// C [m,n] = op(A) op(B), or C += op(A) op(B) if accumulate. op(A) [m,k] is A, or A^T of a stored [k,m]; op(B) [k,n] is
// B, or B^T of a stored [n,k]. Tensors of any rank with the right counts. Products are cut into a fixed grid of tiles,
// so the result does not depend on the thread count.
void gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const Tensor& a, const Tensor& b,
          Tensor& c, bool accumulate = false);

// The same for raw f32 data, always on the fast path.
void gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
          bool accumulate = false);

}  // namespace fovea::kernels
