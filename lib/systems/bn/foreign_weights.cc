#include "systems/bn/foreign_weights.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "tensor/kernels/layout.h"

namespace fovea::bn {
namespace {

using io::NamedTensor;

std::string shape_text(const std::vector<int64_t>& shape) { return Shape(std::span<const int64_t>(shape)).text(); }

// One spelling for "fire2/conv1x1_1.weight", "fire2_conv1x1_1/kernel:0", "fire2/conv1x1_1/0".
std::string spelling(const std::string& name) {
  std::string out;
  for (const char c : name)
    out += c == '/' || c == '.' || c == ':' || c == '_' || c == '-' ? '_' : static_cast<char>(c);
  return out;
}

const std::map<std::string, std::string>& parameter_words() {
  static const std::map<std::string, std::string> words = {
      {"weight", "weight"},
      {"weights", "weight"},
      {"kernel", "weight"},
      {"w", "weight"},
      {"W", "weight"},
      {"bias", "bias"},
      {"biases", "bias"},
      {"b", "bias"},
      {"gamma", "gamma"},
      {"scale", "gamma"},
      {"beta", "beta"},
      {"running_mean", "running_mean"},
      {"moving_mean", "running_mean"},
      {"mean", "running_mean"},
      {"running_var", "running_var"},
      {"moving_variance", "running_var"},
      {"var", "running_var"},
      {"variance", "running_var"},
  };
  return words;
}

// "conv1/conv1/kernel:0" -> {"conv1", "weight"}: the last word that names a parameter, and the words before it, of
// which Keras writes the layer twice.
std::string target_of(const NamedTensor& tensor, ForeignFormat format, bool normalisation) {
  std::string name = tensor.name;
  if (format == ForeignFormat::kKeras) {
    if (const auto colon = name.rfind(':'); colon != std::string::npos) name.resize(colon);
    const auto slash = name.find('/');
    const std::string layer = name.substr(0, slash);
    const auto last = name.rfind('/');
    name = layer + "/" + name.substr(last + 1);
  }
  const auto cut = name.find_last_of("/.");
  if (cut == std::string::npos) return name;
  const std::string layer = name.substr(0, cut), word = name.substr(cut + 1);
  if (format == ForeignFormat::kCaffe) {
    if (word == "0") return layer + "/" + (normalisation ? "running_mean" : "weight");
    if (word == "1") return layer + "/" + (normalisation ? "running_var" : "bias");
    return name;
  }
  if (normalisation && word == "weight") return layer + "/gamma";  // PyTorch's names of a batch norm
  if (normalisation && word == "bias") return layer + "/beta";
  const auto it = parameter_words().find(word);
  return layer + "/" + (it == parameter_words().end() ? word : it->second);
}

void transpose_keras(NamedTensor& tensor) {
  const auto& s = tensor.shape;
  if (s.size() != 2 && s.size() != 4) return;
  const int64_t area = s.size() == 4 ? s[0] * s[1] : 1, in = s[s.size() - 2], out = s.back();
  std::vector<float> values(tensor.values.size());
  for (int64_t p = 0; p < area; ++p) {
    for (int64_t i = 0; i < in; ++i) {
      for (int64_t o = 0; o < out; ++o)
        values[static_cast<size_t>((o * in + i) * area + p)] =
            tensor.values[static_cast<size_t>((p * in + i) * out + o)];
    }
  }
  tensor.values = std::move(values);
  tensor.shape = s.size() == 4 ? std::vector<int64_t>{out, in, s[0], s[1]} : std::vector<int64_t>{out, in};
}

// Caffe's legacy four-number shapes: (1,1,out,in), (1,1,1,out).
void drop_leading_ones(NamedTensor& tensor, size_t rank) {
  while (tensor.shape.size() > rank && tensor.shape.front() == 1) tensor.shape.erase(tensor.shape.begin());
}

void divide_caffe_statistics(std::vector<NamedTensor>& tensors, const std::string& layer) {
  const auto find = [&](const std::string& suffix) {
    return std::find_if(tensors.begin(), tensors.end(), [&](const NamedTensor& t) { return t.name == layer + suffix; });
  };
  const auto factor = find("/2");
  if (factor == tensors.end() || factor->values.size() != 1) return;
  const float scale = factor->values[0] == 0 ? 0 : 1 / factor->values[0];
  for (const char* suffix : {"/0", "/1"}) {
    if (const auto it = find(suffix); it != tensors.end()) {
      for (float& value : it->values) value *= scale;
    }
  }
  tensors.erase(find("/2"));
}

bool is_normalisation(const nn::NetText& net, const std::string& tensor_name) {
  return std::any_of(net.layers.begin(), net.layers.end(), [&](const nn::LayerLine& layer) {
    return layer.kind == "batch_norm" && spelling(tensor_name).starts_with(spelling(layer.name) + "_");
  });
}

nn::Array take(NamedTensor tensor, const nn::Array& wanted, ForeignFormat format, const Shape& grid,
               const std::string& origin) {
  const bool weight = wanted.name == "weight";
  if (format == ForeignFormat::kKeras && weight) transpose_keras(tensor);
  drop_leading_ones(tensor, static_cast<size_t>(wanted.shape.rank()));
  const bool same_count = static_cast<int64_t>(tensor.values.size()) == wanted.shape.count();
  const bool fits = tensor.shape.size() <= static_cast<size_t>(kMaxRank) &&
                    Shape(std::span<const int64_t>(tensor.shape)) == wanted.shape;
  // A dense layer's weight may come as the convolution that it equals: (out,C,H,W).
  const bool as_convolution =
      weight && wanted.shape.rank() == 2 && same_count && !tensor.shape.empty() && tensor.shape[0] == wanted.shape[0];
  if (!fits && !as_convolution) {
    fail_data(fmt::format("{}: {}", origin, tensor.name),
              fmt::format("{} for {}/{}", wanted.shape.text(), wanted.layer, wanted.name), shape_text(tensor.shape));
  }
  nn::Array out{wanted.layer, wanted.name, wanted.shape, std::move(tensor.values)};
  if (format == ForeignFormat::kKeras && weight && grid.rank() == 3) {
    std::vector<float> columns(out.values.size());
    kernels::columns_hwc_to_chw(out.values.data(), columns.data(), wanted.shape[0], grid[0], grid[1], grid[2]);
    out.values = std::move(columns);
  }
  return out;
}

}  // namespace

std::vector<nn::Array> match_weights(std::vector<io::NamedTensor> tensors, ForeignFormat format,
                                     const std::map<std::string, std::string>& renames, nn::Network& network,
                                     const std::string& origin) {
  if (format == ForeignFormat::kCaffe) {
    for (const auto& layer : network.text().layers) {
      if (layer.kind == "batch_norm") divide_caffe_statistics(tensors, layer.name);
    }
  }
  std::map<std::string, size_t> by_target;
  for (size_t i = 0; i < tensors.size(); ++i) {
    const auto renamed = renames.find(tensors[i].name);
    const std::string target = renamed != renames.end()
                                   ? renamed->second
                                   : target_of(tensors[i], format, is_normalisation(network.text(), tensors[i].name));
    if (!by_target.emplace(spelling(target), i).second)
      fail_data(fmt::format("{}: {}", origin, tensors[i].name), "one array for " + target, "two");
  }
  std::vector<nn::Array> out;
  std::vector<std::string> missing;
  for (const auto& wanted : network.export_arrays()) {
    const auto it = by_target.find(spelling(wanted.layer + "/" + wanted.name));
    if (it == by_target.end()) {
      missing.push_back(wanted.layer + "/" + wanted.name);
      continue;
    }
    out.push_back(
        take(std::move(tensors[it->second]), wanted, format, network.find_layer(wanted.layer)->disk_grid(), origin));
    by_target.erase(it);
  }
  std::vector<std::string> extra;
  for (const auto& [target, index] : by_target) extra.push_back(tensors[index].name);
  if (missing.empty() && extra.empty()) return out;
  throw Error(
      ErrorKind::kData,
      fmt::format("{}: missing for the network: {}; in the file only: {}", origin,
                  missing.empty() ? "nothing" : join(missing, ", "), extra.empty() ? "nothing" : join(extra, ", ")),
      "--rename OLD=LAYER/PARAMETER says where an array belongs");
}

}  // namespace fovea::bn
