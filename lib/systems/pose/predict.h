// pose-estimate predict: joints and heat maps of people in pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/picture_inputs.h"

namespace fovea::pose {

struct PredictOptions {
  std::string model, data, boxes, output, heat_maps, refine = "log-parabola", precision = "f32",
                                                     person_class = "person";
  PictureInputs inputs;
  double threshold = 0, margin = 0;
  std::vector<double> scales = {1};
  bool test_flip = false, torso_hints = true;
};
void declare_predict(cli::OptionTable& table, PredictOptions& options);
int predict(const PredictOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::pose
