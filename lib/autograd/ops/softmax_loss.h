// Softmax and the cross-entropy of class labels.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "autograd/var.h"

namespace fovea::ops {

Var softmax(const Var& x);  // along the innermost axis, max-shifted
Var log_softmax(const Var& x);

// mean over the batch of -log softmax(logits)[label]. logits [N,K]; labels in 0..K-1, else Error(kData) with the index.
// `label_smoothing` s: target (1-s) on the label + s/K everywhere.
Var softmax_cross_entropy(const Var& logits, std::span<const int32_t> labels, double label_smoothing = 0);

// factor * sum over rows of -log softmax(logits)[label]: the words of captions, where the mean over rows would weigh a
// caption by its length. `losses`, if not null, receives the term of each row, without the factor.
Var summed_cross_entropy(const Var& logits, std::span<const int32_t> labels, double factor,
                         std::vector<double>* losses = nullptr);

}  // namespace fovea::ops
