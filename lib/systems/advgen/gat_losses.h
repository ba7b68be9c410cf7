// The two losses that are minimised in turn (Lee et al. 2017; spec section 2).
#pragma once

#include <span>

#include "systems/advgen/victim.h"

namespace fovea::advgen {

// sign * loss(logits, label) per image, what a generator minimises.
struct GeneratorObjective {
  ops::LogitLoss loss = ops::LogitLoss::kProbability;  // the paper's F(x + G)_y
  double sign = 1;
  double kappa = 0;  // of kClippedMargin
};

// L_G = (1/B) sum_n [ objective(F(x_n + delta_n)) + c_g ||delta_n||_2^2 ], the squared norm summed over all pixels of
// the image, before clipping. `x_adv` is perturbed(x, delta). F is in inference mode and gets no gradient of its own,
// as long as its parameters are frozen by the caller while backward() runs.
Var generator_loss(const Victim& victim, const Var& x_adv, const Var& delta, std::span<const int32_t> labels,
                   const GeneratorObjective& objective, double cost);

// How the classifier's batch_norm layers see clean and perturbed pictures.
enum class BatchNormSharing {
  kJoint,     // one batch of 2B
  kSeparate,  // two batches of B, both into the running statistics
  kClean,     // two batches, the running statistics of the clean one
};

struct ClassifierLoss {
  Var loss;
  Tensor clean_logits, adversarial_logits;  // undefined for a part that has no weight
};
// L_F = alpha J(x, y) + (1 - alpha) J(x_adv, y); alpha 1 runs the clean pictures alone, alpha 0 the perturbed ones.
ClassifierLoss classifier_loss(const Victim& victim, const Tensor& x, const Tensor& x_adv,
                               std::span<const int32_t> labels, double alpha, BatchNormSharing sharing,
                               const nn::PassContext& context);

}  // namespace fovea::advgen
