#include "systems/rcnn/linear_svm.h"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <limits>

#include "base/error.h"
#include "base/rng.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::rcnn {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr double kZero = 1e-12;  // a projected gradient below this is none

// Weights with the bias feature appended; products in double over float rows.
class Weights {
 public:
  Weights(int64_t dimension, double bias_feature)
      : dimension_(dimension), feature_(bias_feature), values_(static_cast<size_t>(dimension), 0.0) {}
  // `ahead`: the row whose score will be asked for next.
  double score(const float* row, const float* ahead) {
    ++rows_read_;
    return kernels::kernel_table().dot_wide(row, values_.data(), dimension_, ahead) + feature_ * bias_;
  }
  void add(double amount, const float* row) {
    kernels::kernel_table().add_scaled_wide(amount, row, values_.data(), dimension_);
    bias_ += amount * feature_;
  }
  int64_t rows_read() const { return rows_read_; }
  double squared_norm() const {
    double sum = bias_ * bias_;
    for (const double w : values_) sum += w * w;
    return sum;
  }
  SvmSolution solution() const {
    SvmSolution solution;
    solution.weights = values_;
    solution.bias = bias_ * feature_;
    return solution;
  }

 private:
  int64_t dimension_;
  double feature_, bias_ = 0;
  std::vector<double> values_;
  int64_t rows_read_ = 0;
};

std::vector<double> squared_norms(const std::vector<const float*>& rows, int64_t dimension, double bias_feature) {
  std::vector<double> norms;
  norms.reserve(rows.size());
  for (const float* row : rows)
    norms.push_back(kernels::kernel_table().sum_of_squares(row, dimension) + bias_feature * bias_feature);
  return norms;
}

// The indices still worth visiting, shuffled anew for each epoch.
void shuffle(std::vector<int64_t>& active, size_t count, Rng& rng) {
  for (size_t i = count; i > 1; --i) std::swap(active[i - 1], active[rng.below(static_cast<uint32_t>(i))]);
}

class HingeSolver {
 public:
  HingeSolver(SvmExamples& examples, int64_t dimension, const SvmConfig& config, uint64_t seed)
      : examples_(examples),
        config_(config),
        weights_(dimension, config.bias_feature),
        norms_(squared_norms(examples.rows, dimension, config.bias_feature)),
        rng_(seed, RngPurpose::kShuffle) {
    for (size_t i = 0; i < examples.size(); ++i) {
      const double start = std::clamp(examples.multipliers[i], 0.0, cost(i));
      examples_.multipliers[i] = start;
      if (start > 0) weights_.add(start * examples.labels[i], examples.rows[i]);
      active_.push_back(static_cast<int64_t>(i));
    }
    count_ = active_.size();
  }

  // Epochs over the rows that matter, until those agree to within `target`; then a look at all rows, which gives the
  // gap and chooses anew who matters.
  SvmSolution run() {
    // The gap falls nearly as the spread of projected gradients does: the last look should find it just small enough.
    constexpr double kFirstTarget = 0.3, kLeastStep = 0.7, kLargestStep = 1.0 / 6, kLastTarget = 1e-10;
    double target = kFirstTarget;
    if (std::any_of(examples_.multipliers.begin(), examples_.multipliers.end(), [](double a) { return a > 0; }))
      choose(target);
    double highest = 0, lowest = 0;  // of the last epoch's projected gradients: rows beyond them are left out
    SvmSolution solution;
    for (int64_t epoch = 1; epoch <= config_.max_epochs; ++epoch) {
      const auto [low, high] = pass(lowest, highest);
      highest = high <= 0 ? kInfinity : high;
      lowest = low >= 0 ? -kInfinity : low;
      if (high - low > target && epoch < config_.max_epochs) continue;
      solution = choose(target);
      solution.epochs = epoch;
      solution.rows_read = weights_.rows_read();
      if (solution.gap <= config_.tolerance) break;
      const double step = std::clamp(kLeastStep * config_.tolerance / solution.gap, kLargestStep, kLeastStep);
      target = std::max(std::min(target, high - low) * step, kLastTarget);
      highest = lowest = 0;
    }
    return solution;
  }

 private:
  double cost(size_t i) const {
    return examples_.labels[i] > 0 ? config_.cost * config_.positive_weight : config_.cost;
  }
  const float* row(int64_t place, int64_t end) const {
    return examples_.rows[static_cast<size_t>(active_[static_cast<size_t>(std::min(place, end - 1))])];
  }

  // One epoch over the active rows; returns the extremes of the projected gradient.
  std::pair<double, double> pass(double lowest, double highest) {
    double low = kInfinity, high = -kInfinity;
    shuffle(active_, count_, rng_);
    for (size_t s = 0; s < count_; ++s) {
      const auto i = static_cast<size_t>(active_[s]);
      const double label = examples_.labels[i], bound = cost(i);
      double& alpha = examples_.multipliers[i];
      const double gradient = label * weights_.score(examples_.rows[i], row(s + 1, count_)) - 1;
      double projected = gradient;
      if (alpha <= 0) {
        if (gradient > highest) {
          std::swap(active_[s--], active_[--count_]);
          continue;
        }
        projected = std::min(gradient, 0.0);
      } else if (alpha >= bound) {
        if (gradient < lowest) {
          std::swap(active_[s--], active_[--count_]);
          continue;
        }
        projected = std::max(gradient, 0.0);
      }
      low = std::min(low, projected);
      high = std::max(high, projected);
      if (std::abs(projected) <= kZero) continue;
      const double before = alpha;
      alpha = std::clamp(alpha - gradient / norms_[i], 0.0, bound);
      if (alpha != before) weights_.add((alpha - before) * label, examples_.rows[i]);
    }
    return count_ == 0 ? std::pair{0.0, 0.0} : std::pair{low, high};
  }

