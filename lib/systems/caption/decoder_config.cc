#include "systems/caption/decoder_config.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::caption {
namespace {

template <typename E>
E parse_name(const std::vector<std::string>& names, const std::string& name, const std::string& place) {
  const auto it = std::find(names.begin(), names.end(), name);
  if (it == names.end()) fail_data(place, join(names, " | "), fmt::format("'{}'", printable(name)));
  return static_cast<E>(it - names.begin());
}

bool flag(const io::Json& json, const char* key, const std::string& place) {
  if (!json.contains(key) || !json[key].is_boolean())
    fail_data(place + ": " + key, "true or false", json.contains(key) ? json[key].dump() : "nothing");
  return json[key].get<bool>();
}

}  // namespace

const std::vector<std::string>& attention_names() {
  static const std::vector<std::string> names{"soft", "hard", "none", "none-init", "blind"};
  return names;
}

const std::vector<std::string>& gate_names() {
  static const std::vector<std::string> names{"none", "scalar", "vector"};
  return names;
}

AttentionMode parse_attention(const std::string& name, const std::string& place) {
  return parse_name<AttentionMode>(attention_names(), name, place);
}
GateKind parse_gate(const std::string& name, const std::string& place) {
  return parse_name<GateKind>(gate_names(), name, place);
}

void check_config(const DecoderConfig& config) {
  const auto within = [](const char* what, int64_t value, int64_t low, int64_t high) {
    if (value < low || value > high) fail(ErrorKind::kUsage, "{}: expected {}..{}, found {}", what, low, high, value);
  };
  constexpr int64_t kLargest = 65536;
  within("vocabulary", config.vocabulary, 2, 1 << 24);
  within("embedding", config.embedding, 1, kLargest);
  within("hidden", config.hidden, 1, kLargest);
  within("attention units", config.units, 1, kLargest);
  within("annotation", config.annotation, 1, kLargest);
  within("places", config.places, 1, kLargest);
  within("attention layers", config.attention_layers, 1, 3);
  within("init layers", config.init_layers, 1, 8);
  within("output layers", config.output_layers, 1, 8);
  if (!(config.dropout >= 0 && config.dropout < 1))
    fail(ErrorKind::kUsage, "dropout: expected 0 <= x < 1, found {}", config.dropout);
  if (!(config.temperature > 0))
    fail(ErrorKind::kUsage, "temperature: expected a number above 0, found {}", config.temperature);
}

std::string config_json(const DecoderConfig& config) {
  io::Json json;
  json["attention"] = attention_names()[static_cast<size_t>(config.attention)];
  json["gate"] = gate_names()[static_cast<size_t>(config.gate)];
  json["attention_activation"] = config.attention_activation == ops::Activation::kRelu ? "relu" : "tanh";
  json["deep_output"] = config.deep_output_tanh ? "tanh" : "linear";
  json["previous_to_output"] = config.previous_to_output;
  json["context_to_output"] = config.context_to_output;
  json["vocabulary"] = config.vocabulary;
  json["embedding"] = config.embedding;
  json["hidden"] = config.hidden;
  json["units"] = config.units;
  json["annotation"] = config.annotation;
  json["places"] = config.places;
  json["attention_layers"] = config.attention_layers;
  json["init_layers"] = config.init_layers;
  json["output_layers"] = config.output_layers;
  json["temperature"] = config.temperature;
  json["dropout"] = config.dropout;
  json["forget_bias"] = config.forget_bias;
  json["first_input"] = "zero";  // the first step's input is the zero vector, not a start token
  return io::canonical_json(json);
}

DecoderConfig parse_config(const std::string& source, const std::string& place) {
  const io::Json json = io::parse_json(source, place);
  if (!json.is_object()) fail_data(place, "a JSON object", json.dump().substr(0, 40));
  DecoderConfig config;
  config.attention = parse_attention(io::json_text(json, "attention", place), place + ": attention");
  config.gate = parse_gate(io::json_text(json, "gate", place), place + ": gate");
  config.attention_activation =
      io::json_text(json, "attention_activation", place) == "relu" ? ops::Activation::kRelu : ops::Activation::kTanh;
  config.deep_output_tanh = io::json_text(json, "deep_output", place) == "tanh";
  config.previous_to_output = flag(json, "previous_to_output", place);
  config.context_to_output = flag(json, "context_to_output", place);
  config.vocabulary = io::json_int(json, "vocabulary", place);
  config.embedding = io::json_int(json, "embedding", place);
  config.hidden = io::json_int(json, "hidden", place);
  config.units = io::json_int(json, "units", place);
  config.annotation = io::json_int(json, "annotation", place);
  config.places = io::json_int(json, "places", place);
  config.attention_layers = io::json_int(json, "attention_layers", place);
  config.init_layers = io::json_int(json, "init_layers", place);
  config.output_layers = io::json_int(json, "output_layers", place);
  config.temperature = io::json_number(json, "temperature", place);
  config.dropout = io::json_number(json, "dropout", place);
  config.forget_bias = io::json_number(json, "forget_bias", place);
  if (io::json_text(json, "first_input", place) != "zero")
    fail_data(place + ": first_input", "\"zero\"", json["first_input"].dump());
  try {
    check_config(config);
  } catch (const Error& error) {
    fail_data(place, "a decoder this program can build", error.what());
  }
  return config;
}

std::vector<PartCost> decoder_costs(const DecoderConfig& c) {
  const int64_t n = c.hidden, m = c.embedding, d = c.annotation, k = c.units, v = c.vocabulary;
  const int64_t context = c.has_context() ? d : 0;
  std::vector<PartCost> out;
  const int64_t lstm = 4 * n * (m + n + context);
  out.push_back({"lstm", lstm + 4 * n, lstm, 0});
  const int64_t deep = n * m + (c.context_to_output ? context * m : 0) + (c.output_layers - 1) * m * m;
  const int64_t deep_biases = m + (c.context_to_output && context > 0 ? m : 0) + (c.output_layers - 1) * m;
  out.push_back({"embedding and output", v * m + deep + deep_biases + m * v + v, deep + m * v, 0});
  const bool blind = c.attention == AttentionMode::kBlind;
  const int64_t init = blind ? 0 : (c.init_layers - 1) * d * d + 2 * d * n;
  out.push_back({"init", init + (blind ? 0 : (c.init_layers - 1) * d) + 2 * n, 0, init});
  if (c.attends()) {
    const int64_t projection = d * k + (c.attention_layers - 1) * k * k;
    out.push_back({"attention", projection + c.attention_layers * k + n * k + k + 1, n * k + c.places * (k + d),
                   c.places * projection});
  }
  if (c.has_context() && c.gate != GateKind::kNone) {
    const int64_t gates = c.gate == GateKind::kScalar ? 1 : d;
    out.push_back({"gate", gates * (n + 1), gates * n + d, 0});
  }
  return out;
}

}  // namespace fovea::caption
