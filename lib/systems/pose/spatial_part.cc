#include "systems/pose/spatial_part.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/activation.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "base/text.h"
#include "tensor/kernels/reference_spatial.h"

namespace fovea::pose {
namespace {

// Joints that a word of --edges means: the name, or left_ and right_ of it.
std::vector<int64_t> named(const data::JointSet& joints, const std::string& word, bool torso) {
  std::vector<int64_t> out;
  for (const std::string& name : {word, "left_" + word, "right_" + word}) {
    if (const int32_t at = joints.find(name); at >= 0) out.push_back(at);
  }
  if (torso && word == "torso") out.push_back(joints.count());
  if (out.empty()) {
    const std::string near = nearest(word, joints.joints);
    throw Error(ErrorKind::kUsage, fmt::format("--edges: no joint '{}'", printable(word)),
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  return out;
}

bool other_sides(const std::string& a, const std::string& b) {
  return (a.starts_with("left_") && b.starts_with("right_")) || (a.starts_with("right_") && b.starts_with("left_"));
}

}  // namespace

SpatialPart::SpatialPart(const data::JointSet& joints, const SpatialSettings& settings)
    : joints_(joints), settings_(settings), mirror_(joints.mirrored()) {
  config_.beta = settings.beta;
  config_.eps = settings.eps;
  const int64_t size = 2 * settings.radius + 1;
  if (settings.edges != "all") {
    no_self_ = settings.edges == "no-self";
    config_.edges.assign(static_cast<size_t>(outputs() * parts()), no_self_ ? 1 : 0);
    for (int64_t a = 0; a < outputs(); ++a) config_.edges[static_cast<size_t>(a * parts() + a)] = no_self_ ? 0 : 1;
    if (!no_self_) {
      for (const std::string& edge : split(settings.edges, ',')) {
        const auto ends = split(edge, '|');
        if (ends.size() != 2)
          fail(ErrorKind::kUsage, "--edges: expected all, no-self or A|B,A|B.., found '{}'", printable(edge));
        for (const int64_t a : named(joints, ends[0], false)) {
          for (const int64_t v : named(joints, ends[1], settings.torso)) {
            const bool sides_said = ends[0] == part_name(a) || ends[1] == part_name(v);
            if (!sides_said && other_sides(part_name(a), part_name(v))) continue;
            config_.edges[static_cast<size_t>(a * parts() + v)] = 1;
          }
        }
      }
    }
  }
  kernel_ = {"spatial", "kernel", Var(Tensor::zeros({outputs(), parts(), size, size}), true), 1, 0};
  bias_ = {"spatial", "bias", Var(Tensor::zeros({outputs(), parts()}), true), 1, 0};
}

Var SpatialPart::forward(const Var& evidence) const {
  Var maps;
  try {
    maps = ops::spatial_model(evidence, kernel_.var, bias_.var, config_);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kDiverged) throw;
    const auto words = split(error.what(), ' ');  // "spatial model: output 3: ..."
    const auto output = words.size() > 3 ? parse_int(words[3].substr(0, words[3].size() - 1)) : std::nullopt;
    throw Error(ErrorKind::kDiverged, fmt::format("{} ({})", error.what(), output ? part_name(*output) : "?"),
                error.hint());
  }
  if (!no_self_) return maps;
  // The part's own evidence, max(e, eps), instead of a message from it.
  const Var own = parts() == outputs() ? evidence : ops::slice_channels(evidence, 0, outputs());
  return ops::multiply(maps, ops::scale(ops::relu(ops::scale(own, 1, -settings_.eps)), 1, settings_.eps));
}

void SpatialPart::set_priors(const DisplacementPriors& priors, const Backgrounds& backgrounds) {
  FOVEA_CHECK(priors.outputs == outputs() && priors.parts == parts() && priors.size == 2 * settings_.radius + 1,
              "priors of another shape");
  float *kernel = kernel_.var.mutable_value().data<float>(), *bias = bias_.var.mutable_value().data<float>();
  const int64_t cells = priors.size * priors.size;
  for (int64_t pair = 0; pair < outputs() * parts(); ++pair) {
    const int64_t a = pair / parts(), v = pair % parts();
    const double background = v >= outputs() ? backgrounds.torso : v == a ? backgrounds.own : backgrounds.other;
    for (int64_t i = pair * cells; i < (pair + 1) * cells; ++i)
      kernel[i] = static_cast<float>(priors.energy(i, 1 - background));
    bias[pair] = static_cast<float>(inverse_softplus(background, settings_.beta));
  }
  if (settings_.mirror_tie) tie_values();
}

double SpatialPart::background(int64_t a, int64_t v) const {
  return kernels::reference::softplus(static_cast<double>(bias_.var.value().data<float>()[a * parts() + v]),
                                      settings_.beta);
}

int64_t SpatialPart::mirrored_part(int64_t v) const { return v < outputs() ? mirror_[static_cast<size_t>(v)] : v; }

void SpatialPart::tie(Tensor& kernel, Tensor& bias, double factor) {
  const int64_t size = 2 * settings_.radius + 1, cells = size * size;
  float *k = kernel.data<float>(), *b = bias.data<float>();
  const auto scale = static_cast<float>(factor);
  for (int64_t a = 0; a < outputs(); ++a) {
    for (int64_t v = 0; v < parts(); ++v) {
      const int64_t pair = a * parts() + v, other = mirrored_part(a) * parts() + mirrored_part(v);
      if (other < pair) continue;
      float *here = k + pair * cells, *there = k + other * cells;
      for (int64_t y = 0; y < size; ++y) {
        for (int64_t x = 0; x < size; ++x) {
          const int64_t i = y * size + x, j = y * size + size - 1 - x;
          if (pair == other && j <= i) continue;  // its own mirror image: the middle column stands for itself
          here[i] = there[j] = scale * (here[i] + there[j]);
        }
      }
      if (pair != other) b[pair] = b[other] = scale * (b[pair] + b[other]);
    }
  }
}

void SpatialPart::tie_gradients() {
  if (!settings_.mirror_tie || !kernel_.var.grad().defined()) return;
  tie(kernel_.var.mutable_grad(), bias_.var.mutable_grad(), 1);
}

void SpatialPart::tie_values() { tie(kernel_.var.mutable_value(), bias_.var.mutable_value(), 0.5); }

}  // namespace fovea::pose
