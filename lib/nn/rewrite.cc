#include "nn/rewrite.h"

#include <algorithm>
#include <functional>
#include <numeric>

#include "base/error.h"
#include "base/text.h"

namespace fovea::nn {
namespace {

bool is_activation(const LayerLine& layer) {
  return layer.kind == "relu" || layer.kind == "sigmoid" || layer.kind == "tanh";
}
bool has_weights(const LayerLine& layer) {
  return layer.kind == "conv" || layer.kind == "deconv" || layer.kind == "dense";
}

LayerLine* find_mutable(NetText& net, const std::string& name) {
  for (auto& layer : net.layers) {
    if (layer.name == name) return &layer;
  }
  return nullptr;
}

void rename_input(NetText& net, const std::string& from, const std::string& to) {
  for (auto& layer : net.layers) std::replace(layer.inputs.begin(), layer.inputs.end(), from, to);
}

NetText remove_layers(NetText net, const std::function<bool(const LayerLine&)>& unwanted) {
  for (size_t i = 0; i < net.layers.size();) {
    const LayerLine layer = net.layers[i];
    if (!unwanted(layer)) {
      ++i;
      continue;
    }
    net.layers.erase(net.layers.begin() + static_cast<std::ptrdiff_t>(i));
    rename_input(net, layer.name, layer.inputs[0]);
  }
  check_graph(net);
  return net;
}

// Puts `layer` behind the layer at `index`; all users of that one now read the new layer.
void insert_behind(NetText& net, size_t index, LayerLine layer) {
  const std::string source = net.layers[index].name;
  rename_input(net, source, layer.name);
  layer.inputs = {source};
  layer.line = net.layers[index].line;
  net.layers.insert(net.layers.begin() + static_cast<std::ptrdiff_t>(index) + 1, std::move(layer));
}

LayerLine make_line(const std::string& kind, const std::string& name) {
  LayerLine layer;
  layer.kind = kind;
  layer.name = name;
  return layer;
}

size_t index_of(const NetText& net, const std::string& name) {
  const auto it =
      std::find_if(net.layers.begin(), net.layers.end(), [&](const LayerLine& layer) { return layer.name == name; });
  return static_cast<size_t>(it - net.layers.begin());
}

LayerLine* output_layer(NetText& net) {
  for (auto it = net.layers.rbegin(); it != net.layers.rend(); ++it) {
    if (has_weights(*it)) return &*it;
  }
  fail(ErrorKind::kData, "{}: expected a conv or dense output layer, found none", net.origin);
}

std::string averaged(const std::string& list) {
  double sum = 0;
  const auto parts = split(list, ',');
  for (const auto& part : parts) sum += parse_double(part).value_or(0);
  return format_number(sum / static_cast<double>(parts.size()));
}

}  // namespace

NetText without_batch_norm(const NetText& net) {
  NetText out = net;
  for (const auto& layer : net.layers) {
    if (layer.kind != "batch_norm") continue;
    LayerLine* source = find_mutable(out, layer.inputs[0]);
    if (source != nullptr && has_weights(*source)) source->erase("bias");
  }
  return remove_layers(std::move(out), [](const LayerLine& layer) { return layer.kind == "batch_norm"; });
}

NetText with_batch_norm(const NetText& net, BatchNormPosition position) {
  NetText out = without_batch_norm(net);
  const NetText plain = out;
  for (const auto& layer : plain.layers) {
    if (!is_activation(layer)) continue;
    LayerLine* source = find_mutable(out, layer.inputs[0]);
    if (!has_weights(*source)) continue;
    const bool before = position == BatchNormPosition::kBefore;
    const std::string behind = before ? source->name : layer.name;
    if (before) source->set("bias", "no");
    insert_behind(out, index_of(out, behind), make_line("batch_norm", source->name + "_bn"));
  }
  check_graph(out);
  return out;
}

NetText with_bias_before_batch_norm(const NetText& net) {
  NetText out = net;
  for (const auto& layer : net.layers) {
    LayerLine* source = layer.kind == "batch_norm" ? find_mutable(out, layer.inputs[0]) : nullptr;
    if (source != nullptr && has_weights(*source)) source->erase("bias");
  }
  return out;
}

NetText with_activation(const NetText& net, const std::string& kind) {
  NetText out = net;
  for (auto& layer : out.layers) {
    if (is_activation(layer)) layer.kind = kind;
  }
  return out;
}

NetText with_dropout(const NetText& net, double rate) {
  const auto is_dropout = [](const LayerLine& layer) { return layer.kind == "dropout"; };
  if (rate == 0) return remove_layers(net, is_dropout);
  NetText out = net;
  if (std::none_of(out.layers.begin(), out.layers.end(), is_dropout)) {
    LayerLine line = make_line("dropout", "dropout");
    line.set("rate", format_number(rate));
    const LayerLine& last = *output_layer(out);
    const std::string source = last.inputs[0], user = last.name;
    line.inputs = {source};
    out.layers.insert(out.layers.begin() + static_cast<std::ptrdiff_t>(index_of(out, user)), line);
    find_mutable(out, user)->inputs = {line.name};
  }
  for (auto& layer : out.layers) {
    if (is_dropout(layer)) layer.set("rate", format_number(rate));
  }
  check_graph(out);
  return out;
}

NetText with_input_dropout(const NetText& net, double rate) {
  NetText out = net;
  if (rate == 0) return out;
  LayerLine layer = make_line("dropout", "input_dropout");
  layer.set("rate", format_number(rate));
  insert_behind(out, 0, std::move(layer));
  check_graph(out);
  return out;
}

NetText with_lrn(const NetText& net, bool on) {
  const auto is_lrn = [](const LayerLine& layer) { return layer.kind == "lrn"; };
  if (!on) return remove_layers(net, is_lrn);
  if (std::any_of(net.layers.begin(), net.layers.end(), is_lrn)) return net;
  NetText out = net;
  std::vector<std::string> pools;
  for (const auto& layer : net.layers) {
    if (layer.kind == "max_pool") pools.push_back(layer.name);
  }
  if (pools.empty()) fail(ErrorKind::kData, "{}: lrn goes behind a max_pool, and this network has none", net.origin);
  insert_behind(out, index_of(out, pools[0]), make_line("lrn", "lrn1"));
  if (pools.size() > 1) insert_behind(out, index_of(out, out.find(pools[1])->inputs[0]), make_line("lrn", "lrn2"));
  check_graph(out);
  return out;
}

NetText with_initializer(const NetText& net, const std::string& text) {
  NetText out = net;
  for (auto& layer : out.layers) {
    if (has_weights(layer)) layer.set("init", text);
  }
  return out;
}

NetText with_per_activation(const NetText& net, int count) {
  NetText out = net;
  for (auto it = out.layers.rbegin(); it != out.layers.rend() && count > 0; ++it) {
    if (it->kind != "batch_norm") continue;
    it->set("per", "activation");
    --count;
  }
  return out;
}

NetText with_classes(const NetText& net, int64_t classes) {
  NetText out = net;
  output_layer(out)->set("out", std::to_string(classes));
  return out;
}

NetText with_input(const NetText& net, int64_t height, int64_t width, int64_t channels) {
  NetText out = net;
  LayerLine& input = out.layers.front();
  input.set("height", std::to_string(height));
  input.set("width", std::to_string(width));
  input.set("channels", std::to_string(channels));
  for (const char* key : {"mean", "std"}) {
    const std::string* list = input.find(key);
    if (list == nullptr) continue;
    const auto length = static_cast<int64_t>(split(*list, ',').size());
    if (length != 1 && length != channels) input.set(key, averaged(*list));
  }
  return out;
}

}  // namespace fovea::nn
