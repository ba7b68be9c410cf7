#include "autograd/ops/adversarial.h"

#include <algorithm>

#include "autograd/ops/check.h"
#include "base/parallel.h"

namespace fovea::ops {
namespace {

constexpr int64_t kGrain = 1 << 14;

template <typename T>
void scale_rows(const Tensor& rows, const Tensor& factors, Tensor& out) {
  const int64_t width = rows.extent(1);
  const T* in = rows.data<T>();
  const T* factor = factors.data<T>();
  T* scaled = out.data<T>();
  for (int64_t n = 0; n < rows.extent(0); ++n) {
    for (int64_t k = 0; k < width; ++k) scaled[n * width + k] = factor[n] * in[n * width + k];
  }
}

// y = clamp(x) if dy is null, else dy where x lies inside.
template <typename T>
void clamp_values(const T* x, const T* dy, T* y, int64_t count, T low, T high) {
  parallel_blocks(count, kGrain, [&](int64_t begin, int64_t end) {
    if (dy == nullptr) {
      for (int64_t i = begin; i < end; ++i) y[i] = std::min(std::max(x[i], low), high);
    } else {
      for (int64_t i = begin; i < end; ++i) y[i] = x[i] >= low && x[i] <= high ? dy[i] : T{0};
    }
  });
}

Tensor clamped(const Tensor& x, const Tensor* dy, double low, double high) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  const auto run = [&]<typename T>(T) {
    clamp_values<T>(x.data<T>(), dy != nullptr ? dy->data<T>() : nullptr, y.data<T>(), x.count(), static_cast<T>(low),
                    static_cast<T>(high));
  };
  if (x.dtype() == DType::kF32)
    run(float{});
  else
    run(double{});
  return y;
}

}  // namespace

Var logit_loss(const Var& logits, std::span<const int32_t> labels, LogitLoss kind, double kappa) {
  const Shape& shape = logits.shape();
  detail::require_rank(shape.rank() == 2 && shape[1] > 0, "logit_loss", shape, "[N,K] with K > 0");
  detail::require_fit(static_cast<int64_t>(labels.size()) == shape[0], "logit_loss: labels", shape,
                      {static_cast<int64_t>(labels.size())});
  auto [losses, slopes] = kernels::logit_loss(kind, logits.value(), labels, kappa, recording({&logits}));
  return record("logit_loss", std::move(losses), {logits}, [logits, slope = std::move(slopes)](const Tensor& dy) {
    Tensor dx = Tensor::empty(slope.shape(), slope.dtype());
    if (slope.dtype() == DType::kF32)
      scale_rows<float>(slope, dy, dx);
    else
      scale_rows<double>(slope, dy, dx);
    logits.add_grad(std::move(dx));
  });
}

Var clamp(const Var& x, double low, double high) {
  FOVEA_CHECK(low <= high, "clamp to [{}, {}]", low, high);
  return record("clamp", clamped(x.value(), nullptr, low, high), {x},
                [x, low, high](const Tensor& dy) { x.add_grad(clamped(x.value(), &dy, low, high)); });
}

Var shrink_to_ball(const Var& x, Norm norm, double epsilon, bool by_channel) {
  FOVEA_CHECK(epsilon > 0, "a ball of radius {}", epsilon);
  detail::require_rank(x.shape().rank() >= 2, "shrink_to_ball", x.shape(), "[N,...,C]");
  return record("shrink_to_ball", kernels::shrink_to_ball(x.value(), norm, epsilon, by_channel), {x},
                [x, norm, epsilon, by_channel](const Tensor& dy) {
                  x.add_grad(kernels::shrink_to_ball_backward(x.value(), dy, norm, epsilon, by_channel));
                });
}

}  // namespace fovea::ops
