// The spatial model of Tompson, Jain, LeCun & Bregler 2014, equation 2: one round of belief propagation in a fully
// connected graph of body parts.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/var.h"

namespace fovea::ops {

enum class SpatialForm { kFft, kDirect };

struct SpatialConfig {
  double beta = 1;    // softplus(x) = log(1 + exp(beta x)) / beta       [ours; the paper allows 1/2..2]
  double eps = 1e-3;  // evidence below it counts as this much            [ours; the paper: 0 < eps <= 0.01]
  std::vector<uint8_t> edges = {};       // [A,V], 0 = pair left out; empty = all pairs
  SpatialForm form = SpatialForm::kFft;  // in float32; doubles are summed directly
};

// y_A = exp(sum_v log(softplus(k_{A|v}) * max(e_v, eps) + softplus(b_{v->A}))), * being true convolution: k[A][v] at
// displacement d = (dy, dx) weighs A at x given v at x - d. Zeros outside the map.
//   evidence [N,h,w,V], kernel [A,V,2R+1,2R+1] with the centre at [R,R], bias [A,V] -> [N,h,w,A]
// Throws Error(kData) for shapes that do not fit, Error(kDiverged) if the sum of logarithms exceeds 60.
Var spatial_model(const Var& evidence, const Var& kernel, const Var& bias, const SpatialConfig& config);

}  // namespace fovea::ops
