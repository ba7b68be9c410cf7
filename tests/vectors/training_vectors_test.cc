// Eight training steps of a small convolutional network under each optimizer, against PyTorch (float64): that losses,
// moving averages and final weights agree pins everything between them, from the gradient of each layer over momentum,
// weight decay and its exceptions to the index that the schedule begins with.
#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/ops/softmax_loss.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "vectors/vectors.h"

namespace fovea {
namespace {

using nlohmann::json;

constexpr const char* kNet = R"(fovea-net 1
input name=data height=8 width=8 channels=3
conv name=conv1 out=4 kernel=3 pad=same bias=no
batch_norm name=bn1
relu name=relu1
max_pool name=pool1 kernel=2 stride=2
conv name=conv2 out=6 kernel=3 pad=same bias=no
batch_norm name=bn2
relu name=relu2
max_pool name=pool2 kernel=2 stride=2
dense name=fc out=3
)";

// Numbers in [-scale, scale] that any language makes alike; i counts as the files do (OIHW, NCHW).
float filling(int64_t i, int64_t salt, double scale) {
  const int64_t residue = ((i * 7919 + salt * 104729) * (i + 13)) % 1009;
  return static_cast<float>((static_cast<double>(residue) / 504.5 - 1) * scale);
}

void fill_weights(nn::Network& network) {
  const std::map<std::string, std::pair<int64_t, double>> fillings = {
      {"conv1", {1, 0.5}}, {"conv2", {2, 0.4}}, {"fc", {3, 0.3}}};
  auto arrays = network.export_arrays();
  for (auto& array : arrays) {
    if (array.name != "weight") continue;
    const auto [salt, scale] = fillings.at(array.layer);
    for (size_t i = 0; i < array.values.size(); ++i) array.values[i] = filling(static_cast<int64_t>(i), salt, scale);
  }
  network.import_arrays(arrays, "weights");
}

Tensor batch_at(int64_t step, int64_t images) {
  constexpr int64_t kSide = 8, kChannels = 3, kArea = kSide * kSide;
  Tensor x = Tensor::empty({images, kSide, kSide, kChannels});
  float* values = x.data<float>();
  for (int64_t i = 0; i < x.count(); ++i) {  // i: n,c,y,x
    const int64_t image = i / (kArea * kChannels), channel = i / kArea % kChannels, pixel = i % kArea;
    values[(image * kArea + pixel) * kChannels + channel] = filling(i, 10 + step, 1);
  }
  return x;
}

std::vector<int32_t> labels_at(int64_t step, int64_t images) {
  std::vector<int32_t> labels;
  for (int64_t b = 0; b < images; ++b)
    labels.push_back(static_cast<int32_t>((b % 2 == 1 ? 3 * b + step * b + step : b + step) % 3));
  return labels;
}

nn::OptimizerConfig config_of(const std::string& name) {
  nn::OptimizerConfig config;
  config.kind = nn::parse_optimizer(name);
  config.momentum = 0.9;
  config.weight_decay = 1e-3;
  config.epsilon = name == "rmsprop" ? 1e-4 : 1e-8;
  return config;
}

TEST_CASE("training vectors: eight steps under each optimizer agree with PyTorch") {
  const json v = vectors::load("bn/trajectory.json");
  const auto steps = v["steps"].get<int64_t>(), images = v["batch"].get<int64_t>();
  const nn::Schedule schedule = nn::Schedule::parse("cosine", 1);
  for (const auto& [name, run] : v["runs"].items()) {
    const auto& name_ = name;  // clang 14 captures no structured bindings
    CAPTURE(name_);
    nn::Network network(nn::parse_net(kNet, "trajectory.net"));
    network.initialize(1);
    fill_weights(network);
    nn::Optimizer optimizer(network.parameters(), config_of(name));
    for (int64_t t = 0; t < steps; ++t) {
      const auto context = nn::PassContext::training(1, static_cast<uint64_t>(t));
      const Var loss =
          ops::softmax_cross_entropy(network.forward(Var(batch_at(t, images)), context), labels_at(t, images));
      CAPTURE(t);
      CHECK(loss.value().item() == doctest::Approx(run["losses"][static_cast<size_t>(t)].get<double>()).epsilon(2e-5));
      backward(loss);
      optimizer.step(schedule.rate(run["learning_rate"].get<double>(), t, steps, steps, 0));
    }
    for (const auto& array : network.export_arrays()) {
      const json& expected = run["after"][array.layer + "/" + array.name];
      REQUIRE(expected.size() == array.values.size());
      double worst = 0;
      for (size_t i = 0; i < array.values.size(); ++i)
        worst = std::max(worst, std::abs(static_cast<double>(array.values[i]) - expected[i].get<double>()));
      CAPTURE(array.layer);
      CAPTURE(array.name);
      CHECK(worst < 1e-4);
    }
  }
}

}  // namespace
}  // namespace fovea
