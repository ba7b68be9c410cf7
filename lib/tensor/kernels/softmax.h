// Softmax along the innermost axis.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor.h"

namespace fovea::kernels {

Tensor softmax(const Tensor& x, bool logarithm);
Tensor softmax_backward(const Tensor& y, const Tensor& dy, bool logarithm);

// Mean cross-entropy of labels under softmax(logits), and its gradient. REQUIRES labels in range.
struct CrossEntropy {
  double loss = 0;
  Tensor dlogits;  // undefined unless need_gradient
};
CrossEntropy cross_entropy(const Tensor& logits, std::span<const int32_t> labels, double label_smoothing,
                           bool need_gradient);

// The cross-entropy of each row in `losses` [N], and the gradient of factor times their sum. `dlogits` is undefined
// unless need_gradient. REQUIRES labels in range.
Tensor row_cross_entropy(const Tensor& logits, std::span<const int32_t> labels, double factor, bool need_gradient,
                         std::span<double> losses);

}  // namespace fovea::kernels
