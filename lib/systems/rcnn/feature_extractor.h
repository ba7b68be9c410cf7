// From regions of a picture to rows of numbers: warped crops through a network to a layer (Girshick et al. 2014,
// section 2.1).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "base/box.h"
#include "data/warp.h"
#include "io/proposals_file.h"
#include "nn/net_text.h"
#include "train/model.h"

namespace fovea::rcnn {

enum class RegionKind {
  kFull,    // the whole box
  kFg,      // pixels outside the region's mask are the mean
  kFullFg,  // both, one after the other      section 5 of the paper, segmentation
};

struct FeatureConfig {
  std::string layer;  // as resolved: a name of the network
  int64_t grid = 0;   // > 0: the layer's map averaged to grid x grid
  int64_t crop = 0;   // side of the network's input; 0: the network's own
  data::WarpConfig warp;
  RegionKind region = RegionKind::kFull;
  int64_t batch = 64;  // crops at once; a picture's regions are cut into batches of this size
};
RegionKind parse_region_kind(std::string_view name);  // "full", "fg", "full+fg"; throws Error(kUsage)
std::string region_kind_name(RegionKind kind);
// What a features file and a detector remember, and back. Throws Error(kData).
std::string feature_config_json(const FeatureConfig& config, const data::Preprocess& preprocess);
FeatureConfig parse_feature_config(const std::string& json, const std::string& origin);

// The layer whose output `name` means: a conv, dense or batch_norm layer followed by a ReLU means the rectified values,
// as in the paper (pool5, fc6, fc7). "" means fc7 if there is one, else what the classifier at the end reads. Throws
// Error(kUsage).
std::string resolve_feature_layer(const nn::NetText& net, const std::string& name);

class FeatureExtractor {
 public:
  // The model must outlive the extractor. Throws Error(kUsage) for a net whose input is not square, a padding too
  // large, or a crop that its dense layers do not fit.
  FeatureExtractor(train::Model& model, FeatureConfig config);

  int64_t dimension() const { return dimension_; }
  const FeatureConfig& config() const { return config_; }
  const data::Preprocess& preprocess() const { return preprocess_; }

  // out [boxes, dimension], channels first (index = (c * h + y) * w + x). `masks`: one for each box if the regions'
  // kind needs them, else empty. Depends on this picture's boxes alone.
  void extract(const data::PixelView& picture, std::span<const Box> boxes, std::span<const io::MaskRuns> masks,
               float* out);

 private:
  void run_batch(const data::PixelView& picture, std::span<const Box> boxes, std::span<const io::MaskRuns> masks,
                 int64_t column, float* out);
  void store(const Tensor& values, int64_t column, float* out) const;

  train::Model& model_;
  FeatureConfig config_;
  data::Preprocess preprocess_;
  int64_t part_ = 0;  // features of one crop
  int64_t dimension_ = 0;
  Tensor batch_;
};

}  // namespace fovea::rcnn
