// rcnn-detect finetune: a classifier becomes one of N objects and background, on warped regions.
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"

namespace fovea::rcnn {

struct FinetuneOptions {
  std::string model, images, proposals, split = "train", output, metrics;
  std::string warp = "warp", schedule = "staircase:0.1@20000", freeze_below;
  int64_t crop = 0, padding = 16, positives = 32, backgrounds = 96, steps = 70000, report_every = 100, top = 0;
  double overlap = 0.5, learning_rate = 0.001, momentum = 0.9, weight_decay = 0.0005;
  double classifier_rate = 10;
  bool skip_difficult = false, batch_statistics = false;
};
void declare_finetune(cli::OptionTable& table, FinetuneOptions& options);
int finetune(const FinetuneOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
