// Elementwise arithmetic and reductions. Shapes must be equal unless said otherwise.
#pragma once

#include <span>

#include "autograd/var.h"

namespace fovea::ops {

Var add(const Var& a, const Var& b);                        // y = a + b
Var subtract(const Var& a, const Var& b);                   // y = a - b
Var multiply(const Var& a, const Var& b);                   // y = a * b (Hadamard)
Var scale(const Var& x, double factor, double offset = 0);  // y = factor x + offset
// y_c = scale_c x_c + offset_c along the innermost axis, with constants: the first layer of an attacked network, from
// pixels in [0,1] to the network's units. REQUIRES one scale and one offset per channel.
Var channel_affine(const Var& x, std::span<const double> scale, std::span<const double> offset);
Var scale_by(const Var& x, const Var& factor);  // y = factor x, factor [1]
Var add_bias(const Var& x, const Var& b);       // y = x + b, b [C] along the innermost axis
Var sum(const Var& x);                          // scalar [1]; double accumulation
Var mean(const Var& x);                         // scalar [1]

}  // namespace fovea::ops
