#include "systems/bn/recipe.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "nn/initialize.h"
#include "nn/rewrite.h"
#include "systems/net_library.h"

namespace fovea::bn {
namespace {

// One row per network of the paper's section 4.2.1; the toggles are those of section 4.2 ("Accelerating BN networks").
struct Preset {
  const char* name;
  const char* batch_norm;
  const char* activation;
  double dropout;
  const char* lrn;
  double lr_mult, l2_scale, decay_speed, photometric_scale;
  const char* shuffle;
};

constexpr Preset kPresets[] = {
    {"inception", "none", "net", 0.4, "on", 1, 1, 1, 1, "none"},
    {"bn-baseline", "before", "net", 0.4, "on", 1, 1, 1, 1, "none"},
    {"bn-x5", "before", "net", 0, "off", 5, 0.2, 6, 0.5, "shard"},
    {"bn-x30", "before", "net", 0, "off", 30, 0.2, 6, 0.5, "shard"},
    {"bn-x5-sigmoid", "before", "sigmoid", 0, "off", 5, 0.2, 6, 0.5, "shard"},
};

void set_batch_norm_keys(nn::NetText& net, const NetworkOptions& options) {
  for (auto& layer : net.layers) {
    if (layer.kind != "batch_norm") continue;
    if (options.bn_eps) layer.set("eps", format_number(*options.bn_eps));
    if (options.bn_momentum) layer.set("momentum", format_number(*options.bn_momentum));
  }
}

}  // namespace

const std::vector<std::string>& preset_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out = {"none"};
    for (const auto& preset : kPresets) out.emplace_back(preset.name);
    return out;
  }();
  return names;
}

TrainOptions apply_preset(TrainOptions options, const std::function<bool(std::string_view)>& was_given) {
  const auto preset = std::find_if(std::begin(kPresets), std::end(kPresets),
                                   [&](const Preset& row) { return options.recipe.preset == row.name; });
  if (preset == std::end(kPresets)) return options;
  const auto set = [&](std::string_view name, auto& field, auto value) {
    if (!was_given(name)) field = value;
  };
  set("batch-norm", options.network.batch_norm, preset->batch_norm);
  set("activation", options.network.activation, preset->activation);
  set("dropout", options.network.dropout, preset->dropout);
  set("lrn", options.network.lrn, preset->lrn);
  set("lr-mult", options.recipe.lr_mult, preset->lr_mult);
  set("l2-scale", options.recipe.l2_scale, preset->l2_scale);
  set("decay-speed", options.recipe.decay_speed, preset->decay_speed);
  set("photometric-scale", options.augment.photometric_scale, preset->photometric_scale);
  set("shuffle", options.augment.shuffle, preset->shuffle);
  set("learning-rate", options.recipe.learning_rate, 0.0015);       // [paper §4.2.1]
  set("batch", options.recipe.batch, int64_t{32});                  // [paper §4.2]
  set("momentum", options.recipe.momentum, 0.9);                    // [ours] the paper names no coefficient
  set("weight-decay", options.recipe.weight_decay, 1e-4);           // [ours] the paper names no L2 weight
  set("schedule", options.recipe.schedule, "exponential:0.96@8e");  // GoogLeNet's 4 % every 8 epochs [ours]
  return options;
}

nn::NetText build_net(const NetworkOptions& options, int64_t classes) {
  return rewrite_net(load_net(options.net), options, classes);
}

nn::NetText rewrite_net(nn::NetText net, const NetworkOptions& options, int64_t classes) {
  if (!options.input.empty()) net = with_input_text(net, options.input);
  if (options.activation != "net") net = nn::with_activation(net, options.activation);
  if (options.batch_norm == "none") net = nn::without_batch_norm(net);
  if (options.batch_norm == "before") net = nn::with_batch_norm(net, nn::BatchNormPosition::kBefore);
  if (options.batch_norm == "after") net = nn::with_batch_norm(net, nn::BatchNormPosition::kAfter);
  if (options.keep_bias) net = nn::with_bias_before_batch_norm(net);
  if (options.per_activation > 0) net = nn::with_per_activation(net, static_cast<int>(options.per_activation));
  if (options.dropout) net = nn::with_dropout(net, *options.dropout);
  if (options.lrn != "net") net = nn::with_lrn(net, options.lrn == "on");
  if (!options.initializer.empty()) {
    nn::parse_initializer(options.initializer, "--init-weights", ErrorKind::kUsage);
    net = nn::with_initializer(net, options.initializer);
  }
  if (classes > 0) net = nn::with_classes(net, classes);
  set_batch_norm_keys(net, options);
  return net;
}

nn::OptimizerConfig optimizer_config(const RecipeOptions& recipe) {
  nn::OptimizerConfig config;
  config.kind = nn::parse_optimizer(recipe.optimizer);
  config.momentum = recipe.momentum;
  config.beta1 = recipe.beta1;
  config.beta2 = recipe.beta2;
  config.rho = recipe.rho;
  config.epsilon = recipe.epsilon;
  config.weight_decay = recipe.weight_decay * recipe.l2_scale;
  config.clip_norm = recipe.clip_norm;
  return config;
}

}  // namespace fovea::bn
