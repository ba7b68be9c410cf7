#include "systems/advgen/victim.h"

#include <algorithm>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "nn/frozen.h"
#include "tensor/kernels/layout.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kPiece = 64;  // images in one pass

// Rows [begin, end) of x, then copies of the last one up to `size` rows.
Tensor filled_up(const Tensor& x, int64_t begin, int64_t end, int64_t size) {
  if (end - begin == size) return x.rows(begin, end);
  std::vector<int64_t> rows;
  for (int64_t i = 0; i < size; ++i) rows.push_back(std::min(begin + i, end - 1));
  return kernels::gather_rows(x, rows);
}

// Where `find` (begin, end) points in each row of logits [N,K].
template <typename Find>
std::vector<int32_t> place_in_rows(const Tensor& logits, const Find& find) {
  std::vector<int32_t> out;
  const int64_t classes = logits.extent(1);
  const auto place_in = [&](const auto* row) { return static_cast<int32_t>(find(row, row + classes) - row); };
  for (int64_t n = 0; n < logits.extent(0); ++n) {
    out.push_back(logits.dtype() == DType::kF32 ? place_in(logits.data<float>() + n * classes)
                                                : place_in(logits.data<double>() + n * classes));
  }
  return out;
}

double value_at(const std::vector<float>& values, size_t channel, double fallback) {
  if (values.empty()) return fallback;
  return static_cast<double>(values.size() == 1 ? values[0] : values[channel]);
}

}  // namespace

Victim::Victim(nn::Network& network, const data::Preprocess& preprocess, const std::string& origin, BatchShape shape)
    : network_(network), shape_(shape), bgr_(preprocess.bgr), classes_(network.output_shape().shape.count()) {
  if (preprocess.threshold >= 0) {
    fail_data(origin + ": model/preprocess: threshold", "none (-1): a thresholded picture has no gradient",
              std::to_string(preprocess.threshold));
  }
  for (size_t c = 0; c < static_cast<size_t>(preprocess.channels); ++c) {
    const double deviation = value_at(preprocess.stddev, c, 1);
    scale_.push_back(255 / deviation);
    offset_.push_back(-value_at(preprocess.mean, c, 0) / deviation);
  }
}

Var Victim::logits(const Var& x, const nn::PassContext& context) const {
  Var input = x;
  if (bgr_)
    input = ops::concat({ops::slice_channels(x, 2, 3), ops::slice_channels(x, 1, 2), ops::slice_channels(x, 0, 1)});
  const Var out = network_.forward(ops::channel_affine(input, scale_, offset_), context);
  return out.shape().rank() == 2 ? out : ops::flatten(out);
}

Tensor Victim::logits(const Tensor& x) const {
  const NoGrad no_grad;
  Tensor out = Tensor::empty({x.extent(0), classes_}, x.dtype());
  for (int64_t begin = 0; begin < x.extent(0); begin += kPiece) {
    const int64_t end = std::min(begin + kPiece, x.extent(0));
    const int64_t size = shape_ == BatchShape::kFixed ? kPiece : end - begin;
    out.rows(begin, end).copy_from(logits(Var(filled_up(x, begin, end, size))).value().rows(0, end - begin));
  }
  return out;
}

Victim::Gradient Victim::gradient(const Tensor& x, std::span<const int32_t> labels, ops::LogitLoss loss,
                                  double kappa) const {
  const int64_t images = x.extent(0);
  if (shape_ == BatchShape::kAsGiven || images == kPiece) return gradient_of(x, labels, loss, kappa);
  Gradient out{Tensor::empty({images, classes_}, x.dtype()), Tensor::empty({images}, x.dtype()),
               Tensor::empty(x.shape(), x.dtype())};
  for (int64_t begin = 0; begin < images; begin += kPiece) {
    const int64_t end = std::min(begin + kPiece, images);
    std::vector<int32_t> classes(labels.begin() + begin, labels.begin() + end);
    classes.resize(kPiece, classes.back());
    const Gradient piece = gradient_of(filled_up(x, begin, end, kPiece), classes, loss, kappa);
    out.logits.rows(begin, end).copy_from(piece.logits.rows(0, end - begin));
    out.losses.rows(begin, end).copy_from(piece.losses.rows(0, end - begin));
    out.dx.rows(begin, end).copy_from(piece.dx.rows(0, end - begin));
  }
  return out;
}

Victim::Gradient Victim::gradient_of(const Tensor& x, std::span<const int32_t> labels, ops::LogitLoss loss,
                                     double kappa) const {
  const nn::FrozenParameters frozen(network_);
  const Var input(x, true);
  const Var out = logits(input);
  const Var losses = ops::logit_loss(out, labels, loss, kappa);
  Gradient result{out.value(), losses.value(), {}};
  if (losses.needs_grad()) backward(losses, Tensor::full(losses.shape(), 1, x.dtype()));
  // Without a path from the picture to the logits there is no gradient at all.
  result.dx = input.grad().defined() ? input.grad() : Tensor::zeros(x.shape(), x.dtype());
  return result;
}

std::vector<int32_t> predictions(const Tensor& logits) {
  return place_in_rows(logits, [](const auto* begin, const auto* end) { return std::max_element(begin, end); });
}

std::vector<int32_t> least_likely(const Tensor& logits) {
  return place_in_rows(logits, [](const auto* begin, const auto* end) { return std::min_element(begin, end); });
}

}  // namespace fovea::advgen
