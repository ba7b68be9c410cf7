#include "systems/advgen/gradient_input.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"

namespace fovea::advgen {
namespace {

constexpr double kSmallestNorm = 1e-12;

template <typename T>
void normalise_row(const T* g, T* out, int64_t size, GradientNorm norm) {
  double squares = 0, largest = 0;
  for (int64_t i = 0; i < size; ++i) {
    const double value = static_cast<double>(g[i]);
    squares += value * value;
    largest = std::max(largest, std::abs(value));
  }
  const double l2 = std::sqrt(squares);
  const double divisor = std::max(norm == GradientNorm::kMax ? largest : l2, kSmallestNorm);
  const double factor = norm == GradientNorm::kRms ? std::sqrt(static_cast<double>(size)) / divisor : 1 / divisor;
  for (int64_t i = 0; i < size; ++i) {
    if (norm == GradientNorm::kSign)
      out[i] = g[i] > 0 ? T{1} : g[i] < 0 ? T{-1} : T{0};
    else
      out[i] = static_cast<T>(factor * static_cast<double>(g[i]));
  }
}

}  // namespace

const std::vector<std::string>& gradient_norm_names() {
  static const std::vector<std::string> names{"rms", "l2", "max", "sign", "none"};
  return names;
}

GradientNorm parse_gradient_norm(const std::string& name) {
  const auto& names = gradient_norm_names();
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end())
    fail(ErrorKind::kUsage, "--grad-norm: expected {}, found '{}'", join(names, " | "), printable(name));
  return static_cast<GradientNorm>(it - names.begin());
}

Tensor normalised(const Tensor& g, GradientNorm norm) {
  if (norm == GradientNorm::kNone) return g;
  Tensor out = Tensor::empty(g.shape(), g.dtype());
  const int64_t images = g.extent(0), size = images > 0 ? g.count() / images : 0;
  const auto run = [&]<typename T>(T) {
    const T* from = g.data<T>();
    T* to = out.data<T>();
    parallel_tasks(images, [&](int64_t n) { normalise_row(from + n * size, to + n * size, size, norm); });
  };
  if (g.dtype() == DType::kF32)
    run(float{});
  else
    run(double{});
  return out;
}

GradientInput gradient_input(const Victim& victim, const Tensor& x, std::span<const int32_t> labels,
                             GradientNorm norm) {
  const auto loss = norm == GradientNorm::kNone ? ops::LogitLoss::kProbability : ops::LogitLoss::kLogProbability;
  const Tensor g = victim.gradient(x, labels, loss).dx;
  GradientInput out;
  const Tensor norms = kernels::row_norms(g, ops::Norm::kL2);
  out.norms.assign(norms.data<double>(), norms.data<double>() + norms.count());
  out.zeros = std::count(out.norms.begin(), out.norms.end(), 0.0);
  out.delta = normalised(g, norm);
  return out;
}

}  // namespace fovea::advgen
