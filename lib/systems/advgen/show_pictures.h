// Sheets of adversarial pictures.
#pragma once

#include <string>
#include <vector>

#include "eval/overlay.h"
#include "systems/advgen/show.h"

namespace fovea::advgen {

// A picture from values in [0,1], grey or RGB.
io::Picture picture_of_pixels(const std::vector<float>& pixels, int64_t height, int64_t width, int64_t channels);
// Middle grey plus `factor` times the difference.
io::Picture amplified(const std::vector<float>& difference, int64_t height, int64_t width, int64_t channels,
                      double factor);
// The largest factor of 1, 2, 5, 10, 20, ... with which no difference leaves the range of a picture.
double fitting_factor(double largest);

// Original, perturbation and adversarial picture of chosen items of a fovea.adversarial file, in rows.
eval::Sheet picture_sheet(const ShowOptions& options);
// The perturbation of a universal generator's checkpoint.
eval::Sheet perturbation_sheet(const ShowOptions& options);

}  // namespace fovea::advgen
