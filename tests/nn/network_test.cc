#include "nn/network.h"

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <map>

#include "autograd/grad_check.h"
#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/rng.h"
#include "source_path.h"
#include "vectors/vectors.h"

using namespace fovea;

namespace {

nn::Network build(const std::string& body, DType dtype = DType::kF32,
                  const std::string& input = "height=6 width=6 channels=2") {
  return nn::Network(nn::parse_net("fovea-net 1\ninput name=x " + input + "\n" + body, "t.net"), dtype);
}

Tensor random(const Shape& shape, DType dtype = DType::kF32, uint64_t seed = 5) {
  Tensor out = Tensor::empty(shape, DType::kF64);
  Rng rng(seed, RngPurpose::kTest);
  for (double& v : out.span<double>()) v = rng.normal();
  return out.to(dtype);
}

nn::NetText shipped(const std::string& name) {
  std::ifstream file(source_path("share/models/" + name + ".net"));
  REQUIRE(file.good());
  return nn::parse_net(std::string(std::istreambuf_iterator<char>(file), {}), name + ".net");
}

}  // namespace

TEST_CASE("network: every shipped text builds, and ends in class scores, heat maps or an image") {
  int count = 0;
  for (const auto& entry : std::filesystem::directory_iterator(source_path("share/models"))) {
    if (entry.path().extension() != ".net") continue;
    CAPTURE(entry.path().stem().string());
    const nn::Network network(shipped(entry.path().stem()));
    const Shape& out = network.output_shape().shape;
    const bool makes_maps = entry.path().stem().string().starts_with("pose-detector");
    CHECK((makes_maps ? out.rank() == 3
                      : out.rank() == 1 || out == Shape{network.input().height, network.input().width, 3}));
    ++count;
  }
  CHECK(count >= 14);
}

TEST_CASE("network: parameter counts of the published networks") {
  const std::map<std::string, int64_t> expected = {
      {"vgg16", 138357544},          // Simonyan & Zisserman 2015: 138 M
      {"vgg19", 143667240},          // 144 M
      {"alexnet", 60965224},         // Krizhevsky et al. 2012: 60 M, grouped
      {"squeezenet-v1.0", 1248424},  // Iandola et al. 2016: 1.25 M
  };
  for (const auto& [name, count] : expected) {
    const auto& name_ = name;  // clang 14 captures no structured bindings
    CAPTURE(name_);
    CHECK(nn::Network(shipped(name)).parameter_count() == count);
  }
  // Spec section 8.1: 11.28e6 with the separable stem, gamma and beta; the paper says 13.6e6 and leaves the gap
  // unexplained.
  const int64_t inception = nn::Network(shipped("bn-inception")).parameter_count();
  CHECK(inception > 11275000);
  CHECK(inception < 11285000);
}

TEST_CASE("network: BN-Inception has the grids and widths of figure 5, in both readings") {
  const nn::Network as_printed(shipped("bn-inception"));
  CHECK(as_printed.shape_of("inception_3c/output").shape == Shape({14, 14, 576}));
  CHECK(as_printed.shape_of("inception_4c/output").shape == Shape({14, 14, 608}));
  CHECK(as_printed.shape_of("inception_4e/output").shape == Shape({7, 7, 1056}));
  const nn::Network narrow(shipped("bn-inception-576"));
  CHECK(narrow.shape_of("inception_4d/output").shape == Shape({14, 14, 576}));
  CHECK(narrow.shape_of("inception_4e/output").shape == Shape({7, 7, 1024}));
}

TEST_CASE("network: gradients of a whole network pass the checker") {
  nn::Network network = build(
      "conv name=a out=3 kernel=3 pad=1 bias=no\nbatch_norm name=b\nsigmoid name=s\navg_pool name=p kernel=2 stride=2\n"
      "conv name=c out=2 kernel=1\ntanh name=t\ndense name=d out=4\n",
      DType::kF64);
  network.initialize(3);
  std::vector<Tensor> inputs;
  for (nn::Parameter* parameter : network.parameters()) inputs.push_back(parameter->var.value().clone());
  const Var x(random({5, 6, 6, 2}, DType::kF64));
  const std::vector<int32_t> labels = {0, 1, 2, 3, 1};
  const auto function = [&](const std::vector<Var>& leaves) {
    for (size_t i = 0; i < leaves.size(); ++i) network.parameters()[i]->var = leaves[i];
    nn::PassContext context = nn::PassContext::training(1, 0);
    context.update_running = false;
    return ops::softmax_cross_entropy(network.forward(x, context), labels);
  };
  const auto result = check_gradients(function, inputs);
  CAPTURE(result.where);
  CHECK(result.passed);
}

