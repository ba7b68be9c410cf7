// advgen-train eval: the robustness report of classifiers (spec adversarial-trainer section 8).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"

namespace fovea::advgen {

struct EvalOptions {
  std::vector<std::string> models;
  std::string data, split = "test";
  int64_t limit = 1000;
  bool skip_bad_images = false;
  bool gap = false;
  std::string gap_split = "train";
  int64_t gap_limit = 10000;

  std::string norm = "linf", epsilon;  // empty: 8/255, or 0.5 in L2
  std::vector<std::string> attacks;    // empty: all
  int64_t steps = 20, strong_steps = 40, restarts = 2, queries = 300, draws = 10, batch = 128;
  std::vector<std::string> transfer;
  std::vector<std::string> curve;
  std::vector<int64_t> step_curve;
  bool smallest = false, checks = true;

  std::string what = "attacks";  // attacks | checks | transfer | smallest
  std::string report, curves, loss_figure, require;
};
void declare_eval(cli::OptionTable& table, EvalOptions& options);
int evaluate(const EvalOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::advgen
