#include "systems/update_options.h"

#include "nn/optimizer.h"

namespace fovea {

cli::Option& add_optimizer(cli::OptionTable& table, std::string& value) {
  return table.add("optimizer", value, "NAME", "How weights are updated.").choices(nn::optimizer_names());
}

cli::Option& add_learning_rate(cli::OptionTable& table, double& value) {
  return table.add("learning-rate", value, "R", "Base learning rate.").above(0).at_most(1e6);
}

cli::Option& add_momentum(cli::OptionTable& table, double& value) {
  return table.add("momentum", value, "M", "Of sgd, nesterov and rmsprop; rmsprop-graves has 0.9.")
      .range(0, 1)
      .below(1);
}

cli::Option& add_weight_decay(cli::OptionTable& table, double& value) {
  return table.add("weight-decay", value, "D", "L2 weight of weights, not of biases, gamma and beta.").range(0, 1e3);
}

cli::Option& add_clip_norm(cli::OptionTable& table, double& value) {
  return table.add("clip-norm", value, "X", "Largest joint L2 norm of the gradients; 0: no limit.").range(0, 1e12);
}

cli::Option& add_schedule(cli::OptionTable& table, std::string& value, bool grammar) {
  if (!grammar) return table.add("schedule", value, "TEXT", "How the learning rate changes; see bn-train(1).");
  return table.add("schedule", value, "TEXT", "How the learning rate changes.")
      .text(
          "constant, exponential:FACTOR@STEPS, staircase:FACTOR@STEPS, steps:FACTOR@S1;S2, linear or cosine; STEPS may "
          "be epochs: 8e.");
}

cli::Option& add_warmup(cli::OptionTable& table, int64_t& value) {
  return table.add("warmup", value, "STEPS", "Steps over which the rate rises linearly.").range(0, 1e9);
}

void add_length(cli::OptionTable& table, double& epochs, int64_t& steps) {
  table.add("epochs", epochs, "X", "Length of the run in passes over the data.").above(0).at_most(1e6).source("[ours]");
  table.add("steps", steps, "N", "Length of the run in steps, instead of --epochs.")
      .range(0, 1e12)
      .default_text("by --epochs")
      .source("[ours]");
}

cli::Option& add_steps(cli::OptionTable& table, int64_t& value) {
  return table.add("steps", value, "N", "Updates.").range(1, 1e12);
}

cli::Option& add_metrics(cli::OptionTable& table, std::string& value) {
  return table.add("metrics", value, "FILE", "Append one JSON object per report.")
      .is_output_path()
      .no_effect_on_content();
}

}  // namespace fovea
