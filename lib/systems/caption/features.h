// caption-attend features
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"
#include "systems/caption/annotator.h"
#include "systems/picture_inputs.h"

namespace fovea::caption {

// How a picture is brought to the network's input.
struct FitOptions {
  std::string fit = "crop";
  int64_t crop = 0, resize_side = 0;
};
void declare_fit(cli::OptionTable& table, FitOptions& options);
data::Preprocess fitted(const data::Preprocess& preprocess, const FitOptions& options);

struct FeaturesOptions {
  PictureInputs inputs;
  FitOptions fit;
  std::string model, layer, output, precision = "f32";
};
void declare_features(cli::OptionTable& table, FeaturesOptions& options);
int extract_features(const FeaturesOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::caption
