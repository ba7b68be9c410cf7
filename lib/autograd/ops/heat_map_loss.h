// Losses of heat maps against target maps. A map whose weight is 0 (joint not annotated) does not count.
#pragma once

#include "autograd/var.h"

namespace fovea::ops {

// maps and target [N,h,w,K], weight [N,K] of 0 and 1, M = their sum. The loss is 0 if nothing counts.
//
// Squared error summed over cells, averaged over maps: 1/(2M) sum u (map - target)^2, u = 1 + (foreground - 1) target.
// Dividing by the cells too, as common layers do, would make gradients h w times smaller.
Var map_squared_error(const Var& maps, const Tensor& target, const Tensor& weight, double foreground = 1);

// Softmax over the cells of each map, cross-entropy with the target scaled to sum 1; averaged over maps. Assumes that
// the joint is there exactly once; a target without mass leaves its map out.
Var map_cross_entropy(const Var& maps, const Tensor& target, const Tensor& weight);

// The same for maps that are probabilities but for their sum, as the products of a graphical model: each is divided by
// its sum Z first, so that its scale does not matter. Values must not be negative; those below 1e-30 count as that.
Var normalized_map_cross_entropy(const Var& maps, const Tensor& target, const Tensor& weight);

}  // namespace fovea::ops
