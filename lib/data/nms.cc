#include "data/nms.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace fovea::data {

std::vector<int64_t> by_decreasing_score(std::span<const float> scores) {
  std::vector<int64_t> order(scores.size());
  std::iota(order.begin(), order.end(), 0);
  const auto key = [&](int64_t i) {
    const float score = scores[static_cast<size_t>(i)];
    return std::isnan(score) ? -std::numeric_limits<float>::infinity() : score;
  };
  std::stable_sort(order.begin(), order.end(), [&](int64_t a, int64_t b) { return key(a) > key(b); });
  return order;
}

std::vector<int64_t> non_maximum_suppression(std::span<const Box> boxes, std::span<const float> scores,
                                             double threshold) {
  FOVEA_CHECK(boxes.size() == scores.size(), "{} boxes, {} scores", boxes.size(), scores.size());
  std::vector<int64_t> kept;
  for (const int64_t candidate : by_decreasing_score(scores)) {
    const Box& box = boxes[static_cast<size_t>(candidate)];
    const bool covered = std::any_of(kept.begin(), kept.end(), [&](int64_t better) {
      return iou(boxes[static_cast<size_t>(better)], box) > threshold;
    });
    if (!covered) kept.push_back(candidate);
  }
  return kept;
}

}  // namespace fovea::data
