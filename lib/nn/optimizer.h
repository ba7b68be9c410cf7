// First-order optimisers over the parameters of a network.
//
//   sgd       v <- mu v + g;  w <- w - lr v            (mu = 0: plain SGD)
//   nesterov  v <- mu v + g;  w <- w - lr (g + mu v)   Sutskever et al. 2013, PyTorch's form
//   adam      m <- b1 m + (1-b1) g;  v <- b2 v + (1-b2) g^2;  w <- w - lr m^ / (sqrt(v^) + eps)   Kingma & Ba 2015
//   rmsprop   c <- rho c + (1-rho) g^2;  v <- mu v + g / (sqrt(c) + eps);  w <- w - lr v          Tieleman & Hinton
//   2012 rmsprop-graves  c <- rho c + (1-rho) g^2;  a <- rho a + (1-rho) g;  v <- mu v - lr g / sqrt(c - a^2 + eps);  w
//   <- w + v
//             Graves 2013, arXiv 1308.0850, equations 38 to 41; used with rho .95, mu .9, eps 1e-4, lr 1e-4
//
// with g = dL/dw + weight_decay * decay_scale * w. Gamma, beta and biases have decay_scale 0  // [ours] spec section 11
#pragma once

#include <string>
#include <vector>

#include "nn/layer.h"

namespace fovea::nn {

enum class OptimizerKind { kSgd, kNesterov, kAdam, kRmsProp, kRmsPropGraves };

struct OptimizerConfig {
  OptimizerKind kind = OptimizerKind::kSgd;
  double momentum = 0;
  double beta1 = 0.9, beta2 = 0.999;  // Adam
  double rho = 0.99;                  // RMSProp
  double epsilon = 1e-8;
  double weight_decay = 0;
  double clip_norm = 0;  // > 0: gradients are scaled so that their joint L2 norm is at most this
};

const std::vector<std::string>& optimizer_names();       // "sgd", "nesterov", "adam", "rmsprop", "rmsprop-graves"
OptimizerKind parse_optimizer(const std::string& name);  // throws Error(kUsage)
std::string optimizer_name(OptimizerKind kind);

class Optimizer {
 public:
  // State of one parameter, by the name it has in files: "momentum", "m", "v", "cache", "mean".
  struct Slot {
    std::string name;
    Parameter* parameter;
    Tensor value;
  };

  Optimizer(std::vector<Parameter*> parameters, OptimizerConfig config);

  // One update with the gradients as they stand; parameters without a gradient or with needs_grad off stay as they are.
  // Clears the gradients.
  void step(double learning_rate);

  const std::vector<Parameter*>& parameters() const { return parameters_; }
  const OptimizerConfig& config() const { return config_; }
  int64_t steps() const { return steps_; }
  void set_steps(int64_t steps) { steps_ = steps; }
  std::vector<Slot>& slots() { return slots_; }
  const std::vector<Slot>& slots() const { return slots_; }

 private:
  void clip();
  void update(size_t index, double learning_rate);

  std::vector<Parameter*> parameters_;
  OptimizerConfig config_;
  std::vector<Slot> slots_;  // the same number in a row for each parameter
  size_t slots_per_parameter_ = 0;
  int64_t steps_ = 0;
};

}  // namespace fovea::nn
