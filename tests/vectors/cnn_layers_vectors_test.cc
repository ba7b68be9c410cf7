// The published check data for the layers of the paper's network, tests/vectors/rcnn/cnn_layers.json: normalisation
// across channels, sizes, parameters and receptive fields of T-Net (share/models/alexnet.net), pooling that rounds up.
#include <doctest/doctest.h>

#include <map>
#include <nlohmann/json.hpp>

#include "autograd/ops/norm.h"
#include "autograd/ops/pool.h"
#include "base/file.h"
#include "nn/network.h"
#include "nn/receptive_field.h"
#include "vectors/vectors.h"

namespace fovea {
namespace {

nn::NetText t_net() {
  const std::string path = source_path("share/models/alexnet.net");
  return nn::parse_net(read_text_file(path, 1 << 20), path);
}

}  // namespace

TEST_CASE("cnn_layers vectors: local response normalisation divides alpha by the window") {
  const nlohmann::json data = vectors::load("rcnn/cnn_layers.json")["lrn"];
  const ops::LrnConfig config{data["size"], data["alpha"], data["beta"], data["k"]};
  const Tensor channels = vectors::tensor(data["x"]);
  const Var x(channels.reshape({1, 1, 1, channels.count()}));
  CHECK(vectors::worst_difference(ops::local_response_norm(x, config).value(), vectors::tensor(data["y"])) < 1e-9);
}

TEST_CASE("cnn_layers vectors: T-Net has the maps, parameters and receptive fields of the paper's code") {
  const nlohmann::json data = vectors::load("rcnn/cnn_layers.json");
  const nn::NetText text = t_net();
  nn::Network network(text);
  for (const auto& [name, side] : data["tnet_spatial"].get<std::vector<std::pair<std::string, int64_t>>>()) {
    for (const std::string& layer :
         name == "conv3..5" ? std::vector<std::string>{"conv3", "conv4", "conv5"} : std::vector<std::string>{name}) {
      CAPTURE(layer);
      const Shape shape =
          layer == "data" ? Shape{network.input().height, network.input().width, 3} : network.shape_of(layer).shape;
      CHECK(shape[0] == side);
      CHECK(shape[1] == side);
    }
  }
  std::map<std::string, int64_t> counts;
  for (const nn::Parameter* parameter : network.parameters())
    counts[parameter->layer] += parameter->var.value().count();
  for (const auto& [name, count] : data["tnet_parameters"].items()) {
    const auto& name_ = name;  // clang 14 captures no structured bindings
    CAPTURE(name_);
    CHECK(counts[name == "fc8_1000" ? "fc8" : name] == count.get<int64_t>());
  }
  CHECK(network.parameter_count() == 60965224);  // spec rcnn.md section 4.1
  for (const auto& [layer, size] : data["receptive_fields"].items()) {
    const auto& layer_ = layer;  // clang 14 captures no structured bindings
    CAPTURE(layer_);
    CHECK(nn::receptive_field(text, layer)->x.size() == size.get<int64_t>());
  }
}

TEST_CASE("cnn_layers vectors: pooling rounds up as Caffe's or down") {
  const nlohmann::json file = vectors::load("rcnn/cnn_layers.json");
  for (const auto& expected : file["pool_ceil"]) {
    const int64_t input = expected["input"];
    const int kernel = expected["k"], stride = expected["s"];
    CAPTURE(input);
    CHECK(ops::pool_output_extent(input, 0, 0, kernel, stride, true) == expected["ceil"].get<int64_t>());
    CHECK(ops::pool_output_extent(input, 0, 0, kernel, stride, false) == expected["floor"].get<int64_t>());
  }
}

}  // namespace fovea
