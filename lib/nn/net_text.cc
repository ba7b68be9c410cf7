#include "nn/net_text.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace fovea::nn {
namespace {

constexpr std::string_view kHeader = "fovea-net 1";
constexpr size_t kMaxBytes = 1 << 20, kMaxLayers = 10000;
const std::set<std::string_view> kParameterNames = {"weight", "bias",         "gamma",      "beta",
                                                    "factor", "running_mean", "running_var"};

[[noreturn]] void fail_line(const std::string& origin, int line, const std::string& what, std::string hint = {}) {
  throw Error(ErrorKind::kData, fmt::format("{}:{}: {}", origin, line, what), std::move(hint));
}

bool is_name(std::string_view text) {
  constexpr std::string_view kAllowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./";
  return !text.empty() && text.size() <= 128 && text.find_first_not_of(kAllowed) == std::string_view::npos &&
         text.front() != '/' && text.back() != '/' && text != "." && text != "..";
}

std::vector<std::string> words(std::string_view line) {
  std::vector<std::string> out;
  for (const auto& word : split(line.substr(0, line.find('#')), ' ')) {
    for (const auto& part : split(word, '\t')) {
      if (!trim(part).empty()) out.emplace_back(trim(part));
    }
  }
  return out;
}

void parse_inputs(const std::string& origin, LayerLine& layer, const std::string& value) {
  layer.inputs = split(value, ',');
  for (const auto& input : layer.inputs) {
    if (!is_name(input))
      fail_line(origin, layer.line, fmt::format("in: expected layer names, found '{}'", printable(value)));
  }
}

LayerLine parse_layer(const std::string& origin, int line, const std::vector<std::string>& parts,
                      const std::string& before) {
  LayerLine layer;
  layer.kind = parts[0];
  layer.line = line;
  bool has_inputs = false;
  for (size_t i = 1; i < parts.size(); ++i) {
    const auto equals = parts[i].find('=');
    if (equals == std::string::npos || equals == 0 || equals + 1 == parts[i].size()) {
      fail_line(origin, line, fmt::format("expected key=value, found '{}'", printable(parts[i])));
    }
    const std::string key = parts[i].substr(0, equals), value = parts[i].substr(equals + 1);
    const bool twice =
        layer.find(key) != nullptr || (key == "name" && !layer.name.empty()) || (key == "in" && has_inputs);
    if (twice) fail_line(origin, line, fmt::format("key '{}' is given twice", printable(key)));
    if (key == "name") {
      if (!is_name(value))
        fail_line(origin, line, fmt::format("name: expected letters, digits, _ - . /, found '{}'", printable(value)));
      layer.name = value;
    } else if (key == "in") {
      parse_inputs(origin, layer, value);
      has_inputs = true;
    } else {
      layer.keys.emplace_back(key, value);
    }
  }
  if (layer.name.empty()) fail_line(origin, line, fmt::format("'{}' has no name=", printable(layer.kind)));
  if (layer.kind != "input" && !has_inputs && !before.empty()) layer.inputs = {before};
  return layer;
}

}  // namespace

const std::string* LayerLine::find(std::string_view key) const {
  for (const auto& [name_of_key, value] : keys) {
    if (name_of_key == key) return &value;
  }
  return nullptr;
}

void LayerLine::set(std::string_view key, std::string value) {
  for (auto& [name_of_key, old] : keys) {
    if (name_of_key == key) {
      old = std::move(value);
      return;
    }
  }
  keys.emplace_back(key, std::move(value));
}

void LayerLine::erase(std::string_view key) {
  std::erase_if(keys, [&](const auto& pair) { return pair.first == key; });
}

const LayerLine* NetText::find(std::string_view name) const {
  const auto it =
      std::find_if(layers.begin(), layers.end(), [&](const LayerLine& layer) { return layer.name == name; });
  return it == layers.end() ? nullptr : &*it;
}

void check_graph(const NetText& net) {
  std::vector<std::string> known;
  std::set<std::string> used;
  if (net.layers.empty()) fail(ErrorKind::kData, "{}: expected layers, found none", net.origin);
  for (const LayerLine& layer : net.layers) {
    if (std::find(known.begin(), known.end(), layer.name) != known.end()) {
      fail_line(net.origin, layer.line, fmt::format("layer name '{}' is used twice", layer.name));
    }
    const bool is_input = layer.kind == "input";
    if (is_input != known.empty()) {
      fail_line(net.origin, layer.line,
                is_input ? "a network has one input line, and it comes first" : "the first layer must be 'input'");
    }
    for (const auto& input : layer.inputs) {
      if (std::find(known.begin(), known.end(), input) == known.end()) {
        const std::string near = nearest(input, known);
        fail_line(net.origin, layer.line, fmt::format("in: no layer '{}' above this line", printable(input)),
                  near.empty() ? "" : fmt::format("did you mean '{}'?", near));
      }
      used.insert(input);
    }
    known.push_back(layer.name);
  }
  // "a/weight" beside "a" would be one name in a checkpoint for a layer and for a parameter.
  for (const LayerLine& layer : net.layers) {
    const auto slash = layer.name.rfind('/');
    const bool is_parameter =
        slash != std::string::npos && kParameterNames.contains(std::string_view(layer.name).substr(slash + 1));
    if (is_parameter && net.find(std::string_view(layer.name).substr(0, slash)) != nullptr) {
      fail_line(
          net.origin, layer.line,
          fmt::format("layer name '{}' is that of a parameter of layer '{}'", layer.name, layer.name.substr(0, slash)));
    }
  }
  for (const LayerLine& layer : net.layers) {
    if (&layer != &net.layers.back() && !used.contains(layer.name)) {
      fail_line(net.origin, layer.line,
                fmt::format("layer '{}' does not lead to the output '{}'", layer.name, net.layers.back().name));
    }
  }
}

NetText parse_net(std::string_view text, const std::string& origin) {
  if (text.size() > kMaxBytes)
    fail_data(origin, "a network text of at most 1 MiB", format_bytes(static_cast<double>(text.size())));
  NetText net;
  net.origin = origin;
  bool seen_header = false;
  int number = 0;
  for (const auto& line : split(text, '\n')) {
    ++number;
    const auto parts = words(line);
    if (parts.empty()) continue;
    if (!seen_header) {
      if (join(parts, " ") != kHeader) {
        fail_data(fmt::format("{}:{}", origin, number), fmt::format("'{}' as the first line", kHeader),
                  fmt::format("'{}'", printable(line)));
      }
      seen_header = true;
      continue;
    }
    if (net.layers.size() == kMaxLayers) fail_line(origin, number, "more than 10000 layers");
    net.layers.push_back(parse_layer(origin, number, parts, net.layers.empty() ? "" : net.layers.back().name));
  }
  if (!seen_header) fail_data(origin, fmt::format("'{}' as the first line", kHeader), "an empty text");
  check_graph(net);
  return net;
}

std::string print_net(const NetText& net) {
  std::string out = std::string(kHeader) + "\n";
  std::string before;
  for (const LayerLine& layer : net.layers) {
    out += fmt::format("{} name={}", layer.kind, layer.name);
    if (layer.kind != "input" && layer.inputs != std::vector<std::string>{before})
      out += " in=" + join(layer.inputs, ",");
    for (const auto& [key, value] : layer.keys) out += fmt::format(" {}={}", key, value);
    out += "\n";
    before = layer.name;
  }
  return out;
}

}  // namespace fovea::nn
