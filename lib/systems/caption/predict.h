// caption-attend predict
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/caption/features.h"
#include "systems/picture_inputs.h"

namespace fovea::caption {

struct PredictOptions {
  PictureInputs inputs;
  std::vector<std::string> models;
  std::string features, backbone, output, format = "h5", hard_decode = "expected";
  int64_t beam = 5, n_best = 1, max_words = 50, batch = 16;
  double temperature = 1;
  bool sample = false, length_norm = false, suppress_unk = false, forced = false, attention = true;
};
void declare_predict(cli::OptionTable& table, PredictOptions& options);
int predict(const PredictOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::caption