  // The solution as it stands. Active from now on: rows that are no support vectors and less than `margin` from being
  // one, rows at their bound and less than `margin` from leaving it, and all in between.
  SvmSolution choose(double margin) {
    SvmSolution solution = weights_.solution();
    solution.regularization = weights_.squared_norm() / 2;
    double dual = -solution.regularization;
    std::sort(active_.begin(), active_.end());
    std::vector<int64_t> idle;
    count_ = 0;
    for (int64_t place = 0; place < std::ssize(active_); ++place) {
      const int64_t index = active_[static_cast<size_t>(place)];
      const auto i = static_cast<size_t>(index);
      const double alpha = examples_.multipliers[i],
                   gradient =
                       examples_.labels[i] * weights_.score(examples_.rows[i], row(place + 1, std::ssize(active_))) - 1;
      dual += alpha;
      solution.support_vectors += alpha > 0 ? 1 : 0;
      (examples_.labels[i] > 0 ? solution.positive_loss : solution.negative_loss) += cost(i) * std::max(0.0, -gradient);
      if ((alpha <= 0 && gradient > margin) || (alpha >= cost(i) && gradient < -margin))
        idle.push_back(index);
      else
        active_[count_++] = index;
    }
    std::copy(idle.begin(), idle.end(), active_.begin() + static_cast<int64_t>(count_));
    const double primal = solution.objective();
    solution.gap = primal > 0 ? (primal - dual) / primal : 0;
    return solution;
  }

  SvmExamples& examples_;
  SvmConfig config_;
  Weights weights_;
  std::vector<double> norms_;
  std::vector<int64_t> active_;  // all rows; the first count_ are visited
  size_t count_ = 0;
  Rng rng_;
};

// beta = alpha+ - alpha- in [-C, C]; dual: -1/2 |w|^2 + sum y beta - epsilon |beta|.
class RegressionSolver {
 public:
  RegressionSolver(const std::vector<const float*>& rows, const std::vector<double>& targets, int64_t dimension,
                   const SvrConfig& config, uint64_t seed)
      : rows_(rows),
        targets_(targets),
        config_(config),
        weights_(dimension, config.bias_feature),
        norms_(squared_norms(rows, dimension, config.bias_feature)),
        betas_(rows.size(), 0.0),
        rng_(seed, RngPurpose::kShuffle) {
    for (size_t i = 0; i < rows.size(); ++i) order_.push_back(static_cast<int64_t>(i));
  }

  SvmSolution run() {
    SvmSolution solution;
    for (int64_t epoch = 1; epoch <= config_.max_epochs; ++epoch) {
      shuffle(order_, order_.size(), rng_);
      for (size_t s = 0; s < order_.size(); ++s) {
        const int64_t next = order_[std::min(s + 1, order_.size() - 1)];
        update(static_cast<size_t>(order_[s]), rows_[static_cast<size_t>(next)]);
      }
      if (epoch % 5 != 0 && epoch != config_.max_epochs) continue;
      solution = measure();
      solution.epochs = epoch;
      solution.rows_read = weights_.rows_read();
      if (solution.gap <= config_.tolerance) break;
    }
    return solution;
  }

 private:
  // Minimises the dual over one beta: a quadratic plus epsilon |beta|, clipped.
  void update(size_t i, const float* ahead) {
    const double gradient = weights_.score(rows_[i], ahead) - targets_[i], curvature = norms_[i], before = betas_[i];
    const double up = gradient + config_.epsilon, down = gradient - config_.epsilon;
    double step = -before;
    if (up < curvature * before) {
      step = -up / curvature;
    } else if (down > curvature * before) {
      step = -down / curvature;
    }
    betas_[i] = std::clamp(before + step, -config_.cost, config_.cost);
    if (betas_[i] != before) weights_.add(betas_[i] - before, rows_[i]);
  }

  SvmSolution measure() {
    SvmSolution solution = weights_.solution();
    solution.regularization = weights_.squared_norm() / 2;
    double dual = -solution.regularization;
    for (size_t i = 0; i < rows_.size(); ++i) {
      dual += targets_[i] * betas_[i] - config_.epsilon * std::abs(betas_[i]);
      solution.support_vectors += betas_[i] != 0 ? 1 : 0;
      const double residual = weights_.score(rows_[i], rows_[std::min(i + 1, rows_.size() - 1)]) - targets_[i];
      const double loss = config_.cost * std::max(0.0, std::abs(residual) - config_.epsilon);
      (residual < 0 ? solution.positive_loss : solution.negative_loss) += loss;
    }
    const double primal = solution.objective();
    solution.gap = primal > 0 ? (primal - dual) / primal : 0;
    return solution;
  }

  const std::vector<const float*>& rows_;
  const std::vector<double>& targets_;
  SvrConfig config_;
  Weights weights_;
  std::vector<double> norms_, betas_;
  std::vector<int64_t> order_;
  Rng rng_;
};

}  // namespace

SvmSolution solve_svm(SvmExamples& examples, int64_t dimension, const SvmConfig& config, uint64_t seed) {
  return HingeSolver(examples, dimension, config, seed).run();
}

SvmSolution solve_svr(const std::vector<const float*>& rows, const std::vector<double>& targets, int64_t dimension,
                      const SvrConfig& config, uint64_t seed) {
  FOVEA_CHECK(rows.size() == targets.size(), "{} rows, {} targets", rows.size(), targets.size());
  return RegressionSolver(rows, targets, dimension, config, seed).run();
}

}  // namespace fovea::rcnn
