#include "nn/fold.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "nn/rewrite.h"

namespace fovea::nn {
namespace {

[[noreturn]] void refuse(const NetText& net, const LayerLine& line, const std::string& why) {
  throw Error(ErrorKind::kData, fmt::format("{}:{}: {}: cannot be folded: {}", net.origin, line.line, line.name, why),
              "use the unfolded model, which gives the same outputs");
}

const LayerLine& foldable_source(const NetText& net, const LayerLine& line) {
  const LayerLine& source = *net.find(line.inputs[0]);
  if (source.kind != "conv" && source.kind != "dense") {
    refuse(net, line, fmt::format("it follows '{}' ({}), not a conv or dense layer", source.name, source.kind));
  }
  const auto users = std::count_if(net.layers.begin(), net.layers.end(), [&](const LayerLine& other) {
    return std::find(other.inputs.begin(), other.inputs.end(), source.name) != other.inputs.end();
  });
  if (users != 1) refuse(net, line, fmt::format("the output of '{}' has {} consumers", source.name, users));
  const std::string* per = line.find("per");
  if (source.kind == "conv" && per != nullptr && *per == "activation")
    refuse(net, line, "its statistics are per activation");
  return source;
}

double eps_of(const NetText& net, const LayerLine& line) {
  LayerReader reader(net, line);
  return reader.number("eps", 0, 1, 1e-5);
}

// Copies what both networks have under the same name, in the network's own precision.
void copy_shared(Network& from, Network& to) {
  for (Parameter* parameter : to.parameters()) {
    Layer* source = from.find_layer(parameter->layer);
    for (const auto& original : source->parameters()) {
      if (original.name == parameter->name) parameter->var.mutable_value().copy_from(original.var.value());
    }
  }
}

template <typename T>
void fold_one(const Layer& norm, const Layer& source, Layer& target, double eps) {
  const auto gamma = norm.parameters()[0].var.value().span<T>(), beta = norm.parameters()[1].var.value().span<T>();
  const auto mean = norm.buffers()[0].value.span<T>(), variance = norm.buffers()[1].value.span<T>();
  const bool had_bias = source.parameters().size() > 1;
  auto weight = target.parameters()[0].var.mutable_value().span<T>();
  auto bias = target.parameters()[1].var.mutable_value().span<T>();
  const size_t columns = weight.size() / gamma.size();
  for (size_t k = 0; k < gamma.size(); ++k) {
    const double scale = static_cast<double>(gamma[k]) / std::sqrt(static_cast<double>(variance[k]) + eps);
    for (size_t i = 0; i < columns; ++i) weight[k * columns + i] = static_cast<T>(scale * weight[k * columns + i]);
    const double old_bias = had_bias ? static_cast<double>(source.parameters()[1].var.value().span<T>()[k]) : 0;
    bias[k] = static_cast<T>(scale * (old_bias - mean[k]) + beta[k]);
  }
}

}  // namespace

bool has_batch_norm(const NetText& net) {
  return std::any_of(net.layers.begin(), net.layers.end(),
                     [](const LayerLine& layer) { return layer.kind == "batch_norm"; });
}

Network fold_batch_norm(Network& network) {
  const NetText& net = network.text();
  for (const auto& line : net.layers) {
    if (line.kind == "batch_norm") foldable_source(net, line);  // refuse before any work
  }
  Network folded(without_batch_norm(net), network.dtype());
  copy_shared(network, folded);
  for (const auto& line : net.layers) {
    if (line.kind != "batch_norm") continue;
    const Layer& norm = *network.find_layer(line.name);
    const std::string source = line.inputs[0];
    const auto fold = network.dtype() == DType::kF32 ? fold_one<float> : fold_one<double>;
    fold(norm, *network.find_layer(source), *folded.find_layer(source), eps_of(net, line));
  }
  return folded;
}

}  // namespace fovea::nn
