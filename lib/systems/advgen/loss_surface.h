// The loss around a picture, over the plane of its gradient and a random direction. Where gradients are honest it rises
// smoothly along the gradient; plateaus and cliffs are signs of masking (spec adversarial-trainer section 8.5).
#pragma once

#include <cstdint>
#include <vector>

#include "eval/figure.h"
#include "systems/advgen/report_images.h"
#include "systems/advgen/victim.h"

namespace fovea::advgen {

struct LossSurface {
  static constexpr int64_t kSide = 21;
  int64_t item = 0;
  int32_t label = 0;
  double radius = 0;         // the axes go from -radius to +radius
  std::vector<double> loss;  // [kSide,kSide] cross-entropy: row by row down the random direction, along the gradient
};

// Of the first `count` images. Linf: sign of the gradient, and random signs; L2: both of length 1. Clipped to [0,1].
std::vector<LossSurface> loss_surfaces(const Victim& victim, const ReportImages& images, ops::Norm norm, double radius,
                                       int64_t count, uint64_t seed);

eval::Panel surface_panel(const std::string& model, const LossSurface& surface, ops::Norm norm);

}  // namespace fovea::advgen
