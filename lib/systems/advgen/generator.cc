#include "systems/advgen/generator.h"

#include <algorithm>
#include <array>

#include "autograd/ops/activation.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::advgen {
namespace {

const std::vector<std::string>& bound_names() {
  static const std::vector<std::string> names{"none", "tanh", "shrink-linf", "shrink-l2"};
  return names;
}

// The index of json[key] among `names`.
size_t name_index(const io::Json& json, const char* key, const std::vector<std::string>& names,
                  const std::string& origin) {
  const io::Json value = json.value(key, io::Json());
  const auto it = value.is_string() ? std::find(names.begin(), names.end(), value.get<std::string>()) : names.end();
  if (it == names.end()) fail_data(origin + ": generator: " + key, join(names, " | "), printable(value.dump()));
  return static_cast<size_t>(it - names.begin());
}

double number_in(const io::Json& json, const char* key, double low, double high, const std::string& origin) {
  const io::Json value = json.value(key, io::Json());
  if (!value.is_number() || !(value.get<double>() >= low) || !(value.get<double>() <= high)) {
    fail_data(origin + ": generator: " + key, fmt::format("{}..{}", format_number(low), format_number(high)),
              printable(value.dump()));
  }
  return value.get<double>();
}

bool flag_in(const io::Json& json, const char* key, const std::string& origin) {
  const io::Json value = json.value(key, io::Json());
  if (!value.is_boolean()) fail_data(origin + ": generator: " + key, "true or false", printable(value.dump()));
  return value.get<bool>();
}

Tensor centred(const Tensor& x) {
  const NoGrad no_grad;
  return ops::scale(Var(x), 2, -1).value();
}

}  // namespace

const std::vector<std::string>& generator_source_names() {
  static const std::vector<std::string> names{"grad", "image", "grad+image", "noise"};
  return names;
}

GeneratorSource parse_generator_source(const std::string& name) {
  const auto& names = generator_source_names();
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end())
    fail(ErrorKind::kUsage, "--gen-input: expected {}, found '{}'", join(names, " | "), printable(name));
  return static_cast<GeneratorSource>(it - names.begin());
}

std::string settings_json(const GeneratorSettings& settings) {
  io::Json json;
  json["source"] = generator_source_names()[static_cast<size_t>(settings.source)];
  json["gradient_norm"] = gradient_norm_names()[static_cast<size_t>(settings.gradient_norm)];
  json["predicted_labels"] = settings.predicted_labels;
  json["bound"] = bound_names()[static_cast<size_t>(settings.bound)];
  json["epsilon"] = settings.epsilon;
  json["scale"] = settings.scale;
  json["by_channel"] = settings.by_channel;
  json["clip"] = settings.clip;
  return io::canonical_json(json);
}

GeneratorSettings parse_settings(const std::string& text, const std::string& origin) {
  const io::Json json = io::parse_json(text, origin + ": generator");
  if (!json.is_object()) fail_data(origin + ": generator", "a JSON object", printable(text));
  GeneratorSettings settings;
  settings.source = static_cast<GeneratorSource>(name_index(json, "source", generator_source_names(), origin));
  settings.gradient_norm = static_cast<GradientNorm>(name_index(json, "gradient_norm", gradient_norm_names(), origin));
  settings.predicted_labels = flag_in(json, "predicted_labels", origin);
  settings.bound = static_cast<PerturbationBound>(name_index(json, "bound", bound_names(), origin));
  settings.epsilon = number_in(json, "epsilon", 0, 1e6, origin);
  settings.scale = number_in(json, "scale", 0, 1e6, origin);
  settings.by_channel = flag_in(json, "by_channel", origin);
  settings.clip = flag_in(json, "clip", origin);
  if (settings.bound != PerturbationBound::kNone && settings.epsilon <= 0) {
    fail_data(origin + ": generator: epsilon", "above 0, the radius of the bound", format_number(settings.epsilon));
  }
  return settings;
}

int64_t input_channels(GeneratorSource source, int64_t channels) {
  return source == GeneratorSource::kGradientAndImage ? 2 * channels : channels;
}

Generator::Generator(nn::Network network, GeneratorSettings settings, int64_t channels, Tensor noise)
    : network_(std::move(network)), settings_(settings), channels_(channels), noise_(std::move(noise)) {
  const nn::InputSpec& in = network_.input();
  const int64_t wanted = input_channels(settings_.source, channels_);
  const std::string& origin = network_.text().origin;
  if (in.channels != wanted) {
    fail_data(origin + ": input", fmt::format("{} channels for this source", wanted), std::to_string(in.channels));
  }
  const int64_t pixels = in.height * in.width * channels_;
  if (network_.output_shape().shape.count() != pixels) {
    fail_data(origin + ": output", fmt::format("a perturbation [{},{},{}]", in.height, in.width, channels_),
              network_.output_shape().shape.text());
  }
  if (settings_.source == GeneratorSource::kNoise) {
    FOVEA_CHECK(noise_.defined() && noise_.count() == pixels, "a universal generator without its noise");
  }
}

Generator::Input Generator::input(const Victim& victim, const Tensor& x, std::span<const int32_t> labels) const {
  if (settings_.source == GeneratorSource::kNoise) return {noise_, std::nullopt};
  if (settings_.source == GeneratorSource::kImage) return {centred(x), std::nullopt};
  std::vector<int32_t> guessed;
  if (settings_.predicted_labels) labels = guessed = predictions(victim.logits(x));
  GradientInput gradient = gradient_input(victim, x, labels, settings_.gradient_norm);
  Tensor values = gradient.delta;
  if (settings_.source == GeneratorSource::kGradientAndImage) {
    const NoGrad no_grad;
    values = ops::concat({Var(centred(x)), Var(gradient.delta)}).value();
  }
  return {std::move(values), std::move(gradient)};
}

Var Generator::perturbation(const Tensor& input, const Shape& x, const nn::PassContext& context) const {
  Shape rows = x;
  rows[0] = input.extent(0);
  const Var raw = ops::tanh(ops::reshape(network_.forward(Var(input), context), rows));
  const bool bounded = settings_.bound == PerturbationBound::kTanh;
  Var delta = ops::scale(raw, bounded ? settings_.epsilon : settings_.scale);
  if (settings_.bound == PerturbationBound::kShrinkLinf || settings_.bound == PerturbationBound::kShrinkL2) {
    delta = ops::shrink_to_ball(delta, settings_.norm(), settings_.epsilon, settings_.by_channel);
  }
  return rows[0] == x[0] ? delta : ops::repeat_rows(delta, x[0]);
}

Tensor Generator::adversarial(const Victim& victim, const Tensor& x, std::span<const int32_t> labels) const {
  const Input read = input(victim, x, labels);
  const NoGrad no_grad;
  return perturbed(x, perturbation(read.values, x.shape(), nn::PassContext::inference()), settings_.clip).value();
}

Tensor generator_noise(uint64_t seed, int64_t height, int64_t width, int64_t channels) {
  Tensor noise = Tensor::empty({1, height, width, channels});
  Rng rng(seed, RngPurpose::kGenerator);
  for (float& value : noise.span<float>()) value = static_cast<float>(rng.uniform(-1, 1));
  return noise;
}

Var perturbed(const Tensor& x, const Var& delta, bool clip) {
  const Var moved = ops::add(Var(x), delta);
  return clip ? ops::clamp(moved, 0, 1) : moved;
}

}  // namespace fovea::advgen
