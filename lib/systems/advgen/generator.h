// The network that draws perturbations: of Lee et al. 2017 (from the classifier's gradient) and of Poursaeed et al.
// 2018 (from the image, or one universal perturbation from fixed noise).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/checkpoint_file.h"
#include "nn/network.h"
#include "systems/advgen/gradient_input.h"

namespace fovea::advgen {

enum class GeneratorSource {
  kGradient,          // Delta (Lee et al.)
  kImage,             // the picture, in -1..1 (Poursaeed et al., image-dependent)
  kGradientAndImage,  // channels side by side, the picture first (Jiang et al. 2021)
  kNoise,             // one noise picture for all: a universal perturbation
};
enum class PerturbationBound {
  kNone,        // scale * tanh(raw): only the cost c_g ||G||^2 holds it small
  kTanh,        // epsilon * tanh(raw): Linf by construction
  kShrinkLinf,  // scale * tanh(raw), shrunk into the ball per image: min(1, epsilon / norm)
  kShrinkL2,
};

struct GeneratorSettings {
  GeneratorSource source = GeneratorSource::kGradient;
  GradientNorm gradient_norm = GradientNorm::kRms;
  bool predicted_labels = false;  // Delta of the predicted class instead of the true one
  PerturbationBound bound = PerturbationBound::kNone;
  double epsilon = 0;  // of the bound
  double scale = 1;
  bool by_channel = false;  // shrink each channel on its own (the code of Poursaeed et al.)
  bool clip = true;         // x + delta to [0,1], the gradient passing where unclipped

  ops::Norm norm() const { return bound == PerturbationBound::kShrinkL2 ? ops::Norm::kL2 : ops::Norm::kLinf; }
};

// Names for options and files.
const std::vector<std::string>& generator_source_names();  // grad image grad+image noise
GeneratorSource parse_generator_source(const std::string& name);
std::string settings_json(const GeneratorSettings& settings);
GeneratorSettings parse_settings(const std::string& json, const std::string& origin);  // throws Error(kData)

// Channels that the network reads for pictures of `channels`.
int64_t input_channels(GeneratorSource source, int64_t channels);

class Generator {
 public:
  // Throws Error(kData) if the network does not map [H,W,input_channels] to [H,W,channels] (or as many values).
  // `channels` of the pictures; `noise` [1,H,W,channels] in -1..1 for kNoise, else undefined.
  Generator(nn::Network network, GeneratorSettings settings, int64_t channels, Tensor noise = {});

  // What the network reads for these pictures; for kNoise one row, whatever the batch.
  struct Input {
    Tensor values;
    std::optional<GradientInput> gradient;  // if the source needs one
  };
  Input input(const Victim& victim, const Tensor& x, std::span<const int32_t> labels) const;

  // delta = G(input), [N,H,W,C] like x.
  Var perturbation(const Tensor& input, const Shape& x, const nn::PassContext& context) const;
  // clip(x + G(input)) without a tape, G in inference mode.
  Tensor adversarial(const Victim& victim, const Tensor& x, std::span<const int32_t> labels) const;

  nn::Network& network() const { return network_; }
  const GeneratorSettings& settings() const { return settings_; }
  const Tensor& noise() const { return noise_; }

 private:
  mutable nn::Network network_;
  GeneratorSettings settings_;
  int64_t channels_;
  Tensor noise_;
};

// The universal source: uniform numbers of (seed), [1,H,W,C] in -1..1.
Tensor generator_noise(uint64_t seed, int64_t height, int64_t width, int64_t channels);

// The perturbed pictures: x + delta, clipped if the settings say so.
Var perturbed(const Tensor& x, const Var& delta, bool clip);

}  // namespace fovea::advgen
