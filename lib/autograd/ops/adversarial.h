// What adversarial training differentiates: losses of single images, and perturbations held inside a ball or a range.
#pragma once

#include <cstdint>
#include <span>

#include "autograd/var.h"
#include "tensor/kernels/ball.h"
#include "tensor/kernels/logit_loss.h"

namespace fovea::ops {

using kernels::LogitLoss;
using kernels::Norm;

// logits [N,K], labels [N] -> one loss for each image [N]; see kernels/logit_loss.h for the formulas and errors.
// `kappa` is read by kClippedMargin only. backward() with ones gives gradients per image: sums over the batch, never
// means.
Var logit_loss(const Var& logits, std::span<const int32_t> labels, LogitLoss kind, double kappa = 0);

// y = min(max(x, low), high); dx = dy where low <= x <= high, else 0.
Var clamp(const Var& x, double low, double high);

// y = x min(1, epsilon / ||x||), the norm per image, or per image and channel: Poursaeed et al. 2018, section 3
// (scaling), zero-centred. epsilon > 0. The derivative goes through the norm.
Var shrink_to_ball(const Var& x, Norm norm, double epsilon, bool by_channel = false);

}  // namespace fovea::ops
