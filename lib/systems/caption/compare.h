// caption-attend compare: what attention costs, and what it gives, measured on one held-out split.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"

namespace fovea::caption {

struct CompareOptions {
  std::vector<std::string> models;
  std::string features, data, split = "test", output;
  int64_t beam = 5, max_words = 50, batch = 32, resamples = 1000, timing = 9;
};
void declare_compare(cli::OptionTable& table, CompareOptions& options);
// Prints a row for each model, ordered by mode; --output receives the whole report as Markdown.
int compare(const CompareOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::caption
