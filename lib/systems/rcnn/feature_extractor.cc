#include "systems/rcnn/feature_extractor.h"

#include <algorithm>

#include "autograd/var.h"
#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "io/json.h"
#include "systems/rcnn/region_masks.h"

namespace fovea::rcnn {
namespace {

const nn::LayerLine* only_user(const nn::NetText& net, const std::string& name) {
  const nn::LayerLine* user = nullptr;
  for (const auto& line : net.layers) {
    if (std::find(line.inputs.begin(), line.inputs.end(), name) == line.inputs.end()) continue;
    if (user != nullptr) return nullptr;
    user = &line;
  }
  return user;
}

bool is_weighted(const nn::LayerLine& line) { return line.kind == "conv" || line.kind == "dense"; }

// What the last weighted layer reads, dropout passed over.
std::string before_classifier(const nn::NetText& net) {
  const nn::LayerLine* line = &net.layers.back();
  while (!is_weighted(*line)) {
    if (line->inputs.size() != 1)
      fail(ErrorKind::kUsage, "--layer: the network does not end in a classifier; name the layer");
    line = net.find(line->inputs[0]);
    if (line->kind == "input")
      fail(ErrorKind::kUsage, "--layer: the network has no conv or dense layer; name the layer");
  }
  line = net.find(line->inputs[0]);
  while (line->kind == "dropout") line = net.find(line->inputs[0]);
  return line->name;
}

// Means over a fixed partition of the map: cell i covers [floor(i h / n), ceil((i + 1) h / n)).
void average_grid(const float* map, int64_t height, int64_t width, int64_t channels, int64_t grid, float* out) {
  for (int64_t gy = 0; gy < grid; ++gy) {
    const int64_t y0 = gy * height / grid, y1 = ((gy + 1) * height + grid - 1) / grid;
    for (int64_t gx = 0; gx < grid; ++gx) {
      const int64_t x0 = gx * width / grid, x1 = ((gx + 1) * width + grid - 1) / grid;
      const float scale = 1.0F / static_cast<float>((y1 - y0) * (x1 - x0));
      for (int64_t c = 0; c < channels; ++c) {
        float sum = 0;
        for (int64_t y = y0; y < y1; ++y) {
          for (int64_t x = x0; x < x1; ++x) sum += map[(y * width + x) * channels + c];
        }
        out[(c * grid + gy) * grid + gx] = sum * scale;
      }
    }
  }
}

}  // namespace

RegionKind parse_region_kind(std::string_view name) {
  if (name == "full") return RegionKind::kFull;
  if (name == "fg") return RegionKind::kFg;
  if (name == "full+fg") return RegionKind::kFullFg;
  fail(ErrorKind::kUsage, "region: expected full, fg or full+fg, found '{}'", printable(name));
}

std::string region_kind_name(RegionKind kind) {
  return kind == RegionKind::kFull ? "full" : kind == RegionKind::kFg ? "fg" : "full+fg";
}

std::string feature_config_json(const FeatureConfig& config, const data::Preprocess& preprocess) {
  io::Json json;
  json["layer"] = config.layer;
  json["grid"] = config.grid;
  json["crop"] = preprocess.width;
  json["warp"] = config.warp.mode == data::WarpMode::kWarp     ? "warp"
                 : config.warp.mode == data::WarpMode::kSquare ? "square"
                                                               : "square-nocontext";
  json["padding"] = config.warp.padding;
  json["region"] = region_kind_name(config.region);
  json["mean"] = preprocess.mean;
  json["std"] = preprocess.stddev;
  json["order"] = preprocess.bgr ? "bgr" : "rgb";
  return io::canonical_json(json);
}

FeatureConfig parse_feature_config(const std::string& text, const std::string& origin) {
  const io::Json json = io::parse_json(text, origin);
  if (!json.is_object()) fail_data(origin, "a JSON object", printable(text));
  const auto bounded = [&](const char* key, int64_t high) {
    const int64_t value = io::json_int(json, key, origin);
    if (value < 0 || value > high) fail_data(origin + ": " + key, fmt::format("0..{}", high), std::to_string(value));
    return value;
  };
  FeatureConfig config;
  config.layer = io::json_text(json, "layer", origin);
  config.grid = bounded("grid", 1024);
  config.crop = bounded("crop", 16384);
  config.warp.padding = bounded("padding", 8192);
  try {
    config.warp.mode = data::parse_warp_mode(io::json_text(json, "warp", origin));
    config.region = parse_region_kind(io::json_text(json, "region", origin));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kUsage) throw;
    fail(ErrorKind::kData, "{}: {}", origin, error.what());
  }
  return config;
}

