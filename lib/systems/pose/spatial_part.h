// The spatial model as a part of an estimator: its graph, parameters, and how they are tied.   Tompson et al. 2014,
// section 3.2; spec pose-estimation, sections 4 to 6
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/ops/spatial.h"
#include "data/joints.h"
#include "nn/layer.h"
#include "systems/pose/displacements.h"

namespace fovea::pose {

struct SpatialSettings {
  double beta = 1, eps = 1e-3;
  int64_t radius = 64;        // cells
  bool torso = false;         // the torso's map is evidence too, the last part
  std::string edges = "all";  // all, no-self, or a list A|v,A|v; names without a side mean both sides
  bool mirror_tie = false;    // k_{A|v}[dy,dx] = k_{A'|v'}[dy,-dx], ' = left and right exchanged
};

// What a message is without evidence, by its sender: the part itself, another, the torso. 0 < x < 1.
struct Backgrounds {
  double own = 0.01, other = 0.5, torso = 0.1;
};

class SpatialPart {
 public:
  // Parameters are unset: see set_priors and kernel(). Throws Error(kUsage) for edges that name no joint.
  SpatialPart(const data::JointSet& joints, const SpatialSettings& settings);

  const SpatialSettings& settings() const { return settings_; }
  int64_t outputs() const { return joints_.count(); }
  int64_t parts() const { return joints_.count() + (settings_.torso ? 1 : 0); }
  std::string part_name(int64_t v) const { return v < outputs() ? joints_.joints[static_cast<size_t>(v)] : "torso"; }
  bool has_edge(int64_t a, int64_t v) const {
    return config_.edges.empty() || config_.edges[static_cast<size_t>(a * parts() + v)] != 0;
  }

  // Evidence [N,h,w,parts()] -> maps [N,h,w,outputs()]. Throws Error(kDiverged) naming the joint.
  Var forward(const Var& evidence) const;
  void set_form(ops::SpatialForm form) { config_.form = form; }

  // Kernels from displacements and biases softplus(b) = background; a message at the truth and its background sum to 1.
  void set_priors(const DisplacementPriors& priors, const Backgrounds& backgrounds);
  // softplus(bias) of a pair
  double background(int64_t a, int64_t v) const;

  nn::Parameter& kernel() { return kernel_; }  // [A,V,2R+1,2R+1]
  nn::Parameter& bias() { return bias_; }      // [A,V]
  const nn::Parameter& kernel() const { return kernel_; }
  const nn::Parameter& bias() const { return bias_; }

  // With mirror_tie: both gradients of a mirrored pair become their sum, so that equal steps keep them mirrored. A pair
  // that is its own mirror image becomes symmetric.
  void tie_gradients();
  void tie_values();  // makes them mirrored (their mean)

 private:
  int64_t mirrored_part(int64_t v) const;
  void tie(Tensor& kernel, Tensor& bias, double factor);

  data::JointSet joints_;
  SpatialSettings settings_;
  std::vector<int32_t> mirror_;
  ops::SpatialConfig config_;
  bool no_self_ = false;
  nn::Parameter kernel_, bias_;
};

}  // namespace fovea::pose
