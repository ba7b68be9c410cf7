// pose-estimate show: skeletons, heat maps, kernels, curves and pyramids as pictures.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/shown_pictures.h"

namespace fovea::pose {

struct ShowOptions {
  ShowOptions() { shown.count = 6; }
  ShownPictures shown;
  std::vector<std::string> files;  // what is shown: poses, heat maps, a model
  std::string what = "overlay", truth, split, scale = "own", start, published = "none", torso = "lsho-rhip";
  std::vector<std::string> joints, labels;
  double min_score = 0;
};
void declare_show(cli::OptionTable& table, ShowOptions& options);
int show(const ShowOptions& options, const cli::Invocation& invocation);

namespace detail {
void show_overlay(const ShowOptions& options, const cli::Invocation& invocation);
void show_heat_maps(const ShowOptions& options, const cli::Invocation& invocation);
void show_kernels(const ShowOptions& options, const cli::Invocation& invocation);
void show_curves(const ShowOptions& options, const cli::Invocation& invocation);
void show_pyramid(const ShowOptions& options, const cli::Invocation& invocation);
}  // namespace detail

}  // namespace fovea::pose
