#include "tensor/kernels/linear.h"

#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dnnl_linear.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/gemm_grid.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::kernels {

Tensor linear_forward(const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu, bool inference) {
  const int64_t batch = x.shape().rows(), m = weight.extent(0), k = weight.extent(1);
  Tensor y = Tensor::empty({batch, m}, x.dtype());
  if (y.count() == 0) return y;
  if (!is_fast(x.dtype())) {
    gemm(false, true, batch, m, k, x, weight, y);
    add_row_into(bias, relu, y);
    return y;
  }
  const float* b = bias.defined() ? bias.data<float>() : nullptr;
  float* py = y.data<float>();
  if (inference && k > 0 && dnnl_linear::is_worthwhile(batch, m, k, bf16_in_use())) {
    dnnl_linear::forward(batch, x.data<float>(), weight, b, relu, bf16_in_use(), py);
    return y;
  }
  gemm_tiles(false, true, batch, m, k, x.data<float>(), weight.data<float>(), py, false,
             [&](int64_t row, int64_t rows, int64_t column, int64_t columns) {
               if (b == nullptr && !relu) return;
               kernel_table().add_row_into(b == nullptr ? nullptr : b + column, relu, py + row * m + column, rows,
                                           columns, m);
             });
  return y;
}

}  // namespace fovea::kernels
