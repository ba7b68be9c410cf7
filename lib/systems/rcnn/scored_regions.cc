#include "systems/rcnn/scored_regions.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/memory.h"
#include "data/nms.h"

namespace fovea::rcnn {
namespace {

void cap(std::vector<int64_t>& places, int64_t most) {
  if (most > 0 && static_cast<int64_t>(places.size()) > most) places.resize(static_cast<size_t>(most));
}

std::vector<float> at_places(const std::vector<float>& scores, const std::vector<int64_t>& places) {
  std::vector<float> chosen;
  for (const int64_t place : places) chosen.push_back(scores[static_cast<size_t>(place)]);
  return chosen;
}

}  // namespace

SetCap::SetCap(int64_t classes, int64_t limit) : limit_(limit), best_(static_cast<size_t>(classes)) {
  FOVEA_CHECK(limit > 0, "a cap of {}", limit);
  require_memory(checked_multiply(checked_multiply(classes, limit, "set cap"), 4, "set cap"), "scores of --set-cap");
}

void SetCap::add(int64_t class_index, std::span<const float> scores) {
  std::vector<float>& heap = best_[static_cast<size_t>(class_index)];
  for (const float score : scores) {
    const bool full = static_cast<int64_t>(heap.size()) == limit_;
    if (full && score <= heap.front()) continue;
    if (full) {
      std::pop_heap(heap.begin(), heap.end(), std::greater<>());
      heap.pop_back();
    }
    heap.push_back(score);
    std::push_heap(heap.begin(), heap.end(), std::greater<>());
  }
}

float SetCap::least(int64_t class_index) const {
  const std::vector<float>& heap = best_[static_cast<size_t>(class_index)];
  return static_cast<int64_t>(heap.size()) < limit_ ? -std::numeric_limits<float>::infinity() : heap.front();
}

std::vector<io::Detection> select_detections(std::span<const Box> boxes, std::span<const float> scores, int64_t classes,
                                             int64_t first_region, double height, double width,
                                             const SelectionConfig& config,
                                             const std::function<Box(int64_t region, int64_t class_index)>& refine,
                                             SetCap* set_cap) {
  const auto regions = static_cast<int64_t>(boxes.size());
  FOVEA_CHECK(static_cast<int64_t>(scores.size()) == regions * classes, "{} scores", scores.size());
  std::vector<io::Detection> detections;
  for (int64_t k = 0; k < classes; ++k) {
    std::vector<int64_t> candidates;
    std::vector<float> values;
    for (int64_t r = first_region; r < regions; ++r) {
      const float score = scores[static_cast<size_t>(r * classes + k)];
      if (!(static_cast<double>(score) > config.threshold)) continue;
      candidates.push_back(r);
      values.push_back(score);
    }
    std::vector<int64_t> order = data::by_decreasing_score(values);
    if (!config.cap_after_suppression) cap(order, config.max_per_image);
    std::vector<Box> kept_boxes;
    std::vector<float> kept_scores;
    for (const int64_t at : order) {
      kept_boxes.push_back(clip(refine(candidates[static_cast<size_t>(at)], k), width, height));
      kept_scores.push_back(values[static_cast<size_t>(at)]);
    }
    std::vector<int64_t> left = data::non_maximum_suppression(kept_boxes, kept_scores, config.nms_overlap);
    if (config.cap_after_suppression) {
      cap(left, config.max_per_image);
      if (set_cap != nullptr) set_cap->add(k, at_places(kept_scores, left));
    } else if (set_cap != nullptr) {
      set_cap->add(k, kept_scores);
    }
    for (const int64_t i : left) {
      const auto at = static_cast<size_t>(i);
      const int64_t region = candidates[static_cast<size_t>(order[at])];
      detections.push_back(
          {kept_boxes[at], static_cast<int32_t>(k), kept_scores[at], static_cast<int32_t>(region - first_region)});
    }
  }
  return detections;
}

}  // namespace fovea::rcnn
