// A trained detector: what stands between region features and scored boxes.   Girshick et al. 2014, section 2
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "io/checkpoint_file.h"
#include "systems/rcnn/box_regression.h"
#include "systems/rcnn/feature_extractor.h"

namespace fovea::rcnn {

struct Detector {
  std::vector<std::string> classes;  // K
  FeatureConfig features;
  std::string feature_json;  // as the features file had it
  int64_t dimension = 0;
  double feature_scale = 1;              // features times this have mean norm 20
  std::vector<double> weights;           // [K, dimension], on scaled features
  std::vector<double> biases;            // [K]
  std::vector<BoxRegressor> regressors;  // K, or empty; on scaled features
};

// /detector of a checkpoint. Throws Error(kData) for missing or misshapen parts.
void store_detector(const Detector& detector, io::CheckpointData& data);
// Classes and features alone: a fine-tuned network has no SVMs.
Detector load_detector_settings(const io::CheckpointData& data, const std::string& origin);
Detector load_detector(const io::CheckpointData& data, const std::string& origin);

// scores [rows, K] of scaled features [rows, dimension].
std::vector<float> score_rows(const Detector& detector, std::span<const float> features, int64_t rows);

}  // namespace fovea::rcnn
