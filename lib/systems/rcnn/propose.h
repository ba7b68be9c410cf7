// rcnn-propose run.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "systems/picture_inputs.h"
#include "systems/rcnn/selective_search.h"

namespace fovea::rcnn {

struct SearchOptions {
  std::string mode = "fast";
  std::vector<std::string> color_spaces, similarities;  // instead of the mode's
  std::vector<double> scales;
  double sigma = 0.8, min_side = 20;
  int64_t min_region = 0, im_width = 0, top = 0;
  std::string bins = "floor";
};
// `not_with`: options that replace the search; together with one of them these are reported as ignored.
void declare_search(cli::OptionTable& table, SearchOptions& options, const std::vector<std::string>& not_with = {});
SearchConfig search_config(const SearchOptions& options, uint64_t seed);

struct ProposeOptions {
  PictureInputs inputs;
  SearchOptions search;
  bool masks = false;
  std::string output;
};
void declare_propose(cli::OptionTable& table, ProposeOptions& options);
int propose(const ProposeOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
