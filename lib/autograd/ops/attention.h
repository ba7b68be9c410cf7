// Losses of attention, and the mean annotation. Rows stand as in ops::PackedSteps.
#pragma once

#include <cstdint>
#include <vector>

#include "autograd/ops/recurrent.h"
#include "autograd/var.h"

namespace fovea::ops {

// abar = (1/L) sum_l a_l.  a [I,L,D], y [I,D].  da_l = dy / L. Throws Error(kData) for L = 0.
Var mean_places(const Var& annotations);

// y_b = x_image(b): x [I,D], y [B,D]. dx_i = sum of dy_b over the b of image i.
Var gather_rows(const Var& x, const std::vector<int64_t>& rows);

// The doubly stochastic penalty (Xu et al. 2015, equation 14): (1/B) sum_b sum_l (target - sum_t alpha_tbl)^2 over the
// steps that sequence b has. alpha [R,L]; scalar [1].  dalpha_tbl = -2 (target - sum_t alpha_tbl) / B.
// `per_sequence`, if not null, receives the B terms.
Var doubly_stochastic_penalty(const Var& alpha, const PackedSteps& steps, double target = 1,
                              std::vector<double>* per_sequence = nullptr);

// The score-function part of hard attention's objective, minimised (Xu et al. 2015, section 4.1, after Williams 1992):
//   loss = -(1/B) sum_b [ lambda_r advantage_b sum_t log alpha_t,s + lambda_e sum_t H(alpha_t) ]
// scores [R,L] with alpha = softmax(scores); places [R], -1 where no place was sampled: there the first term is absent.
//   dscores = -(1/B) [ lambda_r advantage (onehot - alpha) - lambda_e alpha (log alpha + H) ]
struct HardAttentionTerms {
  std::vector<double> advantage;  // of each sequence: constants
  double lambda_r = 1, lambda_e = 0.002;
};
Var hard_attention_loss(const Var& scores, const PackedSteps& steps, const std::vector<int32_t>& places,
                        const HardAttentionTerms& terms);

}  // namespace fovea::ops
