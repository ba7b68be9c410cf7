// Parameter updates, one pass over memory each. All spans have the length of `weight`. g = gradient + decay * weight.
#pragma once

#include <cstdint>
#include <span>

namespace fovea::kernels {

struct SgdStep {
  float learning_rate = 0, momentum = 0, decay = 0;
  bool nesterov = false;
};
// v = momentum v + g;  w -= learning_rate (nesterov ? g + momentum v : v). With momentum 0 `velocity` may be empty.
void sgd_update(std::span<float> weight, std::span<const float> gradient, std::span<float> velocity,
                const SgdStep& step);

struct AdamStep {
  float learning_rate = 0, beta1 = 0.9F, beta2 = 0.999F, eps = 1e-8F, decay = 0;
  int64_t step = 1;              // 1 for the first update: bias correction
  bool decoupled_decay = false;  // AdamW: w -= learning_rate decay w, g without decay
};
// m = b1 m + (1-b1) g;  v = b2 v + (1-b2) g^2;  w -= lr (m / (1-b1^t)) / (sqrt(v / (1-b2^t)) + eps)   (Kingma & Ba
// 2015)
void adam_update(std::span<float> weight, std::span<const float> gradient, std::span<float> first,
                 std::span<float> second, const AdamStep& step);

struct RmspropStep {
  float learning_rate = 0, rho = 0.99F, eps = 1e-8F, momentum = 0, decay = 0;
};
// s = rho s + (1-rho) g^2;  u = g / (sqrt(s) + eps);  v = momentum v + u;  w -= lr v. Momentum 0: `velocity` may be
// empty.
void rmsprop_update(std::span<float> weight, std::span<const float> gradient, std::span<float> square,
                    std::span<float> velocity, const RmspropStep& step);

// s = rho s + (1-rho) g^2;  a = rho a + (1-rho) g;  v = momentum v - lr g / sqrt(s - a^2 + eps);  w += v   (Graves
// 2013)
void rmsprop_graves_update(std::span<float> weight, std::span<const float> gradient, std::span<float> square,
                           std::span<float> mean, std::span<float> velocity, const RmspropStep& step);

// w *= factor, and the sum of squares of a span (double accumulation, fixed blocks), for gradient clipping.
void scale_values(std::span<float> values, float factor);
double sum_of_squares(std::span<const float> values);

}  // namespace fovea::kernels
