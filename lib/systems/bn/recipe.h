// The five recipes of Ioffe & Szegedy 2015, section 4.2, and what the options make of them.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "nn/net_text.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "systems/bn/options.h"

namespace fovea::bn {

// "none", "inception", "bn-baseline", "bn-x5", "bn-x30", "bn-x5-sigmoid".
const std::vector<std::string>& preset_names();

// Fills in what the preset says, except for options that were given on the command line.
TrainOptions apply_preset(TrainOptions options, const std::function<bool(std::string_view)>& was_given);

// The text of the network as it will be trained: read, rewritten, fitted to the class count.
nn::NetText build_net(const NetworkOptions& options, int64_t classes);
nn::NetText rewrite_net(nn::NetText net, const NetworkOptions& options, int64_t classes);

nn::OptimizerConfig optimizer_config(const RecipeOptions& recipe);

}  // namespace fovea::bn
