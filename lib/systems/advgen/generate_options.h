// What `advgen-train generate` can be told.
#pragma once

#include <cstdint>
#include <string>

#include "cli/option.h"
#include "systems/image_sources.h"

namespace fovea::advgen {

struct GenerateOptions {
  std::string model;
  DataOptions data;
  std::string kind = "universal", target = "none";
  std::string eps = "10/255", norm = "linf", gen_net = "gap-32";
  bool channelwise = false;
  double learning_rate = 2e-4, beta1 = 0.5;
  int64_t batch = 30, steps = 500, eval_every = 100, eval_images = 1000;
  std::string metrics, output;
};

void declare_generate(cli::OptionTable& table, GenerateOptions& options);

}  // namespace fovea::advgen
