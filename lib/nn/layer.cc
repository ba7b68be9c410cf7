#include "nn/layer.h"

#include <array>

#include "base/error.h"
#include "base/text.h"

namespace fovea::nn {
namespace {

struct Kind {
  const char* name;
  detail::Factory make;
};

constexpr std::array<Kind, 20> kKinds = {{
    {"conv", detail::make_conv},
    {"deconv", detail::make_deconv},
    {"dense", detail::make_dense},
    {"batch_norm", detail::make_batch_norm},
    {"lrn", detail::make_lrn},
    {"scale", detail::make_scale},
    {"reflect_pad", detail::make_reflect_pad},
    {"max_pool", detail::make_max_pool},
    {"avg_pool", detail::make_average_pool},
    {"global_avg_pool", detail::make_global_average_pool},
    {"relu", detail::make_relu},
    {"sigmoid", detail::make_sigmoid},
    {"tanh", detail::make_tanh},
    {"dropout", detail::make_dropout},
    {"concat", detail::make_concat},
    {"add", detail::make_add},
    {"flatten", detail::make_flatten},
    {"slice", detail::make_slice},
    {"upsample", detail::make_upsample},
    {"lcn", detail::make_contrast_norm},
}};

}  // namespace

const std::vector<std::string>& layer_kinds() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const auto& kind : kKinds) {
      out.emplace_back(kind.name);
    }
    return out;
  }();
  return names;
}

std::unique_ptr<Layer> make_layer(const NetText& net, const LayerLine& line, int index) {
  LayerReader reader(net, line);
  for (const auto& kind : kKinds) {
    if (line.kind != kind.name) continue;
    auto layer = kind.make(reader, index);
    reader.finish();
    return layer;
  }
  const std::string near = nearest(line.kind, layer_kinds());
  throw Error(ErrorKind::kData, fmt::format("{}: unknown layer kind '{}'", reader.place(), printable(line.kind)),
              near.empty() ? "kinds: " + join(layer_kinds(), " ") : fmt::format("did you mean '{}'?", near));
}

}  // namespace fovea::nn
