#include "autograd/ops/linear.h"

#include "autograd/ops/check.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/linear.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::ops {

// y = relu(x W^T + b). With z the sum before ReLU, dz = dy [y > 0];  dx = dz W;  dW = dz^T x;  db = column sums of dz.
Var linear(const Var& x, const Var& weight, const Var& bias, Activation activation) {
  const Tensor& w = weight.value();  // [M,K]
  const int64_t batch = x.shape().rows();
  const bool fits = x.shape().rank() >= 2 && w.rank() == 2 && x.value().count() == batch * w.extent(1);
  detail::require_fit(fits, "linear", x.shape(), w.shape());
  const int64_t m = w.extent(0), k = w.extent(1);
  if (bias.defined()) detail::require_fit(bias.value().count() == m, "linear: bias", bias.shape(), w.shape());
  const bool relu = activation == Activation::kRelu;
  const Tensor y = kernels::linear_forward(x.value(), w, bias.defined() ? bias.value() : Tensor(), relu,
                                           !recording({&x, &weight, &bias}));
  const Var z = record("linear", y, {x, weight, bias}, [x, weight, bias, relu, y, batch, m, k](const Tensor& dy) {
    const Tensor dz = relu ? kernels::unary_backward(kernels::Unary::kRelu, y, dy) : dy;
    if (bias.needs_grad()) bias.add_grad(kernels::column_sums(dz).reshape(bias.shape()));
    if (weight.needs_grad()) {
      Tensor dw = Tensor::empty(weight.shape(), weight.dtype());
      kernels::gemm(true, false, m, k, batch, dz, x.value(), dw);
      weight.add_grad(std::move(dw));
    }
    if (x.needs_grad()) {
      Tensor dx = Tensor::empty(x.shape(), x.dtype());
      kernels::gemm(false, false, batch, k, m, dz, weight.value(), dx);
      x.add_grad(std::move(dx));
    }
  });
  return relu ? z : activate(z, activation);
}

// dA = dC B^T;  dB = A^T dC.
Var matmul(const Var& a, const Var& b) {
  const bool fits = a.shape().rank() == 2 && b.shape().rank() == 2 && a.extent(1) == b.extent(0);
  detail::require_fit(fits, "matmul", a.shape(), b.shape());
  const int64_t m = a.extent(0), k = a.extent(1), n = b.extent(1);
  Tensor c = Tensor::empty({m, n}, a.dtype());
  kernels::gemm(false, false, m, n, k, a.value(), b.value(), c);
  return record("matmul", std::move(c), {a, b}, [a, b, m, n, k](const Tensor& dc) {
    if (a.needs_grad()) {
      Tensor da = Tensor::empty(a.shape(), a.dtype());
      kernels::gemm(false, true, m, k, n, dc, b.value(), da);
      a.add_grad(std::move(da));
    }
    if (b.needs_grad()) {
      Tensor db = Tensor::empty(b.shape(), b.dtype());
      kernels::gemm(true, false, k, n, m, a.value(), dc, db);
      b.add_grad(std::move(db));
    }
  });
}

}  // namespace fovea::ops
