// What rcnn-detect eval and rcnn-propose eval can be told, and the commands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "cli/option.h"
#include "cli/program.h"

namespace fovea::rcnn {

struct DetectEvalOptions {
  std::string detections;  // fovea.detections
  std::string truth;       // fovea.images with objects
  std::string split = "test";
  bool count_difficult = false, listed_only = false;
  std::string rule = "voc";  // voc | ilsvrc | coco
  double iou = 0.5;
  std::string blacklist;
  std::string report = "summary";  // summary | classes | curves | errors | sensitivity
  std::string draw, require;
  std::vector<std::string> similar;        // "cat+dog"
  std::optional<double> normal_positives;  // N_j
};

struct ProposeEvalOptions {
  std::string proposals;  // fovea.proposals
  std::string truth;
  std::string split = "test";
  bool count_difficult = false, listed_only = false;
  std::vector<double> iou = {0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95};
  std::vector<int64_t> counts = {10, 30, 100, 300, 1000, 3000, 10000};
  std::string report = "summary";  // summary | classes | curve
  std::string draw, require;
};

void declare_detect_eval(cli::OptionTable& table, DetectEvalOptions& options);
void declare_propose_eval(cli::OptionTable& table, ProposeEvalOptions& options);

int detect_eval(const DetectEvalOptions& options, const cli::Invocation& invocation);
int propose_eval(const ProposeEvalOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
