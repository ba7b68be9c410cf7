// What `advgen-train train` can be told.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option.h"
#include "systems/advgen/gat_losses.h"
#include "systems/advgen/generator.h"
#include "systems/image_sources.h"

namespace fovea::advgen {

struct TrainOptions {
  DataOptions data;
  std::string net, init, input;
  bool flip = false, random_crop = false;
  int64_t pad = 0;
  std::string method = "gat", preset = "paper";

  std::string eps = "8/255";  // of the bounded methods
  int64_t attack_steps = 10, eps_warmup = 0;
  std::string step_size;   // "" = the method's own
  std::string match_norm;  // checkpoint with a generator; "": the ball
  double alpha = 0.5;
  double dropout = 0.5, input_dropout = 0.2;

  std::string gen_net = "g48", gen_input = "grad", grad_norm = "rms", grad_label = "true", gen_objective = "prob";
  double gen_cost = 0.1, gen_scale = 1, gen_kappa = 0;
  std::string bound = "none";  // none | linf:E | l2:E
  bool clip_valid = true;
  double gen_learning_rate = 2e-4, gen_beta1 = 0.5;
  int64_t gen_steps = 1, f_every = 1;
  std::string alternate = "batch";  // batch | epoch

  std::string optimizer = "sgd";
  double learning_rate = 0.05, momentum = 0.9, weight_decay = 5e-4, clip_norm = 0;
  std::string schedule = "cosine";
  int64_t batch = 128, steps = 0, warmup = 0;
  double epochs = 60;
  std::string bn_mode = "joint";

  std::optional<int64_t> holdout;
  int64_t eval_images = 500, eval_every = 0;
  std::string select = "last";
  std::string metrics, output;
};

void declare_train(cli::OptionTable& table, TrainOptions& options);

const std::vector<std::string>& method_names();

// The options with the presets of --method gat-bound and l2l and --preset applied, except where `was_given`.
TrainOptions apply_method(TrainOptions options, const std::function<bool(std::string_view)>& was_given);

// What they mean. Throws Error(kUsage).
GeneratorSettings generator_settings(const TrainOptions& options);
GeneratorObjective generator_objective(const TrainOptions& options);
bool uses_generator(const std::string& method);

}  // namespace fovea::advgen
