// From scores of regions to detections: threshold, cap, box regression, clipping, non-maximum suppression, in this
// order.
//   Girshick et al. 2014, section 2.2 and appendix C; spec rcnn.md section 8
#pragma once

#include <cstdint>
#include <functional>
#include <span>
#include <vector>

#include "io/detections_file.h"
#include "systems/rcnn/detector.h"

namespace fovea::rcnn {

struct SelectionConfig {
  double threshold = -1.5;             // scores above are kept
  int64_t max_per_image = 100;         // of a class, before suppression; 0: all
  double nms_overlap = 0.3;            // boxes that overlap a better one by more are dropped
  bool cap_after_suppression = false;  // suppression first, then the cap: ILSVRC
};

// The score that the N best boxes of a class over a whole set reach, N = limit. Suppression by decreasing score gives
// the same boxes above a score whether the ones below were there or not, so that the cap may be applied afterwards.
class SetCap {
 public:
  // Throws Error(kData) if `limit` scores of each class are more than max_memory().
  SetCap(int64_t classes, int64_t limit);
  void add(int64_t class_index, std::span<const float> scores);
  // What a detection of the class must reach; ties with it stay.
  float least(int64_t class_index) const;

 private:
  int64_t limit_;
  std::vector<std::vector<float>> best_;  // heaps, the smallest first
};

// scores [regions, K]. `refine(region, class)` gives the corrected box. Rows with first_region > i are never detections
// (true boxes of a training file); proposal numbers count from first_region. `set_cap` counts what the cap of the
// picture left.
std::vector<io::Detection> select_detections(std::span<const Box> boxes, std::span<const float> scores, int64_t classes,
                                             int64_t first_region, double height, double width,
                                             const SelectionConfig& config,
                                             const std::function<Box(int64_t region, int64_t class_index)>& refine,
                                             SetCap* set_cap = nullptr);

}  // namespace fovea::rcnn
