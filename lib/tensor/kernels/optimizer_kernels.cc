#include "tensor/kernels/optimizer_kernels.h"

#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

constexpr int64_t kGrain = 1 << 14;

int64_t length(std::span<const float> weight, std::span<const float> other, bool needed) {
  FOVEA_CHECK(!needed || other.size() == weight.size(), "update of {} parameters with {} values", weight.size(),
              other.size());
  return static_cast<int64_t>(weight.size());
}

}  // namespace

void sgd_update(std::span<float> weight, std::span<const float> gradient, std::span<float> velocity,
                const SgdStep& step) {
  const bool moving = step.momentum != 0;
  length(weight, velocity, moving);
  OptimizerStep s{};
  s.learning_rate = step.learning_rate, s.momentum = step.momentum, s.decay = step.decay, s.nesterov = step.nesterov;
  parallel_blocks(length(weight, gradient, true), kGrain, [&](int64_t begin, int64_t end) {
    float* v = moving ? velocity.data() + begin : nullptr;
    kernel_table().sgd(weight.data() + begin, gradient.data() + begin, v, end - begin, s);
  });
}

void adam_update(std::span<float> weight, std::span<const float> gradient, std::span<float> first,
                 std::span<float> second, const AdamStep& step) {
  length(weight, first, true);
  length(weight, second, true);
  const double t = static_cast<double>(step.step);
  OptimizerStep s{};
  s.learning_rate = step.learning_rate, s.decay = step.decay, s.decoupled_decay = step.decoupled_decay;
  s.beta1 = step.beta1, s.beta2 = step.beta2, s.eps = step.eps;
  s.first_factor = static_cast<float>(1 / (1 - std::pow(static_cast<double>(step.beta1), t)));
  s.second_factor = static_cast<float>(1 / (1 - std::pow(static_cast<double>(step.beta2), t)));
  parallel_blocks(length(weight, gradient, true), kGrain, [&](int64_t begin, int64_t end) {
    kernel_table().adam(weight.data() + begin, gradient.data() + begin, first.data() + begin, second.data() + begin,
                        end - begin, s);
  });
}

void rmsprop_update(std::span<float> weight, std::span<const float> gradient, std::span<float> square,
                    std::span<float> velocity, const RmspropStep& step) {
  const bool moving = step.momentum != 0;
  length(weight, square, true);
  length(weight, velocity, moving);
  OptimizerStep s{};
  s.learning_rate = step.learning_rate, s.momentum = step.momentum, s.decay = step.decay, s.beta2 = step.rho,
  s.eps = step.eps;
  parallel_blocks(length(weight, gradient, true), kGrain, [&](int64_t begin, int64_t end) {
    float* v = moving ? velocity.data() + begin : nullptr;
    kernel_table().rmsprop(weight.data() + begin, gradient.data() + begin, square.data() + begin, v, end - begin, s);
  });
}

void rmsprop_graves_update(std::span<float> weight, std::span<const float> gradient, std::span<float> square,
                           std::span<float> mean, std::span<float> velocity, const RmspropStep& step) {
  length(weight, square, true);
  length(weight, mean, true);
  length(weight, velocity, true);
  parallel_blocks(length(weight, gradient, true), kGrain, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const float g = gradient[i] + step.decay * weight[i];
      square[i] = step.rho * square[i] + (1.0F - step.rho) * (g * g);
      mean[i] = step.rho * mean[i] + (1.0F - step.rho) * g;
      const float variance = std::max(0.0F, square[i] - mean[i] * mean[i]);
      velocity[i] = step.momentum * velocity[i] - step.learning_rate * g / std::sqrt(variance + step.eps);
      weight[i] += velocity[i];
    }
  });
}

void scale_values(std::span<float> values, float factor) {
  parallel_blocks(static_cast<int64_t>(values.size()), kGrain, [&, v = values.data()](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) v[i] *= factor;
  });
}

double sum_of_squares(std::span<const float> values) {
  const auto count = static_cast<int64_t>(values.size());
  std::vector<double> partial(static_cast<size_t>((count + kGrain - 1) / kGrain));
  parallel_blocks(count, kGrain, [&](int64_t begin, int64_t end) {
    partial[static_cast<size_t>(begin / kGrain)] = kernel_table().sum_of_squares(values.data() + begin, end - begin);
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

}  // namespace fovea::kernels
