// Finite-difference check of any scalar- or tensor-valued function of f64 Vars.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace fovea {

struct GradCheckOptions {
  double step = 1e-5;       // central differences, tried also at step/10 and 10 step: the best of the three counts
  double tolerance = 1e-6;  // relative error |a - n| / max(|a|, |n|, floor)
  double floor = 1e-3;
  uint64_t seed = 1;  // of the random, non-uniform upstream gradient
};

struct GradCheckResult {
  double worst = 0;   // largest relative error
  std::string where;  // "input 1, element 17: analytic .., numeric .."
  bool passed = false;
};

// Builds the function over fresh leaves for each evaluation. Gradients start from a known non-zero value to prove that
// the op adds; new arena blocks are poisoned with NaN while it runs.
GradCheckResult check_gradients(const std::function<Var(const std::vector<Var>&)>& function,
                                const std::vector<Tensor>& inputs, const GradCheckOptions& options = {});

}  // namespace fovea
