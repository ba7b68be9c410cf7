// rcnn-propose show and rcnn-detect show: proposals, detections and units as pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/show_pictures.h"

namespace fovea::rcnn {

struct ProposeShowOptions {
  ShownPictures shown;
  std::string proposals, what = "auto";
  int64_t top = 30;
  bool masks = false;
};
void declare_propose_show(cli::OptionTable& table, ProposeShowOptions& options);
int propose_show(const ProposeShowOptions& options, const cli::Invocation& invocation);

struct DetectShowOptions {
  DetectShowOptions() { shown.count = 6; }
  ShownPictures shown;
  std::string file, what = "boxes";  // a detections file, or with "units" a features file
  double threshold = 0;
  bool truth = false;
  std::string model;
  std::vector<int64_t> units;
  int64_t rows = 6, crops = 16, keep = 1000;
  double nms = 0.1;
};
void declare_detect_show(cli::OptionTable& table, DetectShowOptions& options);
int detect_show(const DetectShowOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