std::string resolve_feature_layer(const nn::NetText& net, const std::string& name) {
  std::string found = name;
  if (name.empty()) found = net.find("fc7") != nullptr ? "fc7" : before_classifier(net);
  const nn::LayerLine* line = net.find(found);
  if (line == nullptr) {
    std::vector<std::string> names;
    for (const auto& layer : net.layers) names.push_back(layer.name);
    const std::string near = nearest(found, names);
    throw Error(ErrorKind::kUsage,
                fmt::format("--layer: expected a layer of {}, found '{}'", net.origin, printable(found)),
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  for (const nn::LayerLine* user = only_user(net, line->name); user != nullptr; user = only_user(net, line->name)) {
    const bool follows = (is_weighted(*line) && (user->kind == "batch_norm" || user->kind == "relu")) ||
                         (line->kind == "batch_norm" && user->kind == "relu");
    if (!follows) break;
    line = user;
  }
  return line->name;
}

FeatureExtractor::FeatureExtractor(train::Model& model, FeatureConfig config)
    : model_(model), config_(std::move(config)), preprocess_(model.preprocess) {
  if (config_.crop > 0) preprocess_.height = preprocess_.width = config_.crop;
  if (preprocess_.height != preprocess_.width) {
    fail(ErrorKind::kUsage, "{}: expected a network with a square input, found {}x{}; give --crop", model.path,
         preprocess_.height, preprocess_.width);
  }
  data::check_warp(config_.warp, preprocess_.width);
  const NoGrad no_grad;
  const Tensor probe = Tensor::zeros({1, preprocess_.height, preprocess_.width, preprocess_.channels});
  const Shape shape =
      model_.network.forward_to(config_.layer, Var(probe), nn::PassContext::inference()).value().shape();
  const bool is_map = shape.rank() == 4;
  if (config_.grid > 0 && (!is_map || shape[1] < config_.grid || shape[2] < config_.grid)) {
    fail(ErrorKind::kUsage, "--grid {}: layer {} gives {}, not a map of at least that size", config_.grid,
         config_.layer, shape.text());
  }
  part_ = is_map && config_.grid > 0 ? config_.grid * config_.grid * shape[3] : shape.count();
  dimension_ = config_.region == RegionKind::kFullFg ? 2 * part_ : part_;
  batch_ = Tensor::empty({config_.batch, preprocess_.height, preprocess_.width, preprocess_.channels});
}

void FeatureExtractor::extract(const data::PixelView& picture, std::span<const Box> boxes,
                               std::span<const io::MaskRuns> masks, float* out) {
  const bool needs_masks = config_.region != RegionKind::kFull;
  FOVEA_CHECK(!needs_masks || masks.size() == boxes.size(), "{} masks, {} boxes", masks.size(), boxes.size());
  for (size_t begin = 0; begin < boxes.size(); begin += static_cast<size_t>(config_.batch)) {
    const size_t count = std::min(static_cast<size_t>(config_.batch), boxes.size() - begin);
    const auto part = boxes.subspan(begin, count);
    float* rows = out + static_cast<int64_t>(begin) * dimension_;
    int64_t column = 0;
    if (config_.region != RegionKind::kFg) {
      run_batch(picture, part, {}, 0, rows);
      column = part_;
    }
    if (needs_masks) run_batch(picture, part, masks.subspan(begin, count), column, rows);
  }
}

void FeatureExtractor::run_batch(const data::PixelView& picture, std::span<const Box> boxes,
                                 std::span<const io::MaskRuns> masks, int64_t column, float* out) {
  const NoGrad no_grad;
  const auto count = static_cast<int64_t>(boxes.size());
  float* pixels = batch_.data<float>();
  const int64_t floats = preprocess_.height * preprocess_.width * preprocess_.channels;
  parallel_tasks(count, [&](int64_t i) {
    const auto at = static_cast<size_t>(i);
    const std::vector<uint8_t> mask = masks.empty() ? std::vector<uint8_t>{} : expand_mask(masks[at]);
    data::warp_region(picture, boxes[at], preprocess_, config_.warp, false, pixels + i * floats, mask);
  });
  const Var features =
      model_.network.forward_to(config_.layer, Var(batch_.rows(0, count)), nn::PassContext::inference());
  store(features.value(), column, out);
}

void FeatureExtractor::store(const Tensor& values, int64_t column, float* out) const {
  const int64_t count = values.extent(0);
  const float* from = values.data<float>();
  const bool is_map = values.rank() == 4;
  const int64_t height = is_map ? values.extent(1) : 1, width = is_map ? values.extent(2) : 1;
  const int64_t channels = is_map ? values.extent(3) : values.count() / std::max<int64_t>(count, 1);
  parallel_tasks(count, [&](int64_t i) {
    const float* map = from + i * height * width * channels;
    float* row = out + i * dimension_ + column;
    if (!is_map || config_.grid == 0) {
      for (int64_t c = 0; c < channels; ++c) {
        for (int64_t p = 0; p < height * width; ++p) row[c * height * width + p] = map[p * channels + c];
      }
    } else {
      average_grid(map, height, width, channels, config_.grid, row);
    }
  });
}

}  // namespace fovea::rcnn
