// advgen-train show: adversarial pictures beside their originals, universal perturbations, accuracy curves.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"

namespace fovea::advgen {

struct ShowOptions {
  std::vector<std::string> inputs;
  std::string what = "pictures";  // pictures | perturbation | curves
  int64_t count = 8, pairs = 2;
  std::vector<std::string> ids;
  bool fooled = true;
  double amplify = 0;
  std::vector<std::string> names;
  std::string title, output;
};
void declare_show(cli::OptionTable& table, ShowOptions& options);
int show(const ShowOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::advgen
