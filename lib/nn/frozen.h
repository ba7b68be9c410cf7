// Differentiating through a network without training it.
#pragma once

#include <vector>

#include "nn/network.h"

namespace fovea::nn {

// While alive, the parameters of `network` need no gradient: a backward pass reaches the input (or another network) and
// computes nothing for the weights. Restores what was trainable before.
class FrozenParameters {
 public:
  explicit FrozenParameters(Network& network) {
    for (Parameter* parameter : network.parameters()) {
      if (!parameter->var.needs_grad()) continue;
      parameter->var.set_needs_grad(false);
      frozen_.push_back(parameter);
    }
  }
  ~FrozenParameters() {
    for (Parameter* parameter : frozen_) parameter->var.set_needs_grad(true);
  }
  FrozenParameters(const FrozenParameters&) = delete;
  FrozenParameters& operator=(const FrozenParameters&) = delete;

 private:
  std::vector<Parameter*> frozen_;
};

}  // namespace fovea::nn
