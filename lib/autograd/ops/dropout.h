// Inverted dropout with counter-based masks.
#pragma once

#include <cstdint>

#include "autograd/var.h"

namespace fovea::ops {

// y = x * keep / (1 - rate). The mask is a pure function of (seed, layer, step): element i is kept if its Philox draw
// is >= rate. rate in [0,1); rate 0 returns x.
struct DropoutKey {
  uint64_t seed = 1;
  uint64_t layer = 0;  // index of the layer in its network
  uint64_t step = 0;   // training step
};
Var dropout(const Var& x, double rate, const DropoutKey& key);

// Whole maps: one draw for each item and channel of x [N,H,W,C].   Tompson et al. 2015, "spatial dropout"
Var dropout_maps(const Var& x, double rate, const DropoutKey& key);

}  // namespace fovea::ops
