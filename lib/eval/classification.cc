#include "eval/classification.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace fovea::eval {
namespace {

// The order of classes: larger score first, then lower index, NaN last. A NaN must never count as a hit.
bool comes_before(double a, int64_t index_a, double b, int64_t index_b) {
  if (std::isnan(a) || std::isnan(b)) return std::isnan(a) == std::isnan(b) ? index_a < index_b : std::isnan(b);
  return a == b ? index_a < index_b : a > b;
}

std::optional<double> share(int64_t part, int64_t whole) {
  if (whole == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(whole);
}

double interpolate(std::span<const double> sorted, double percent) {
  FOVEA_CHECK(percent >= 0 && percent <= 100, "percentile {}", percent);
  const double position = percent / 100 * static_cast<double>(sorted.size() - 1);
  const size_t below = static_cast<size_t>(std::floor(position));
  const double part = position - static_cast<double>(below);
  if (part == 0) return sorted[below];  // also keeps inf - inf away
  return sorted[below] + part * (sorted[below + 1] - sorted[below]);
}

}  // namespace

int64_t rank_of(std::span<const double> scores, int64_t label) {
  const int64_t classes = static_cast<int64_t>(scores.size());
  FOVEA_CHECK(label >= 0 && label < classes, "label {} of {} classes", label, classes);
  const double own = scores[static_cast<size_t>(label)];
  int64_t rank = 0;
  for (int64_t k = 0; k < classes; ++k) {
    if (k != label && comes_before(scores[static_cast<size_t>(k)], k, own, label)) ++rank;
  }
  return rank;
}

std::vector<int64_t> top_classes(std::span<const double> scores, int64_t k) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto count = std::clamp<int64_t>(k, 0, static_cast<int64_t>(order.size()));
  std::partial_sort(order.begin(), order.begin() + count, order.end(), [&](int64_t a, int64_t b) {
    return comes_before(scores[static_cast<size_t>(a)], a, scores[static_cast<size_t>(b)], b);
  });
  order.resize(static_cast<size_t>(count));
  return order;
}

ConfusionMatrix::ConfusionMatrix(int64_t classes) : classes_(classes) {
  FOVEA_CHECK(classes > 0 && classes <= (1 << 16), "{} classes", classes);
  counts_.assign(static_cast<size_t>(classes * classes), 0);
}

void ConfusionMatrix::add(int64_t truth, int64_t prediction, int64_t count) {
  FOVEA_CHECK(truth >= 0 && truth < classes_ && prediction >= 0 && prediction < classes_ && count >= 0,
              "truth {}, prediction {}, count {} of {} classes", truth, prediction, count, classes_);
  counts_[static_cast<size_t>(truth * classes_ + prediction)] += count;
}

int64_t ConfusionMatrix::at(int64_t truth, int64_t prediction) const {
  FOVEA_CHECK(truth >= 0 && truth < classes_ && prediction >= 0 && prediction < classes_, "cell {},{} of {} classes",
              truth, prediction, classes_);
  return counts_[static_cast<size_t>(truth * classes_ + prediction)];
}

int64_t ConfusionMatrix::total() const { return std::accumulate(counts_.begin(), counts_.end(), int64_t{0}); }

int64_t ConfusionMatrix::correct() const {
  int64_t sum = 0;
  for (int64_t k = 0; k < classes_; ++k) sum += at(k, k);
  return sum;
}

int64_t ConfusionMatrix::support(int64_t k) const {
  int64_t sum = 0;
  for (int64_t j = 0; j < classes_; ++j) sum += at(k, j);
  return sum;
}

int64_t ConfusionMatrix::predicted(int64_t k) const {
  int64_t sum = 0;
  for (int64_t i = 0; i < classes_; ++i) sum += at(i, k);
  return sum;
}

std::optional<double> ConfusionMatrix::accuracy() const { return share(correct(), total()); }
std::optional<double> ConfusionMatrix::precision(int64_t k) const { return share(at(k, k), predicted(k)); }
std::optional<double> ConfusionMatrix::recall(int64_t k) const { return share(at(k, k), support(k)); }

std::optional<double> ConfusionMatrix::mean_recall() const {
  double sum = 0;
  int64_t present = 0;
  for (int64_t k = 0; k < classes_; ++k) {
    if (const auto one = recall(k)) {
      sum += *one;
      ++present;
    }
  }
  if (present == 0) return std::nullopt;
  return sum / static_cast<double>(present);
}

std::vector<double> mean_of(std::span<const std::vector<double>> members) {
  FOVEA_CHECK(!members.empty(), "mean of no members");
  std::vector<double> mean(members[0].size(), 0.0);
  for (const auto& member : members) {
    FOVEA_CHECK(member.size() == mean.size(), "members of {} and {} values", mean.size(), member.size());
    for (size_t i = 0; i < mean.size(); ++i) mean[i] += member[i];
  }
  for (double& value : mean) value /= static_cast<double>(members.size());
  return mean;
}

std::vector<double> mean_of_groups(std::span<const double> rows, int64_t group, int64_t classes) {
  FOVEA_CHECK(group > 0 && classes > 0 && static_cast<int64_t>(rows.size()) % (group * classes) == 0,
              "{} values in groups of {} x {}", rows.size(), group, classes);
  const size_t width = static_cast<size_t>(classes);
  std::vector<double> mean(rows.size() / static_cast<size_t>(group), 0.0);
  for (size_t i = 0; i < rows.size(); ++i) {
    const size_t item = i / width / static_cast<size_t>(group);
    mean[item * width + i % width] += rows[i];
  }
  for (double& value : mean) value /= static_cast<double>(group);
  return mean;
}

double percentile(std::span<const double> values, double percent) {
  return percentiles({values.begin(), values.end()}, std::span<const double>(&percent, 1))[0];
}

std::vector<double> percentiles(std::vector<double> values, std::span<const double> percents) {
  FOVEA_CHECK(!values.empty(), "percentile of no values");
  FOVEA_CHECK(std::none_of(values.begin(), values.end(), [](double v) { return std::isnan(v); }), "percentile of NaN");
  std::sort(values.begin(), values.end());
  std::vector<double> out;
  out.reserve(percents.size());
  for (double percent : percents) out.push_back(interpolate(values, percent));
  return out;
}

}  // namespace fovea::eval
