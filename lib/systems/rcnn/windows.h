// The pool of labelled windows that fine-tuning draws from.   Girshick et al. 2014, section 2.3; spec rcnn.md section 5
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"
#include "io/proposals_file.h"
#include "systems/rcnn/truth.h"

namespace fovea::rcnn {

struct Window {
  int32_t image = 0;  // item of the image source
  int32_t label = 0;  // 0 = background, else class + 1
  Box box;
};

// All windows of all images: true boxes first, then proposals. A window whose best IoU with any object is at least
// `overlap` is a positive of that object's class; the others are background.
struct WindowPool {
  std::vector<Window> positives, backgrounds;
};
// Throws Error(kData) if an image has no proposals entry, or there are no positives or no background at all.
WindowPool collect_windows(const data::ImageSource& source, const io::ProposalsReader& proposals, const Truth& truth,
                           double overlap, bool skip_difficult);

struct WindowDraw {
  Window window;
  bool mirror = false;
};
// Step `step`: `backgrounds` windows and then `positives`, uniform over the whole pool with replacement, each mirrored
// with probability 1/2. A pure function of seed and step.
std::vector<WindowDraw> draw_windows(const WindowPool& pool, int64_t positives, int64_t backgrounds, uint64_t seed,
                                     int64_t step);

}  // namespace fovea::rcnn
