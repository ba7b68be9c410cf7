#include "systems/caption/annotator.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/crops.h"

namespace fovea::caption {
namespace {

constexpr std::string_view kPosition = "+position";

const nn::LayerLine* only_user(const nn::NetText& net, const std::string& name) {
  const nn::LayerLine* found = nullptr;
  for (const nn::LayerLine& line : net.layers) {
    if (std::find(line.inputs.begin(), line.inputs.end(), name) == line.inputs.end()) continue;
    if (found != nullptr) return nullptr;
    found = &line;
  }
  return found;
}

std::string before_last_pool(const nn::NetText& net) {
  std::string found;
  for (const nn::LayerLine& line : net.layers) {
    if (line.kind == "dense") return found;
    if (line.kind == "max_pool" && !line.inputs.empty()) found = line.inputs[0];
  }
  return "";
}

// Rectified: the batch_norm and relu layers that follow.
std::string behind(const nn::NetText& net, const nn::LayerLine* line) {
  for (const nn::LayerLine* user = only_user(net, line->name); user != nullptr; user = only_user(net, line->name)) {
    if (user->kind != "batch_norm" && user->kind != "relu") break;
    line = user;
  }
  return line->name;
}

}  // namespace

std::string resolve_annotation_layer(const nn::NetText& net, const std::string& name) {
  const std::string wanted = name.empty() ? before_last_pool(net) : name;
  if (wanted.empty()) {
    throw Error(
        ErrorKind::kUsage,
        fmt::format("--layer: {} has no max_pool before a dense layer; name the layer whose map is wanted", net.origin),
        "bn-train train --net ... --dry-run lists layers and shapes");
  }
  const nn::LayerLine* line = net.find(wanted);
  if (line == nullptr) {
    std::vector<std::string> names;
    for (const nn::LayerLine& layer : net.layers) names.push_back(layer.name);
    const std::string near = nearest(wanted, names);
    throw Error(ErrorKind::kUsage,
                fmt::format("--layer: expected a layer of {}, found '{}'", net.origin, printable(wanted)),
                near.empty() ? "" : "did you mean '" + near + "'?");
  }
  return behind(net, line);
}

Annotator::Annotator(train::Model model, const std::string& layer, const data::Preprocess& preprocess)
    : model_(std::move(model)), preprocess_(preprocess) {
  data::check_preprocess(preprocess_);
  with_position_ = layer.ends_with(kPosition);
  layer_ = resolve_annotation_layer(model_.network.text(),
                                    with_position_ ? layer.substr(0, layer.size() - kPosition.size()) : layer);
  layout_.layer = with_position_ ? layer_ + std::string(kPosition) : layer_;
  layout_.network_hash = model_.hash;
  layout_.preprocess_json = train::preprocess_json(preprocess_);
  const NoGrad no_grad;
  const Tensor probe = Tensor::zeros({1, preprocess_.height, preprocess_.width, preprocess_.channels});
  const Shape shape = model_.network.forward_to(layer_, Var(probe), nn::PassContext::inference()).value().shape();
  if (shape.rank() != 4) fail(ErrorKind::kUsage, "--layer {}: expected a map [h,w,D], found {}", layer_, shape.text());
  layout_.grid = {static_cast<int32_t>(shape[1]), static_cast<int32_t>(shape[2])};
  layout_.dimension = shape[3] + (with_position_ ? 2 : 0);
}

void Annotator::add_positions(const float* map, float* out) const {
  const int64_t rows = layout_.grid[0], columns = layout_.grid[1], width = layout_.dimension - 2;
  const auto centred = [](int64_t i, int64_t n) {
    return static_cast<float>(2 * i + 1) / static_cast<float>(n) - 1;  // middles of n equal parts of -1..1
  };
  for (int64_t y = 0; y < rows; ++y) {
    for (int64_t x = 0; x < columns; ++x, map += width) {
      out = std::copy(map, map + width, out);
      *out++ = centred(y, rows);
      *out++ = centred(x, columns);
    }
  }
}

// Activations are [N,h,w,D] in memory, so a picture's map is its [L,D] as it stands. One picture a call: kernels may
// choose another order of sums for another batch size.
void Annotator::annotate(const data::ImageSource& source, int64_t begin, int64_t end, float* out) {
  const NoGrad no_grad;
  const int64_t floats = preprocess_.height * preprocess_.width * preprocess_.channels;
  Tensor batch = Tensor::empty({end - begin, preprocess_.height, preprocess_.width, preprocess_.channels});
  float* pixels = batch.data<float>();
  parallel_tasks(end - begin, [&](int64_t i) {
    const data::PixelView picture = source.pixels(begin + i);
    const auto scheme =
        preprocess_.resize == data::ResizeMode::kStretch ? data::CropScheme::kStretch : data::CropScheme::kCenter;
    data::CropRenderer renderer(picture, preprocess_);
    renderer.render(data::list_crops(scheme, preprocess_, picture.height, picture.width)[0], pixels + i * floats);
  });
  for (int64_t i = 0; i < end - begin; ++i) {
    const Var map = model_.network.forward_to(layer_, Var(batch.rows(i, i + 1)), nn::PassContext::inference());
    const float* values = map.value().data<float>();
    float* picture = out + i * layout_.values();
    if (with_position_)
      add_positions(values, picture);
    else
      std::copy(values, values + layout_.values(), picture);
  }
}

}  // namespace fovea::caption
