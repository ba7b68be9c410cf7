// Parameter updates, one pass over memory each (formulas: kernels/optimizer_kernels.h).
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

using kernels::OptimizerStep;

void sgd(float* __restrict w, const float* __restrict g, float* __restrict v, int64_t n, const OptimizerStep& step) {
  const float rate = step.learning_rate, momentum = step.momentum, decay = step.decay;
  if (momentum == 0.0F) {
    for (int64_t i = 0; i < n; ++i) w[i] -= rate * (g[i] + decay * w[i]);
  } else if (step.nesterov) {
    for (int64_t i = 0; i < n; ++i) {
      const float slope = g[i] + decay * w[i];
      v[i] = momentum * v[i] + slope;
      w[i] -= rate * (slope + momentum * v[i]);
    }
  } else {
    for (int64_t i = 0; i < n; ++i) {
      v[i] = momentum * v[i] + (g[i] + decay * w[i]);
      w[i] -= rate * v[i];
    }
  }
}

void adam(float* __restrict w, const float* __restrict g, float* __restrict m, float* __restrict v, int64_t n,
          const OptimizerStep& step) {
  const float rate = step.learning_rate, beta1 = step.beta1, beta2 = step.beta2, eps = step.eps;
  const float inner = step.decoupled_decay ? 0.0F : step.decay, outer = step.decoupled_decay ? step.decay : 0.0F;
  const float first = step.first_factor, second = step.second_factor;
  for (int64_t i = 0; i < n; ++i) {
    const float slope = g[i] + inner * w[i];
    m[i] = beta1 * m[i] + (1.0F - beta1) * slope;
    v[i] = beta2 * v[i] + (1.0F - beta2) * (slope * slope);
    const float update = m[i] * first / (__builtin_sqrtf(v[i] * second) + eps);
    w[i] -= rate * (update + outer * w[i]);
  }
}

void rmsprop(float* __restrict w, const float* __restrict g, float* __restrict s, float* __restrict v, int64_t n,
             const OptimizerStep& step) {
  const float rate = step.learning_rate, rho = step.beta2, eps = step.eps, momentum = step.momentum, decay = step.decay;
  if (momentum == 0.0F) {
    for (int64_t i = 0; i < n; ++i) {
      const float slope = g[i] + decay * w[i];
      s[i] = rho * s[i] + (1.0F - rho) * (slope * slope);
      w[i] -= rate * (slope / (__builtin_sqrtf(s[i]) + eps));
    }
    return;
  }
  for (int64_t i = 0; i < n; ++i) {
    const float slope = g[i] + decay * w[i];
    s[i] = rho * s[i] + (1.0F - rho) * (slope * slope);
    v[i] = momentum * v[i] + slope / (__builtin_sqrtf(s[i]) + eps);
    w[i] -= rate * v[i];
  }
}

}  // namespace

void fill_optimizer(kernels::KernelTable& table);
void fill_optimizer(kernels::KernelTable& table) {
  table.sgd = sgd;
  table.adam = adam;
  table.rmsprop = rmsprop;
}

}  // namespace fovea::FOVEA_ISA
