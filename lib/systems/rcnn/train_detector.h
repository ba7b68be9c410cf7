// rcnn-detect train: SVMs with hard negative mining, and box regression.
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"

namespace fovea::rcnn {

struct TrainDetectorOptions {
  std::string features, images, model, output, metrics;
  double cost = 1e-3, positive_weight = 2, bias_feature = 10, tolerance = 1e-4;
  double negative_overlap = 0.3, hard_above = -1.0001, evict_below = -1.2;
  int64_t retrain_after = 2000, passes = 1, report_every = 0;
  bool skip_difficult = false;
  bool box_regression = true;
  double lambda = 1000, min_overlap = 0.6, discard = 0;
};
void declare_train_detector(cli::OptionTable& table, TrainDetectorOptions& options);
int train_detector(const TrainDetectorOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
