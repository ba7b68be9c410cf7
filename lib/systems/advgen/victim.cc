#include "systems/advgen/victim.h"

#include <algorithm>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "nn/frozen.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kPiece = 128;  // images in one pass: bounds the memory, and fixes the shapes that the kernels see

double value_at(const std::vector<float>& values, size_t channel, double fallback) {
  if (values.empty()) return fallback;
  return static_cast<double>(values.size() == 1 ? values[0] : values[channel]);
}

}  // namespace

data::Preprocess pixel_preprocess(const data::Preprocess& preprocess) {
  data::Preprocess out = preprocess;
  out.mean = {0};
  out.stddev = {255};
  out.bgr = false;
  out.threshold = -1;
  return out;
}

Victim::Victim(nn::Network& network, const data::Preprocess& preprocess, const std::string& origin)
    : network_(network), bgr_(preprocess.bgr), classes_(network.output_shape().shape.count()) {
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
    out.rows(begin, end).copy_from(logits(Var(x.rows(begin, end))).value());
  }
  return out;
}

Victim::Gradient Victim::gradient(const Tensor& x, std::span<const int32_t> labels, ops::LogitLoss loss,
                                  double kappa) const {
  const nn::FrozenParameters frozen(network_);
  const Var input(x, true);
  const Var out = logits(input);
  const Var losses = ops::logit_loss(out, labels, loss, kappa);
  Gradient result{out.value(), losses.value(), {}};
  if (!losses.needs_grad()) {  // no path from the picture to the logits
    result.dx = Tensor::zeros(x.shape(), x.dtype());
    return result;
  }
  backward(losses, Tensor::full(losses.shape(), 1, x.dtype()));
  result.dx = input.grad().defined() ? input.grad() : Tensor::zeros(x.shape(), x.dtype());
  return result;
}

std::vector<int32_t> predictions(const Tensor& logits) {
  std::vector<int32_t> out;
  const int64_t classes = logits.extent(1);
  const auto best_of = [&](const auto* row) {
    return static_cast<int32_t>(std::max_element(row, row + classes) - row);
  };
  for (int64_t n = 0; n < logits.extent(0); ++n) {
    out.push_back(logits.dtype() == DType::kF32 ? best_of(logits.data<float>() + n * classes)
                                                : best_of(logits.data<double>() + n * classes));
  }
  return out;
}

}  // namespace fovea::advgen
