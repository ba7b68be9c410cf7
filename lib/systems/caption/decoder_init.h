// First values of a decoder's parameters, as the authors' code draws them.
#pragma once

#include <cstdint>

#include "nn/layer.h"
#include "systems/caption/decoder_config.h"

namespace fovea::caption {

void initialize_parameter(nn::Parameter& parameter, const DecoderConfig& config, uint64_t seed);

}  // namespace fovea::caption
