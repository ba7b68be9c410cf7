#include "eval/proposal_quality.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fovea::eval {

ProposalQuality::ProposalQuality(int64_t classes, std::vector<int64_t> counts)
    : classes_(classes), counts_(std::move(counts)) {
  for (size_t i = 0; i < counts_.size(); ++i) {
    FOVEA_CHECK(counts_[i] > (i > 0 ? counts_[i - 1] : 0), "counts[{}] is {}", i, counts_[i]);
  }
  taken_.assign(counts_.size() + 1, 0);
  overlaps_.assign(counts_.size() + 1, std::vector<std::vector<double>>(static_cast<size_t>(classes)));
}

void ProposalQuality::add(std::span<const TrueObject> objects, std::span<const fovea::Box> boxes,
                          bool count_difficult) {
  ++images_;
  const auto end_of = [&](size_t column) {
    return column < counts_.size() ? std::min(boxes.size(), static_cast<size_t>(counts_[column])) : boxes.size();
  };
  for (size_t column = 0; column < taken_.size(); ++column) taken_[column] += static_cast<int64_t>(end_of(column));
  for (const TrueObject& object : objects) {
    FOVEA_CHECK(object.class_index >= 0 && object.class_index < classes_, "class {} of {}", object.class_index,
                classes_);
    if (object.difficult && !count_difficult) continue;
    double best = 0;
    size_t next = 0;
    for (size_t column = 0; column < taken_.size(); ++column) {
      for (; next < end_of(column); ++next) best = std::max(best, iou(object.box, boxes[next]));
      overlaps_[column][static_cast<size_t>(object.class_index)].push_back(best);
    }
  }
}

std::optional<int64_t> ProposalQuality::count(int64_t column) const {
  if (column >= static_cast<int64_t>(counts_.size())) return std::nullopt;
  return counts_[static_cast<size_t>(column)];
}

int64_t ProposalQuality::objects() const {
  int64_t sum = 0;
  for (int64_t k = 0; k < classes_; ++k) sum += objects(k);
  return sum;
}

std::optional<double> ProposalQuality::boxes_per_image(int64_t column) const {
  if (images_ == 0) return std::nullopt;
  return static_cast<double>(taken_[static_cast<size_t>(column)]) / static_cast<double>(images_);
}

std::optional<double> ProposalQuality::average_best_overlap(int64_t column, int64_t k) const {
  const auto& values = overlaps_[static_cast<size_t>(column)][static_cast<size_t>(k)];
  if (values.empty()) return std::nullopt;
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

std::vector<std::optional<double>> ProposalQuality::class_abos(int64_t column) const {
  std::vector<std::optional<double>> values;
  for (int64_t k = 0; k < classes_; ++k) values.push_back(average_best_overlap(column, k));
  return values;
}

std::optional<double> ProposalQuality::mean_average_best_overlap(int64_t column) const {
  return mean_of_present(class_abos(column));
}

std::optional<double> ProposalQuality::abo_deviation(int64_t column) const {
  auto values = class_abos(column);
  const auto mean = mean_of_present(values);
  if (!mean) return std::nullopt;
  for (auto& value : values) {
    if (value) value = (*value - *mean) * (*value - *mean);
  }
  return std::sqrt(*mean_of_present(values));
}

std::optional<double> ProposalQuality::recall(int64_t column, double threshold, int64_t k) const {
  const auto& values = overlaps_[static_cast<size_t>(column)][static_cast<size_t>(k)];
  if (values.empty()) return std::nullopt;
  const auto covered = std::count_if(values.begin(), values.end(), [&](double value) { return value > threshold; });
  return static_cast<double>(covered) / static_cast<double>(values.size());
}

std::optional<double> ProposalQuality::recall(int64_t column, double threshold) const {
  double covered = 0;
  for (int64_t k = 0; k < classes_; ++k) {
    covered += recall(column, threshold, k).value_or(0) * static_cast<double>(objects(k));
  }
  if (objects() == 0) return std::nullopt;
  return covered / static_cast<double>(objects());
}

}  // namespace fovea::eval
