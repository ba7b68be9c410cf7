// rcnn-detect detect: scored boxes of pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/picture_inputs.h"
#include "systems/rcnn/propose.h"

namespace fovea::rcnn {

struct DetectOptions {
  PictureInputs inputs;
  SearchOptions search;
  std::string model, proposals, features, output;
  std::string scorer = "svm", precision = "f32";
  double threshold = -1.5, nms = 0.3, softmax_threshold = 0.01, set_cap = 0;
  int64_t max_per_image = 100, batch = 64, refine = 0;
  bool box_regression = true, cap_after_nms = false;
};
void declare_detect(cli::OptionTable& table, DetectOptions& options);
int detect(const DetectOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
