// Elementwise arithmetic and reductions. Shapes must be equal unless said otherwise.
#pragma once

#include "autograd/var.h"

namespace fovea::ops {

Var add(const Var& a, const Var& b);                        // y = a + b
Var subtract(const Var& a, const Var& b);                   // y = a - b
Var multiply(const Var& a, const Var& b);                   // y = a * b (Hadamard)
Var scale(const Var& x, double factor, double offset = 0);  // y = factor x + offset
Var add_bias(const Var& x, const Var& b);                   // y = x + b, b [C] along the innermost axis
Var sum(const Var& x);                                      // scalar [1]; double accumulation
Var mean(const Var& x);                                     // scalar [1]

}  // namespace fovea::ops
