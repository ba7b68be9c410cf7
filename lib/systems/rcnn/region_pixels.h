// Regions with masks against maps of labels: how well they cover a class, and a map put together from them.
//   Girshick et al. 2014, section 5; Carreira et al. 2012 (O2P); spec rcnn.md section 12
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/box.h"
#include "io/label_png.h"
#include "io/proposals_file.h"

namespace fovea::rcnn {

// Throws Error(kData, "PLACE: ...") unless the corners are whole numbers inside a picture of this size.
void check_mask_box(const Box& box, int64_t height, int64_t width, const std::string& place);

// Boxes and masks of one picture, checked by check_mask_box and io::check_mask.
struct RegionPixels {
  int64_t height = 0, width = 0;
  std::span<const Box> boxes;
  std::span<const io::MaskRuns> masks;
};

// |region and class| / |region or class| of each region with all pixels of each class 1..K of the truth; void pixels
// (255) count for neither. [regions, K]; 0 where a class does not occur. REQUIRES labels 0..K and 255, and one size.
std::vector<double> region_overlaps(const RegionPixels& regions, const io::LabelMap& truth, int64_t classes);

// Each region whose best score is above `background` is pasted with the class of that score (label = class + 1), the
// weakest first, so that stronger ones lie on top; ties: the earlier region on top. The rest is 0, the background.
// scores [regions, K], K <= 254.
io::LabelMap paste_regions(const RegionPixels& regions, std::span<const float> scores, int64_t classes,
                           double background);

}  // namespace fovea::rcnn
