// The network texts that --net finds by name.
#pragma once

#include <string>

#include "nn/net_text.h"

namespace fovea {

// Finds a network text: a path, else NAME or NAME.net in FOVEA_MODELS, beside the installation (../share/fovea/models
// of the executable), or in the source tree's share/models. Throws Error(kNoInput) listing the known names.
nn::NetText load_net(const std::string& name);

// --input HEIGHTxWIDTHxCHANNELS applied to a network text. Throws Error(kUsage).
nn::NetText with_input_text(const nn::NetText& net, const std::string& extents);

}  // namespace fovea
