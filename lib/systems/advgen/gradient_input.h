// What the generator of Lee et al. (2017) reads: the gradient of the classifier's true-class probability, made
// comparable between images whose probabilities differ by orders of magnitude (spec section 2).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "systems/advgen/victim.h"

namespace fovea::advgen {

enum class GradientNorm {
  kRms,   // sqrt(d) g / ||g||_2
  kL2,    // g / ||g||_2
  kMax,   // g / max |g|
  kSign,  // sign(g), sign(0) = 0
  kNone,  // dF_y/dx as it is (figure 1 of the paper)
};
GradientNorm parse_gradient_norm(const std::string& name);  // throws Error(kUsage)
const std::vector<std::string>& gradient_norm_names();

// Each image on its own; norms below 1e-12 give zeros. g [N,...].
Tensor normalised(const Tensor& g, GradientNorm norm);

struct GradientInput {
  Tensor delta;               // [N,H,W,C], a constant: nothing is differentiated through it
  std::vector<double> norms;  // L2 of the gradient of log F_y (of F_y for kNone) before normalising
  int64_t zeros = 0;          // images without a gradient
};
// Delta of images x in [0,1] with labels. Computed from log F_y, which has the same direction and does not underflow.
GradientInput gradient_input(const Victim& victim, const Tensor& x, std::span<const int32_t> labels, GradientNorm norm);

}  // namespace fovea::advgen
