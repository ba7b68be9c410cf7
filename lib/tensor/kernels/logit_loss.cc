#include "tensor/kernels/logit_loss.h"

#include <algorithm>
#include <cmath>
#include <vector>

#include "base/error.h"
#include "base/parallel.h"

namespace fovea::kernels {
namespace {

constexpr double kSmallestCrossEntropy = 1e-12;  // log of 0 when the network is certain (spec section 13, 16)
constexpr double kSmallestSpread = 1e-12;        // z_(1) = z_(3): all logits alike

// One image, in double whatever the type of the tensor.
class Row {
 public:
  template <typename T>
  Row(const T* logits, int64_t classes, int32_t label)
      : z_(logits, logits + classes), slope_(z_.size(), 0.0), y_(static_cast<size_t>(label)) {}

  double evaluate(LogitLoss kind, double kappa) {
    switch (kind) {
      case LogitLoss::kCrossEntropy:
        return log_probability(-1);
      case LogitLoss::kLogProbability:
        return log_probability(1);
      case LogitLoss::kProbability: {
        const double p = std::exp(log_probability(1));
        return scale_slope(p), p;
      }
      case LogitLoss::kLogCrossEntropy: {
        const double loss = log_probability(-1), floored = std::max(loss, kSmallestCrossEntropy);
        return scale_slope(1 / floored), std::log(floored);
      }
      case LogitLoss::kMargin:
        return margin();
      case LogitLoss::kClippedMargin: {
        const double loss = -margin();
        if (loss > -kappa) return scale_slope(-1), loss;
        return scale_slope(0), -kappa;
      }
      case LogitLoss::kLogitRatio:
        return logit_ratio();
    }
    return 0;
  }
  const std::vector<double>& slope() const { return slope_; }

 private:
  void scale_slope(double factor) {
    for (double& value : slope_) value *= factor;
  }

  // sign log p_y; d/dz_k = sign ([k = y] - p_k)
  double log_probability(double sign) {
    const double top = *std::max_element(z_.begin(), z_.end());
    double sum = 0;
    for (const double z : z_) sum += std::exp(z - top);
    for (size_t k = 0; k < z_.size(); ++k) slope_[k] = sign * ((k == y_ ? 1.0 : 0.0) - std::exp(z_[k] - top) / sum);
    return sign * (z_[y_] - top - std::log(sum));
  }

  double margin() {
    size_t other = y_ == 0 ? 1 : 0;
    for (size_t k = 0; k < z_.size(); ++k) {
      if (k != y_ && z_[k] > z_[other]) other = k;
    }
    slope_[other] = 1;
    slope_[y_] = -1;
    return z_[other] - z_[y_];
  }

  // r = m / s: dr = (dm - r ds) / s with s = z_(1) - z_(3)
  double logit_ratio() {
    const double m = margin();
    std::vector<size_t> order(z_.size());
    for (size_t k = 0; k < order.size(); ++k) order[k] = k;
    std::partial_sort(order.begin(), order.begin() + 3, order.end(),
                      [&](size_t a, size_t b) { return z_[a] != z_[b] ? z_[a] > z_[b] : a < b; });
    const double spread = std::max(z_[order[0]] - z_[order[2]], kSmallestSpread), ratio = m / spread;
    slope_[order[0]] -= ratio;
    slope_[order[2]] += ratio;
    scale_slope(1 / spread);
    return ratio;
  }

  std::vector<double> z_, slope_;
  size_t y_;
};

void check(LogitLoss kind, const Tensor& logits, std::span<const int32_t> labels) {
  const int64_t classes = logits.extent(1);
  const bool margin = kind == LogitLoss::kMargin || kind == LogitLoss::kClippedMargin;
  const int64_t fewest = kind == LogitLoss::kLogitRatio ? 4 : margin ? 2 : 1;
  if (classes < fewest) fail(ErrorKind::kData, "logit loss: expected at least {} classes, found {}", fewest, classes);
  for (size_t i = 0; i < labels.size(); ++i) {
    if (labels[i] < 0 || labels[i] >= classes) {
      fail(ErrorKind::kData, "label {} of the batch: expected 0..{}, found {}", i, classes - 1, labels[i]);
    }
  }
}

template <typename T>
void fill(LogitLoss kind, const Tensor& logits, std::span<const int32_t> labels, double kappa, Tensor& losses,
          Tensor& slopes) {
  const int64_t classes = logits.extent(1);
  const T* z = logits.data<T>();
  T* loss = losses.data<T>();
  T* slope = slopes.defined() ? slopes.data<T>() : nullptr;
  parallel_blocks(logits.extent(0), 64, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      Row row(z + i * classes, classes, labels[static_cast<size_t>(i)]);
      loss[i] = static_cast<T>(row.evaluate(kind, kappa));
      if (slope == nullptr) continue;
      for (int64_t k = 0; k < classes; ++k)
        slope[i * classes + k] = static_cast<T>(row.slope()[static_cast<size_t>(k)]);
    }
  });
}

}  // namespace

std::pair<Tensor, Tensor> logit_loss(LogitLoss kind, const Tensor& logits, std::span<const int32_t> labels,
                                     double kappa, bool with_slope) {
  check(kind, logits, labels);
  Tensor losses = Tensor::empty({logits.extent(0)}, logits.dtype());
  Tensor slopes = with_slope ? Tensor::empty(logits.shape(), logits.dtype()) : Tensor();
  if (logits.dtype() == DType::kF32)
    fill<float>(kind, logits, labels, kappa, losses, slopes);
  else
    fill<double>(kind, logits, labels, kappa, losses, slopes);
  return {std::move(losses), std::move(slopes)};
}

}  // namespace fovea::kernels
