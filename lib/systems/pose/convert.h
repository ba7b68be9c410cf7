// pose-estimate convert: annotations of public data sets, and generated pictures.
#pragma once

#include <cstdint>
#include <string>

#include "cli/program.h"

namespace fovea::pose {

struct ConvertOptions {
  std::string from = "fovea", to = "fovea", input, output, folder, pictures, list, test_list, split;
  bool person_centric = false, observer_centric = false;
  // Generated pictures
  int64_t count = 1000, height = 96, width = 144, min_distractors = 0, max_distractors = 2;
  double noise = 1, test_fraction = 0.2;
};
void declare_convert(cli::OptionTable& table, ConvertOptions& options);
int convert(const ConvertOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::pose
