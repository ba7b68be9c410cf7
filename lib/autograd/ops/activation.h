// Pointwise non-linearities.
#pragma once

#include "autograd/var.h"

namespace fovea::ops {

enum class Activation { kNone, kRelu, kSigmoid, kTanh };

Var relu(const Var& x);     // y = max(x, 0), dx = dy [y > 0]
Var sigmoid(const Var& x);  // y = 1 / (1 + exp(-x)), dx = dy y (1 - y)
Var tanh(const Var& x);     // dx = dy (1 - y^2)
Var activate(const Var& x, Activation kind);

}  // namespace fovea::ops
