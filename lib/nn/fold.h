// Folding batch normalisation into the layer before it (spec section 3): W'_k = s_k W_k, b'_k = s_k (b_k - E_k) +
// beta_k with s = gamma / sqrt(Var + eps). Ioffe & Szegedy 2015, the composition of Algorithm 2 is one linear map.
#pragma once

#include "nn/network.h"

namespace fovea::nn {

// A network without batch_norm layers that computes the same function in inference. Throws Error(kData) naming the
// layer when a batch_norm is not directly behind a conv or dense layer, when that layer's output has a second consumer,
// or when the statistics are per activation over a grid.
Network fold_batch_norm(Network& network);

// True if the text has a batch_norm layer.
bool has_batch_norm(const NetText& net);

}  // namespace fovea::nn
