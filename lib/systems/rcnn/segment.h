// rcnn-detect segment: semantic segmentation by classified regions.
//   Girshick et al. 2014, section 5; spec rcnn.md section 12
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"
#include "systems/picture_inputs.h"
#include "systems/rcnn/propose.h"

namespace fovea::rcnn {

struct SegmentOptions {
  bool train = false;
  PictureInputs inputs;
  SearchOptions search;
  std::string model, features, proposals, truth, classes, output, precision = "f32";
  double background = 0.4;
  double cost = 1e-2, epsilon = 0.05, bias_feature = 10, tolerance = 1e-2;
  int64_t max_epochs = 200, batch = 64;
};
void declare_segment(cli::OptionTable& table, SegmentOptions& options);
int segment(const SegmentOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
