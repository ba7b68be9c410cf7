#include "nn/fold.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/rng.h"
#include "vectors/vectors.h"

using namespace fovea;

namespace {

Tensor& parameter(nn::Network& network, const std::string& layer, size_t index) {
  return network.find_layer(layer)->parameters()[index].var.mutable_value();
}

// Fills a network "affine with bias -> batch_norm" from a case of fold.json.
nn::Network vector_network(const nlohmann::json& data, const std::string& text, DType dtype) {
  nn::Network network(nn::parse_net(text, "fold.net"), dtype);
  parameter(network, "a", 0).copy_from(vectors::tensor(data["W"]));
  parameter(network, "a", 1).copy_from(vectors::tensor(data["b"]));
  parameter(network, "bn", 0).copy_from(vectors::tensor(data["gamma"]));
  parameter(network, "bn", 1).copy_from(vectors::tensor(data["beta"]));
  network.buffers()[0]->value.copy_from(vectors::tensor(data["mean"]));
  network.buffers()[1]->value.copy_from(vectors::tensor(data["var"]));
  return network;
}

Tensor run(nn::Network& network, const Tensor& x) {
  return network.forward(Var(x), nn::PassContext::inference()).value();
}

// Random parameters and statistics everywhere.
void randomise(nn::Network& network) {
  Rng rng(7, RngPurpose::kTest);
  for (auto* p : network.parameters()) {
    for (float& v : p->var.mutable_value().span<float>()) v = static_cast<float>(rng.normal() * 0.3);
  }
  for (auto* b : network.buffers()) {
    for (float& v : b->value.span<float>())
      v = static_cast<float>(b->name == "running_var" ? 0.2 + rng.uniform_double() : rng.normal());
  }
}

std::string refusal(const std::string& body) {
  nn::Network network(nn::parse_net("fovea-net 1\ninput name=x height=6 width=6 channels=2\n" + body, "t.net"));
  try {
    nn::fold_batch_norm(network);
  } catch (const Error& error) {
    return error.what();
  }
  return "folded";
}

}  // namespace

TEST_CASE("fold: linear and 3x3 convolution agree with fold.json to 1e-12 in double and 1e-5 in float") {
  const auto cases = vectors::load("bn/fold.json");
  const auto& linear = cases[0];
  const auto& conv = cases[1];
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    const double tolerance = dtype == DType::kF64 ? 1e-12 : 1e-5;
    nn::Network dense = vector_network(
        linear, "fovea-net 1\ninput name=x height=1 width=1 channels=2\ndense name=a out=3\nbatch_norm name=bn\n",
        dtype);
    nn::Network folded = nn::fold_batch_norm(dense);
    const Tensor u = vectors::tensor(linear["u"]);
    const Tensor x = u.reshape({u.extent(0), 1, 1, 2}).to(dtype);
    CHECK(vectors::worst_difference(parameter(folded, "a", 0), vectors::tensor(linear["expect"]["W_folded"])) <
          tolerance);
    CHECK(vectors::worst_difference(parameter(folded, "a", 1), vectors::tensor(linear["expect"]["b_folded"])) <
          tolerance);
    CHECK(vectors::worst_difference(run(folded, x), vectors::tensor(linear["expect"]["y"])) < tolerance);
    CHECK(vectors::worst_difference(run(dense, x), vectors::tensor(linear["expect"]["y"])) < tolerance);

    const Tensor image = vectors::nhwc(conv["u"]).to(dtype);
    const int64_t filters = vectors::tensor(conv["W"]).extent(0);
    nn::Network grid = vector_network(conv,
                                      fmt::format("fovea-net 1\ninput name=x height={} width={} channels={}\nconv "
                                                  "name=a out={} kernel=3 pad=1\nbatch_norm name=bn\n",
                                                  image.extent(1), image.extent(2), image.extent(3), filters),
                                      dtype);
    nn::Network folded_grid = nn::fold_batch_norm(grid);
    CHECK(vectors::worst_difference(parameter(folded_grid, "a", 0), vectors::tensor(conv["expect"]["W_folded"])) <
          tolerance);
    CHECK(vectors::worst_difference(run(folded_grid, image), vectors::nhwc(conv["expect"]["y"])) < tolerance);
    CHECK(vectors::worst_difference(run(grid, image), vectors::nhwc(conv["expect"]["y"])) < tolerance);
  }
}

TEST_CASE("fold: a network with branches gives the same outputs within 1e-5") {
  nn::Network network(
      nn::parse_net("fovea-net 1\ninput name=x height=8 width=8 channels=3\nconv name=a out=5 kernel=3 pad=same "
                    "bias=no\nbatch_norm name=a_bn\nrelu name=a_relu\n"
                    "conv name=b in=a_relu out=4 kernel=1 bias=no\nbatch_norm name=b_bn eps=0.01\nrelu "
                    "name=b_relu\nconcat name=c in=a_relu,b_relu\n"
                    "max_pool name=p kernel=2 stride=2\ndense name=d out=6 bias=no\nbatch_norm name=d_bn\nsigmoid "
                    "name=s\ndense name=e out=3\n",
                    "t.net"));
  randomise(network);
  nn::Network folded = nn::fold_batch_norm(network);
  CHECK_FALSE(nn::has_batch_norm(folded.text()));
  Tensor x = Tensor::empty({4, 8, 8, 3});
  Rng rng(3, RngPurpose::kTest);
  for (float& v : x.span<float>()) v = static_cast<float>(rng.normal());
  CHECK(vectors::worst_difference(run(folded, x), run(network, x)) < 1e-5);
}

TEST_CASE("fold: refused where the composition is not one linear map") {
  CHECK(refusal("relu name=r\nbatch_norm name=b\n").starts_with("t.net:4: b: cannot be folded: it follows 'r' (relu)"));
  CHECK(refusal("conv name=c out=2 kernel=1\nbatch_norm name=b\nadd name=d in=b,c\n")
            .starts_with("t.net:4: b: cannot be folded: the output of 'c' has 2 consumers"));
  CHECK(refusal("conv name=c out=2 kernel=1\nbatch_norm name=b per=activation\n")
            .starts_with("t.net:4: b: cannot be folded: its statistics are per activation"));
  CHECK(refusal("batch_norm name=b\n").starts_with("t.net:3: b: cannot be folded: it follows 'x' (input)"));
}
