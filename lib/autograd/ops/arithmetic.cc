#include "autograd/ops/arithmetic.h"

#include <vector>

#include "autograd/ops/check.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::ops {

Var add(const Var& a, const Var& b) {
  detail::require_same("add", a, b);
  return record("add", kernels::add(a.value(), b.value()), {a, b}, [a, b](const Tensor& dy) {
    if (a.needs_grad()) a.add_grad(dy);
    if (b.needs_grad()) b.add_grad(dy);
  });
}

Var subtract(const Var& a, const Var& b) {
  detail::require_same("subtract", a, b);
  return record("subtract", kernels::subtract(a.value(), b.value()), {a, b}, [a, b](const Tensor& dy) {
    if (a.needs_grad()) a.add_grad(dy);
    if (b.needs_grad()) b.add_grad(kernels::affine(dy, -1, 0));
  });
}

Var multiply(const Var& a, const Var& b) {
  detail::require_same("multiply", a, b);
  return record("multiply", kernels::multiply(a.value(), b.value()), {a, b}, [a, b](const Tensor& dy) {
    if (a.needs_grad()) a.add_grad(kernels::multiply(dy, b.value()));
    if (b.needs_grad()) b.add_grad(kernels::multiply(dy, a.value()));
  });
}

Var scale(const Var& x, double factor, double offset) {
  return record("scale", kernels::affine(x.value(), factor, offset), {x},
                [x, factor](const Tensor& dy) { x.add_grad(kernels::affine(dy, factor, 0)); });
}

Var scale_by(const Var& x, const Var& factor) {
  detail::require_fit(factor.value().count() == 1, "scale_by", x.shape(), factor.shape());
  return record("scale_by", kernels::affine(x.value(), factor.value().item(), 0), {x, factor},
                [x, factor](const Tensor& dy) {
                  if (x.needs_grad()) x.add_grad(kernels::affine(dy, factor.value().item(), 0));
                  if (!factor.needs_grad()) return;
                  const double slope = kernels::total(kernels::multiply(dy, x.value()));
                  factor.add_grad(Tensor::full(factor.shape(), slope, factor.dtype()));
                });
}

Var channel_affine(const Var& x, std::span<const double> scale, std::span<const double> offset) {
  const Shape& shape = x.shape();
  const auto channels = static_cast<size_t>(shape.channels());
  detail::require_fit(shape.rank() > 0 && scale.size() == channels && offset.size() == channels, "channel_affine",
                      shape, {static_cast<int64_t>(scale.size())});
  const std::vector<double> factors(scale.begin(), scale.end());
  return record("channel_affine", kernels::affine_columns(x.value(), scale, offset), {x},
                [x, factors](const Tensor& dy) {
                  x.add_grad(kernels::affine_columns(dy, factors, std::vector<double>(factors.size(), 0.0)));
                });
}

Var add_bias(const Var& x, const Var& b) {
  detail::require_fit(x.shape().rank() > 0 && b.value().count() == x.shape().channels(), "add_bias", x.shape(),
                      b.shape());
  return record("add_bias", kernels::add_row(x.value(), b.value()), {x, b}, [x, b](const Tensor& dy) {
    if (x.needs_grad()) x.add_grad(dy);
    if (b.needs_grad()) b.add_grad(kernels::column_sums(dy).reshape(b.shape()));
  });
}

namespace {

Var scaled_sum(const char* op, const Var& x, double factor) {
  const double value = factor * kernels::total(x.value());
  return record(op, Tensor::full({1}, value, x.dtype()), {x},
                [x, factor](const Tensor& dy) { x.add_grad(Tensor::full(x.shape(), factor * dy.item(), x.dtype())); });
}

}  // namespace

Var sum(const Var& x) { return scaled_sum("sum", x, 1); }

Var mean(const Var& x) {
  detail::require_rank(x.value().count() > 0, "mean", x.shape(), "with elements");
  return scaled_sum("mean", x, 1 / static_cast<double>(x.value().count()));
}

}  // namespace fovea::ops
