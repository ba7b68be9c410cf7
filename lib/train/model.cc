#include "train/model.h"

#include <algorithm>

#include "base/error.h"
#include "base/log.h"
#include "base/text.h"
#include "io/json.h"
#include "nn/fold.h"

namespace fovea::train {
namespace {

constexpr int64_t kMaxSide = 1 << 14;

int64_t side_of(const io::Json& json, const char* key, int64_t low, const std::string& origin) {
  const int64_t value = json.contains(key) && json[key].is_number_integer() ? json[key].get<int64_t>() : -1;
  if (value < low || value > kMaxSide) {
    fail_data(fmt::format("{}: model/preprocess: {}", origin, key), fmt::format("{}..{}", low, kMaxSide),
              json.contains(key) ? json[key].dump() : "nothing");
  }
  return value;
}

std::vector<float> channel_list(const io::Json& json, const char* key, const std::string& origin) {
  if (!json.contains(key)) return {};
  if (!json[key].is_array())
    fail_data(fmt::format("{}: model/preprocess: {}", origin, key), "a list of numbers", json[key].dump());
  std::vector<float> out;
  for (const auto& value : json[key]) {
    if (!value.is_number()) fail_data(fmt::format("{}: model/preprocess: {}", origin, key), "numbers", value.dump());
    out.push_back(value.get<float>());
  }
  return out;
}

}  // namespace

data::Preprocess make_preprocess(const nn::InputSpec& input, const std::string& resize, int64_t side) {
  data::Preprocess out;
  out.height = input.height;
  out.width = input.width;
  out.channels = input.channels;
  out.mean = input.mean;
  out.stddev = input.stddev;
  out.bgr = input.bgr;
  out.threshold = input.threshold;
  out.resize = resize == "stretch" ? data::ResizeMode::kStretch : data::ResizeMode::kShorterSide;
  out.resize_side = side;
  data::check_preprocess(out);
  return out;
}

std::string preprocess_json(const data::Preprocess& preprocess) {
  io::Json json;
  json["height"] = preprocess.height;
  json["width"] = preprocess.width;
  json["channels"] = preprocess.channels;
  json["mean"] = preprocess.mean;
  json["std"] = preprocess.stddev;
  json["order"] = preprocess.bgr ? "bgr" : "rgb";
  json["threshold"] = preprocess.threshold;
  json["resize"] = preprocess.resize == data::ResizeMode::kStretch ? "stretch" : "crop";
  json["resize_side"] = preprocess.resize_side;
  return io::canonical_json(json);
}

data::Preprocess parse_preprocess(const std::string& json_text, const std::string& origin) {
  const io::Json json = io::parse_json(json_text, origin + ": model/preprocess");
  if (!json.is_object()) fail_data(origin + ": model/preprocess", "a JSON object", printable(json_text));
  data::Preprocess out;
  out.height = side_of(json, "height", 1, origin);
  out.width = side_of(json, "width", 1, origin);
  out.channels = side_of(json, "channels", 1, origin);
  out.mean = channel_list(json, "mean", origin);
  out.stddev = channel_list(json, "std", origin);
  out.bgr = json.value("order", io::Json("rgb")) == "bgr";
  out.threshold = static_cast<int>(side_of(json, "threshold", -1, origin));
  out.resize =
      json.value("resize", io::Json("crop")) == "stretch" ? data::ResizeMode::kStretch : data::ResizeMode::kShorterSide;
  out.resize_side = side_of(json, "resize_side", 0, origin);
  try {
    data::check_preprocess(out);
  } catch (const Error& error) {  // said for the command line; here a file is at fault
    fail(ErrorKind::kData, "{}: model/preprocess: {}", origin, error.what());
  }
  return out;
}

std::vector<io::NamedArray> stored_arrays(const nn::Network& network) {
  std::vector<io::NamedArray> out;
  for (auto& array : network.export_arrays()) {
    const auto extents = array.shape.extents();
    out.push_back({array.layer, array.name, {extents.begin(), extents.end()}, std::move(array.values)});
  }
  return out;
}

std::vector<nn::Array> network_arrays(const std::vector<io::NamedArray>& stored, const std::string& place) {
  std::vector<nn::Array> out;
  for (const auto& array : stored) {
    if (array.shape.size() > static_cast<size_t>(kMaxRank)) {
      fail_data(fmt::format("{}/{}/{}", place, array.layer, array.parameter), fmt::format("at most {} axes", kMaxRank),
                std::to_string(array.shape.size()));
    }
    out.push_back({array.layer, array.parameter, Shape(std::span<const int64_t>(array.shape)), array.values});
  }
  return out;
}

void store_model(nn::Network& network, const data::Preprocess& preprocess, const std::vector<std::string>& labels,
                 io::CheckpointData& data) {
  data.network = nn::print_net(network.text());
  data.preprocess_json = preprocess_json(preprocess);
  data.labels = labels;
  data.model = stored_arrays(network);
}

void restore_arrays(nn::Network& network, const io::CheckpointData& data, const std::string& origin) {
  network.import_arrays(network_arrays(data.model, origin + ": model"), origin);
}

void take_weights(nn::Network& network, const Model& model) {
  std::vector<nn::Array> arrays = network.export_arrays();
  const auto given = model.network.export_arrays();
  size_t taken = 0;
  std::vector<std::string> fresh;
  for (auto& array : arrays) {
    const auto it = std::find_if(given.begin(), given.end(), [&](const nn::Array& other) {
      return other.layer == array.layer && other.name == array.name && other.shape == array.shape;
    });
    if (it != given.end())
      array.values = it->values, ++taken;
    else
      fresh.push_back(array.layer + "/" + array.name);
  }
  if (taken == 0) fail_data(model.path + ": model", "arrays that fit the network", "none");
  if (!fresh.empty())
    log::warning("{}: not in it or of another shape, freshly initialised: {}", model.path, join(fresh, ", "));
  network.import_arrays(arrays, model.path);
}

Model load_model(const std::string& path) { return make_model(io::read_checkpoint(path, {true, false, false}), path); }

Model make_model(const io::CheckpointData& data, const std::string& path) {
  nn::NetText text = nn::parse_net(data.network, path + ": model/network");
  const bool batch_norm = nn::has_batch_norm(text);
  Model model{nn::Network(std::move(text)),
              parse_preprocess(data.preprocess_json, path),
              data.labels,
              path,
              data.root.content_hash,
              batch_norm};
  const auto& input = model.network.input();
  const auto& preprocess = model.preprocess;
  if (input.height != preprocess.height || input.width != preprocess.width || input.channels != preprocess.channels) {
    fail_data(path + ": model/preprocess",
              fmt::format("{}x{}x{}, the input of model/network", input.height, input.width, input.channels),
              fmt::format("{}x{}x{}", preprocess.height, preprocess.width, preprocess.channels));
  }
  restore_arrays(model.network, data, path);
  const int64_t classes = model.network.output_shape().shape.count();
  if (!model.labels.empty() && static_cast<int64_t>(model.labels.size()) != classes) {
    fail_data(path + ": labels", fmt::format("{} names, one for each output", classes),
              std::to_string(model.labels.size()));
  }
  return model;
}

}  // namespace fovea::train
