#include "autograd/grad_check.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "base/rng.h"

namespace fovea {
namespace {

constexpr double kStartGradient = 0.625;  // what every leaf's gradient holds before the backward pass

// New arena blocks are NaN while this lives, so that reading what was never written shows.
class PoisonScope {
 public:
  PoisonScope() { arena::poison_new_blocks(true); }
  ~PoisonScope() { arena::poison_new_blocks(false); }
  PoisonScope(const PoisonScope&) = delete;
  PoisonScope& operator=(const PoisonScope&) = delete;
};

std::vector<Var> leaves_of(const std::vector<Tensor>& inputs) {
  std::vector<Var> leaves;
  leaves.reserve(inputs.size());
  for (const Tensor& input : inputs) leaves.emplace_back(input.clone(), true);
  return leaves;
}

// In +-[0.5, 1.5]: never near zero, never uniform.
Tensor random_upstream(const Shape& shape, uint64_t seed) {
  Rng rng(seed, RngPurpose::kTest);
  Tensor dy = Tensor::empty(shape, DType::kF64);
  for (double& value : dy.span<double>()) value = rng.uniform(0.5, 1.5) * (rng.bits() % 2 == 0 ? 1 : -1);
  return dy;
}

struct Checker {
  const std::function<Var(const std::vector<Var>&)>& function;
  const std::vector<Tensor>& inputs;
  Tensor upstream;

  double loss(const std::vector<Var>& leaves) const {
    const NoGrad no_grad;
    const Var y = function(leaves);
    const Tensor& value = y.value();
    double sum = 0;
    for (int64_t i = 0; i < value.count(); ++i) sum += value.at(i) * upstream.at(i);
    return sum;
  }

  double numeric(size_t input, int64_t element, double step) const {
    const auto moved = [&](double by) {
      std::vector<Var> leaves = leaves_of(inputs);
      leaves[input].mutable_value().data<double>()[element] += by;
      return loss(leaves);
    };
    return (moved(step) - moved(-step)) / (2 * step);
  }
};

}  // namespace

GradCheckResult check_gradients(const std::function<Var(const std::vector<Var>&)>& function,
                                const std::vector<Tensor>& inputs, const GradCheckOptions& options) {
  for (const Tensor& input : inputs) FOVEA_CHECK(input.dtype() == DType::kF64, "check_gradients needs f64 inputs");
  const PoisonScope poison;
  std::vector<Var> leaves = leaves_of(inputs);
  for (Var& leaf : leaves) leaf.mutable_grad() = Tensor::full(leaf.shape(), kStartGradient, DType::kF64);
  const Var output = function(leaves);
  const Checker checker{function, inputs, random_upstream(output.shape(), options.seed)};
  backward(output, checker.upstream.clone());

  GradCheckResult result;
  for (size_t input = 0; input < inputs.size(); ++input) {
    for (int64_t i = 0; i < inputs[input].count(); ++i) {
      const double analytic = leaves[input].grad().at(i) - kStartGradient;
      double best = std::numeric_limits<double>::infinity(), closest = 0;
      for (const double step : std::array{options.step, options.step * 10, options.step / 10}) {
        const double numeric = checker.numeric(input, i, step);
        const double error =
            std::abs(analytic - numeric) / std::max({std::abs(analytic), std::abs(numeric), options.floor});
        if (error < best) best = error, closest = numeric;
        if (best < options.tolerance) break;
      }
      if (!(best <= result.worst)) {  // also for NaN
        result.worst = best;
        result.where =
            fmt::format("input {}, element {}: analytic {:.9g}, numeric {:.9g}", input, i, analytic, closest);
      }
    }
  }
  result.passed = result.worst < options.tolerance;
  return result;
}

}  // namespace fovea