TEST_CASE("network: fused and watched activations give the same numbers") {
  nn::Network network =
      build("conv name=a out=3 kernel=3 bias=no\nbatch_norm name=b\nrelu name=r\ndense name=d out=4\n");
  network.initialize(3);
  const Var x(random({4, 6, 6, 2}));
  nn::PassContext context = nn::PassContext::training(1, 0);
  context.update_running = false;
  const Tensor fused = network.forward(x, context).value();
  std::map<std::string, Tensor> seen;
  context.watch = {"b", "r"};
  context.on_output = [&](const std::string& name, const Var& y) { seen[name] = y.value(); };
  const Tensor watched = network.forward(x, context).value();
  CHECK(vectors::worst_difference(fused, watched) == 0);
  REQUIRE(seen.size() == 2);
  bool negative = false;
  for (const float v : seen["b"].span<float>()) negative = negative || v < 0;
  CHECK(negative);  // "b" is what came out of the batch norm, before the relu
  for (const float v : seen["r"].span<float>()) CHECK(v >= 0);
  CHECK(vectors::worst_difference(network.forward_to("r", x, context).value(), seen["r"]) == 0);
}

TEST_CASE("network: dense columns are stored in CHW order and come back") {
  nn::Network network = build("conv name=a out=3 kernel=1\nflatten name=f\ndense name=d out=2\n", DType::kF32,
                              "height=2 width=2 channels=1");
  network.initialize(9);
  const auto arrays = network.export_arrays();
  const auto& weight = arrays[2];
  REQUIRE(weight.layer == "d");
  const auto memory = network.find_layer("d")->parameters()[0].var.value().span<float>();
  for (int64_t c = 0; c < 3; ++c) {
    for (int64_t p = 0; p < 4; ++p)
      CHECK(weight.values[static_cast<size_t>(c * 4 + p)] == memory[static_cast<size_t>(p * 3 + c)]);
  }
  const Tensor x = random({2, 2, 2, 1});
  const Tensor before = network.forward(Var(x), nn::PassContext::inference()).value().clone();
  network.initialize(10);
  network.import_arrays(arrays, "file");
  CHECK(vectors::worst_difference(network.forward(Var(x), nn::PassContext::inference()).value(), before) == 0);
}

TEST_CASE("network: import names the array that is missing, misshapen or unknown") {
  nn::Network network = build("dense name=d out=2\n");
  auto arrays = network.export_arrays();
  const auto message = [&](const std::vector<nn::Array>& given) -> std::string {
    try {
      network.import_arrays(given, "m.h5");
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  auto short_list = arrays;
  short_list.pop_back();
  CHECK(message(short_list) == "m.h5: model/d/bias: expected an array [2], found nothing");
  auto wrong = arrays;
  wrong[1].shape = Shape{3};
  CHECK(message(wrong) == "m.h5: model/d/bias: expected [2], found [3]");
  auto more = arrays;
  more.push_back({"e", "weight", {1}, {0}});
  CHECK(message(more) == "m.h5: model/e/weight: expected no such array in this network, found one");
}

TEST_CASE("network: the same layer starts from the same weights with and without batch norm") {
  nn::Network with = build("dense name=d out=3 bias=no\nbatch_norm name=b\nsigmoid name=s\ndense name=e out=2\n");
  nn::Network without = build("dense name=d out=3\nsigmoid name=s\ndense name=e out=2\n");
  with.initialize(4);
  without.initialize(4);
  const auto& a = with.find_layer("d")->parameters()[0].var.value();
  const auto& b = without.find_layer("d")->parameters()[0].var.value();
  CHECK(vectors::worst_difference(a, b) == 0);
}

TEST_CASE("network: inference of one item does not depend on its companions, bit for bit") {
  nn::Network network =
      build("conv name=a out=3 kernel=3 bias=no\nbatch_norm name=b\nrelu name=r\ndense name=d out=4\n");
  network.initialize(3);
  const Tensor x = random({3, 6, 6, 2});
  const Tensor all = network.forward(Var(x), nn::PassContext::inference()).value();
  const Tensor changed = [&] {
    Tensor y = x.clone();
    for (int64_t i = 72; i < y.count(); ++i) y.data<float>()[i] = 9;
    return y;
  }();
  const Tensor other = network.forward(Var(changed), nn::PassContext::inference()).value();
  for (int64_t k = 0; k < 4; ++k) CHECK(all.at(k) == other.at(k));
}

TEST_CASE("network: an input of other channels is refused with both shapes") {
  nn::Network network = build("dense name=d out=2\n");
  CHECK_THROWS_WITH_AS(network.forward(Var(random({1, 6, 6, 3})), nn::PassContext::inference()),
                       "t.net: input: expected [N,6,6,2], found [1,6,6,3]", Error);
}
