// The options that say how weights are updated, and for how long: in the same words and bounds in every training. Each
// function adds one; what it returns takes the source of a tool's default, and what else is the tool's own.
#pragma once

#include <cstdint>
#include <string>

#include "cli/option.h"

namespace fovea {

cli::Option& add_optimizer(cli::OptionTable& table, std::string& value);
cli::Option& add_learning_rate(cli::OptionTable& table, double& value);
cli::Option& add_momentum(cli::OptionTable& table, double& value);
cli::Option& add_weight_decay(cli::OptionTable& table, double& value);
cli::Option& add_clip_norm(cli::OptionTable& table, double& value);
// `grammar`: with how a schedule is written; once is enough, in bn-train(1).
cli::Option& add_schedule(cli::OptionTable& table, std::string& value, bool grammar = false);
cli::Option& add_warmup(cli::OptionTable& table, int64_t& value);

// --epochs and --steps, of which one counts.
void add_length(cli::OptionTable& table, double& epochs, int64_t& steps);
// --steps alone.
cli::Option& add_steps(cli::OptionTable& table, int64_t& value);

// --metrics FILE
cli::Option& add_metrics(cli::OptionTable& table, std::string& value);

}  // namespace fovea
