#include "systems/rcnn/scored_regions.h"

#include "base/error.h"
#include "data/nms.h"

namespace fovea::rcnn {

std::vector<io::Detection> select_detections(std::span<const Box> boxes, std::span<const float> scores, int64_t classes, int64_t first_region,
                                             double height, double width, const SelectionConfig& config,
                                             const std::function<Box(int64_t region, int64_t class_index)>& refine) {
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
    if (config.max_per_image > 0 && static_cast<int64_t>(order.size()) > config.max_per_image) order.resize(static_cast<size_t>(config.max_per_image));
    std::vector<Box> kept_boxes;
    std::vector<float> kept_scores;
    for (const int64_t at : order) {
      kept_boxes.push_back(clip(refine(candidates[static_cast<size_t>(at)], k), width, height));
      kept_scores.push_back(values[static_cast<size_t>(at)]);
    }
    for (const int64_t i : data::non_maximum_suppression(kept_boxes, kept_scores, config.nms_overlap)) {
      const auto at = static_cast<size_t>(i);
      const int64_t region = candidates[static_cast<size_t>(order[at])];
      detections.push_back({kept_boxes[at], static_cast<int32_t>(k), kept_scores[at], static_cast<int32_t>(region - first_region)});
    }
  }
  return detections;
}

}  // namespace fovea::rcnn
