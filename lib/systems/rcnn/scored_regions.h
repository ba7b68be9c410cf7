// From scores of regions to detections: threshold, cap, box regression, clipping, non-maximum suppression, in this order.
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
  double threshold = -1.5;       // scores above are kept
  int64_t max_per_image = 100;   // of a class, before suppression; 0: all
  double nms_overlap = 0.3;      // boxes that overlap a better one by more are dropped
};

// scores [regions, K]. `refine(region, class)` gives the corrected box. Rows with first_region > i are never detections (true
// boxes of a training file); proposal numbers count from first_region.
std::vector<io::Detection> select_detections(std::span<const Box> boxes, std::span<const float> scores, int64_t classes, int64_t first_region,
                                             double height, double width, const SelectionConfig& config,
                                             const std::function<Box(int64_t region, int64_t class_index)>& refine);

}  // namespace fovea::rcnn
