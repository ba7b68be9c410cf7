#include "systems/advgen/adversary_model.h"

#include <charconv>

#include "base/error.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::advgen {
namespace {

constexpr const char* kNoiseLayer = "noise";  // on disk: do not change
constexpr const char* kNoiseName = "z";

uint64_t parse_seed(const std::string& text, const std::string& origin) {
  uint64_t seed = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), seed);
  if (error != std::errc{} || end != text.data() + text.size()) {
    fail_data(origin + ": adversary/settings: seed", "a whole number", printable(text));
  }
  return seed;
}

Adversary parse_adversary(const io::Json& json, const std::string& path) {
  const std::string origin = path + ": adversary/settings";
  Adversary adversary;
  adversary.method = io::json_text(json, "method", origin);
  adversary.norm = io::json_text(json, "norm", origin);
  adversary.epsilon = io::json_number(json, "epsilon", origin);
  adversary.target = io::json_int(json, "target", origin);
  adversary.seed = parse_seed(io::json_text(json, "seed", origin), path);
  return adversary;
}

Tensor stored_noise(const io::CheckpointData& data, const nn::InputSpec& input, const std::string& origin) {
  const Shape shape{1, input.height, input.width, input.channels};
  for (const auto& array : data.adversary.arrays) {
    if (array.layer != kNoiseLayer) continue;
    if (static_cast<int64_t>(array.values.size()) == shape.count()) return Tensor::from<float>(shape, array.values);
    fail_data(origin + ": adversary/generator/noise/z", shape.text(), fmt::format("{} values", array.values.size()));
  }
  fail_data(origin + ": adversary/generator/noise/z", "the noise of a universal generator", "nothing");
}

}  // namespace

AdversaryModel load_adversary_model(const std::string& path) {
  const io::CheckpointData data = io::read_checkpoint(path, {true, false, false});
  AdversaryModel out{train::make_model(data, path), std::nullopt, std::nullopt};
  if (data.adversary.settings_json.empty()) return out;
  const io::Json json = io::parse_json(data.adversary.settings_json, path + ": adversary/settings");
  if (!json.is_object()) fail_data(path + ": adversary/settings", "a JSON object", printable(json.dump()));
  out.adversary = parse_adversary(json, path);
  if (data.adversary.network.empty()) return out;
  const auto settings = parse_settings(io::canonical_json(json.value("generator", io::Json())), path);
  nn::Network network(nn::parse_net(data.adversary.network, path + ": adversary/network"));
  Tensor noise;
  if (settings.source == GeneratorSource::kNoise) noise = stored_noise(data, network.input(), path);
  out.generator.emplace(std::move(network), settings, out.model.preprocess.channels, noise);
  restore_generator(*out.generator, data, path);
  const nn::InputSpec& input = out.generator->network().input();
  if (input.height != out.model.preprocess.height || input.width != out.model.preprocess.width) {
    fail_data(path + ": adversary/network: input",
              fmt::format("{}x{} as the classifier's", out.model.preprocess.height, out.model.preprocess.width),
              fmt::format("{}x{}", input.height, input.width));
  }
  return out;
}

void store_adversary(const Adversary& adversary, const Generator* generator, io::CheckpointData& data) {
  io::Json json;
  json["method"] = adversary.method;
  json["norm"] = adversary.norm;
  json["epsilon"] = adversary.epsilon;
  json["seed"] = std::to_string(adversary.seed);
  json["target"] = adversary.target;
  data.adversary = {};
  if (generator != nullptr) {
    json["generator"] = io::parse_json(settings_json(generator->settings()), "generator");
    data.adversary.network = nn::print_net(generator->network().text());
    data.adversary.arrays = train::stored_arrays(generator->network());
    if (const Tensor& z = generator->noise(); z.defined()) {
      const auto extents = z.shape().extents();
      const auto values = z.span<float>();
      data.adversary.arrays.push_back(
          {kNoiseLayer, kNoiseName, {extents.begin(), extents.end()}, {values.begin(), values.end()}});
    }
  }
  data.adversary.settings_json = io::canonical_json(json);
}

void restore_generator(Generator& generator, const io::CheckpointData& data, const std::string& origin) {
  const std::string place = origin + ": adversary/generator";
  std::vector<io::NamedArray> arrays = data.adversary.arrays;
  std::erase_if(arrays, [](const io::NamedArray& array) { return array.layer == kNoiseLayer; });
  generator.network().import_arrays(train::network_arrays(arrays, place), place);
}

}  // namespace fovea::advgen
