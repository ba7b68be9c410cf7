// Selective search: region proposals from hierarchical groupings in several colour spaces.
//   Uijlings, van de Sande, Gevers, Smeulders, "Selective search for object recognition", IJCV 2013
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/box.h"
#include "data/dataset.h"
#include "io/proposals_file.h"
#include "systems/rcnn/region_grouping.h"

namespace fovea::rcnn {

struct SearchConfig {
  std::vector<ColorSpace> color_spaces{ColorSpace::kHsv, ColorSpace::kLab};
  std::vector<Similarity> similarities{{true, true, true, true}, {false, true, true, true}};
  std::vector<double> scales{50, 100};  // k of the initial segmentation
  double sigma = 0.8;
  int64_t min_region = 0;  // pixels; 0: k
  double min_side = 20;    // boxes narrower or lower are dropped, at working size
  ColorBinRule color_bins = ColorBinRule::kFloor;
  int64_t picture_width = 0;  // working width, bicubic; 0: the picture's own
  int64_t max_boxes = 0;      // keep the best ranked; 0: all
  bool masks = false;
  uint64_t seed = 1;
};
// "single", "fast", "quality": colour spaces, similarities and scales of the paper's table 5 (spec section 2.5).
// Throws Error(kUsage) for another name.
SearchConfig search_mode(std::string_view name);
// "hsv,lab ctsf,tsf k=50,100 sigma=0.8 ...": what the file attribute `strategy` says.
std::string describe(const SearchConfig& config);

struct SearchResult {
  std::vector<Box> boxes;           // best first, in pixels of the picture; fractional with picture_width
  std::vector<float> scores;        // minus the position value, decreasing
  std::vector<io::MaskRuns> masks;  // if wanted; boxes are then the whole-numbered bounds of the masks
};

// A picture's result depends on the picture, the configuration and the seed alone. Throws Error(kData) starting with
// `place` for pictures that need more than max_memory().
SearchResult selective_search(const data::PixelView& picture, const SearchConfig& config, const std::string& place);

}  // namespace fovea::rcnn
