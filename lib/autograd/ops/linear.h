// Matrix products.
#pragma once

#include "autograd/ops/activation.h"
#include "autograd/var.h"

namespace fovea::ops {

// y = x W^T + b, optionally followed by ReLU.  x [N,K] (higher ranks are flattened to [N,K]), W [M,K], b [M] or
// undefined, y [N,M].  dx = dy W;  dW = dy^T x;  db = column sums of dy.
Var linear(const Var& x, const Var& weight, const Var& bias, Activation activation = Activation::kNone);

// C = A B. A [M,K], B [K,N].
Var matmul(const Var& a, const Var& b);

}  // namespace fovea::ops
