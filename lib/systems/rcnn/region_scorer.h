// From features of regions to detections: SVMs with box regression, or the fine-tuned network's own softmax.
//   Girshick et al. 2014, section 2.2 and appendix C
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "io/detections_file.h"
#include "io/features_file.h"
#include "systems/rcnn/detector.h"
#include "systems/rcnn/scored_regions.h"
#include "train/model.h"

namespace fovea::rcnn {

// Regions of a picture with what the network says of them.
struct Look {
  io::RegionList regions;
  std::vector<float> features;     // [regions, dimension]; scaled in place by the scorer
  int64_t first_region = 0;        // those before are true boxes of a training file, and never detections
  std::vector<int32_t> proposals;  // where each region came from; empty: its number, counted from first_region
};

class RegionScorer {
 public:
  // Takes the SVMs from the checkpoint `model_path`, or with `softmax` the classes of a fine-tuned network. Throws
  // Error(kData) if they are missing.
  RegionScorer(const std::string& model_path, const train::Model& model, bool softmax, bool box_regression,
               const SelectionConfig& selection);

  const std::vector<std::string>& classes() const { return classes_; }
  bool corrects_boxes() const { return detector_ && !detector_->regressors.empty(); }
  // How the features that it reads are made.
  const FeatureConfig& features() const { return detector_ ? detector_->features : softmax_features_; }
  // Throws Error(kData) naming `path` unless features stored like this are those.
  void check_layout(const io::FeaturesLayout& layout, const std::string& path) const;

  // `set_cap` as in select_detections.
  io::ImageDetections detect(Look& look, SetCap* set_cap) const;
  // The corrected boxes of all classes that are worth another look, features missing yet: above the threshold, thinned
  // where they nearly coincide.
  Look candidates(Look& look) const;

 private:
  std::vector<io::Detection> select(Look& look, const SelectionConfig& selection, SetCap* set_cap) const;

  SelectionConfig selection_;
  std::optional<Detector> detector_;
  FeatureConfig softmax_features_;
  std::vector<std::string> classes_;
};

}  // namespace fovea::rcnn
