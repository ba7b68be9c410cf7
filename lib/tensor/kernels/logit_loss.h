// Losses of single images as functions of their logits, with the derivative: what attacks and generators climb.
#pragma once

#include <cstdint>
#include <span>
#include <utility>

#include "tensor/tensor.h"

namespace fovea::kernels {

// z are the logits of one image, y its label, p = softmax(z), z_(1) >= z_(2) >= ... the sorted logits.
enum class LogitLoss {
  kCrossEntropy,     // -log p_y
  kLogCrossEntropy,  // log max(-log p_y, 1e-12): keeps a gradient where the cross-entropy is large
  kProbability,      // p_y
  kLogProbability,   // log p_y
  kMargin,           // max_{j != y} z_j - z_y: positive = misclassified
  kClippedMargin,    // max(z_y - max_{j != y} z_j, -kappa): a generator has no more to gain beyond -kappa
  kLogitRatio,  // margin / (z_(1) - z_(3)), K >= 4: does not change with the scale of the logits (Croce & Hein 2020)
};

// logits [N,K], labels [N] in 0..K-1 -> losses [N] and, if `with_slope`, d loss_n / d logits_n [N,K]. Ties among logits
// go to the lower index. Throws Error(kData) for a label out of range, for K < 2 with a margin and K < 4 with the
// ratio.
std::pair<Tensor, Tensor> logit_loss(LogitLoss kind, const Tensor& logits, std::span<const int32_t> labels,
                                     double kappa, bool with_slope);

}  // namespace fovea::kernels
