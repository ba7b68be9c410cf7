// Measures of classifiers: ranks, confusion, averages of probabilities, percentiles. All sums are in double.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

namespace fovea::eval {

// Place of `label`, 0 = best, when the classes are ordered by score, larger first; equal scores by index, lower first
// [ours]; NaN last. `label` is among the k best if rank_of() < k. REQUIRES 0 <= label < scores.size().
int64_t rank_of(std::span<const double> scores, int64_t label);

// The k best classes in that order; all of them if there are fewer than k.
std::vector<int64_t> top_classes(std::span<const double> scores, int64_t k);

// Counts of (truth, prediction). A share whose denominator is zero is absent, not 0 and not 1.
class ConfusionMatrix {
 public:
  explicit ConfusionMatrix(int64_t classes);

  void add(int64_t truth, int64_t prediction, int64_t count = 1);  // REQUIRES both in 0..classes-1, count >= 0
  int64_t classes() const { return classes_; }
  int64_t at(int64_t truth, int64_t prediction) const;
  const std::vector<int64_t>& counts() const { return counts_; }  // [classes,classes], truth outermost

  int64_t total() const;
  int64_t correct() const;
  int64_t support(int64_t k) const;                  // items whose truth is k
  int64_t predicted(int64_t k) const;                // items predicted as k
  std::optional<double> accuracy() const;            // correct / total
  std::optional<double> precision(int64_t k) const;  // at(k,k) / predicted(k)
  std::optional<double> recall(int64_t k) const;     // at(k,k) / support(k)
  std::optional<double> mean_recall() const;         // over the classes that have items

 private:
  int64_t classes_;
  std::vector<int64_t> counts_;
};

// Arithmetic mean of class probabilities over crops, then over models (Ioffe & Szegedy 2015, section 4.2.3:
// probabilities, not logits). All members have equal size, e.g. N*K. REQUIRES at least one.
std::vector<double> mean_of(std::span<const std::vector<double>> members);
// [N * group, K] -> [N, K]: the mean of each `group` consecutive rows. REQUIRES a size that divides.
std::vector<double> mean_of_groups(std::span<const double> rows, int64_t group, int64_t classes);

// Percentile (0..100) with linear interpolation between order statistics: position percent/100 * (n-1) in the sorted
// values. REQUIRES at least one value, none of them NaN.
double percentile(std::span<const double> values, double percent);
// Several at once, with one sort.
std::vector<double> percentiles(std::vector<double> values, std::span<const double> percents);

}  // namespace fovea::eval
