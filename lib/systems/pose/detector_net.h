// Variants of the part detector's network text: the checkpoint stores the result.   Spec pose-estimation, section 2
#pragma once

#include <cstdint>
#include <string>

#include "nn/net_text.h"

namespace fovea::pose {

struct DetectorVariant {
  int64_t height = 240, width = 360;  // of the input, pixels
  int64_t joints = 4;
  double channel_share = 1;          // --width: of all channels but the outputs
  std::string merge = "relu-sum";    // or sum-relu: one ReLU behind the sum of the banks
  std::string coarse = "replicate";  // or interleave: the exact sliding window, at four times the cost
  std::string head = "1x1";          // or 9x9: more context
  std::string floor = "mean";        // of the contrast normalisation, or constant
  std::string dropout_kind = "map";  // or element
  double dropout = 0.5;
  bool batch_norm = false;
  bool torso_input = false;  // a fourth input channel: the torso's map, joined before the head
};

// From a text with the layers fine/*, coarse/*, third/*, head/* (share/models/pose-detector*.net). Throws Error(kData)
// for other texts, Error(kUsage) for an input that is no multiple of what the banks need.
nn::NetText detector_net(const nn::NetText& base, const DetectorVariant& variant);

// Multiple that the input's sides must be of: 4, 8 or 16 by the number of banks.
int64_t input_multiple(const nn::NetText& net);

}  // namespace fovea::pose
