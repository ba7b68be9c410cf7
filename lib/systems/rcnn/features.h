// rcnn-detect features: warped regions through a network, row by row into a file.
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"
#include "io/features_file.h"
#include "systems/picture_inputs.h"
#include "systems/rcnn/feature_extractor.h"

namespace fovea::rcnn {

struct FeatureOptions {
  std::string layer, region = "full", warp = "warp", precision = "f32";
  int64_t padding = 16, grid = 0, crop = 0, batch = 64;
};
void declare_features_of_regions(cli::OptionTable& table, FeatureOptions& options);
FeatureConfig feature_config(const FeatureOptions& options, const nn::NetText& net);

struct FeaturesOptions {
  PictureInputs inputs;
  FeatureOptions features;
  std::string model, proposals, output, store = "f32";
  int64_t top = 0;
  bool truth = false;
};
void declare_features(cli::OptionTable& table, FeaturesOptions& options);
// Throws Error(kData) unless the features are those of the image set with this content hash.
void check_made_for(const io::RegionFeaturesReader& features, const std::string& images_hash);
int extract_features(const FeaturesOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
