#include "autograd/ops/softmax_loss.h"

#include "autograd/ops/check.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/softmax.h"

namespace fovea::ops {
namespace {

Var softmax_of(const char* op, const Var& x, bool logarithm) {
  detail::require_rank(x.shape().rank() > 0 && x.shape().channels() > 0, op, x.shape(), "[..,K] with K > 0");
  const Tensor y = kernels::softmax(x.value(), logarithm);
  return record(op, y, {x},
                [x, y, logarithm](const Tensor& dy) { x.add_grad(kernels::softmax_backward(y, dy, logarithm)); });
}

void check_labels(const char* op, const Shape& shape, std::span<const int32_t> labels) {
  detail::require_rank(shape.rank() == 2 && shape[1] > 0, op, shape, "[N,K] with K > 0");
  detail::require_fit(static_cast<int64_t>(labels.size()) == shape[0], fmt::format("{}: labels", op), shape,
                      {static_cast<int64_t>(labels.size())});
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= shape[1]) {
      fail(ErrorKind::kData, "label {} of the batch: expected 0..{}, found {}", i, shape[1] - 1, labels[i]);
    }
  }
}

}  // namespace

Var softmax(const Var& x) { return softmax_of("softmax", x, false); }
Var log_softmax(const Var& x) { return softmax_of("log_softmax", x, true); }

Var softmax_cross_entropy(const Var& logits, std::span<const int32_t> labels, double label_smoothing) {
  check_labels("softmax_cross_entropy", logits.shape(), labels);
  auto [loss, dlogits] = kernels::cross_entropy(logits.value(), labels, label_smoothing, recording({&logits}));
  return record("softmax_cross_entropy", Tensor::full({1}, loss, logits.dtype()), {logits},
                [logits, slope = std::move(dlogits)](const Tensor& dy) {
                  const double upstream = dy.item();
                  logits.add_grad(upstream == 1 ? slope : kernels::affine(slope, upstream, 0));
                });
}

Var summed_cross_entropy(const Var& logits, std::span<const int32_t> labels, double factor,
                         std::vector<double>* losses) {
  check_labels("summed_cross_entropy", logits.shape(), labels);
  std::vector<double> rows(labels.size());
  const Tensor slope = kernels::row_cross_entropy(logits.value(), labels, factor, recording({&logits}), rows);
  double total = 0;
  for (const double row : rows) total += row;
  if (losses != nullptr) *losses = std::move(rows);
  return record("summed_cross_entropy", Tensor::full({1}, factor * total, logits.dtype()), {logits},
                [logits, slope](const Tensor& dy) {
                  const double upstream = dy.item();
                  logits.add_grad(upstream == 1 ? slope : kernels::affine(slope, upstream, 0));
                });
}

}  // namespace fovea::ops
