#include "systems/bn/population.h"

#include <doctest/doctest.h>

#include "vectors/vectors.h"

using namespace fovea;

TEST_CASE("population: Algorithm 2 on population.json, dense and conv, is not the pooled variance") {
  for (const auto& data : vectors::load("bn/population.json")) {
    CAPTURE(data["name"].get<std::string>());
    bn::PopulationStatistics statistics;
    for (const auto& values : data["minibatches"]) {
      const Tensor x = vectors::nhwc(values);
      const Tensor ones = Tensor::full({x.shape().channels()}, 1, DType::kF64),
                   zeros = Tensor::zeros({x.shape().channels()}, DType::kF64);
      ops::BatchStatistics batch;
      ops::batch_norm(Var(x), Var(ones), Var(zeros), {}, {}, {}, &batch);
      statistics.add("bn", batch);
    }
    const auto expected_mean = data["expect"]["E"].get<std::vector<double>>(),
               expected_variance = data["expect"]["Var"].get<std::vector<double>>();
    const auto mean = statistics.mean("bn"), variance = statistics.variance("bn");
    for (size_t i = 0; i < mean.size(); ++i) {
      CHECK(mean[i] == doctest::Approx(expected_mean[i]).epsilon(1e-12));
      CHECK(variance[i] == doctest::Approx(expected_variance[i]).epsilon(1e-12));
      if (data.contains("pooled_variance_for_contrast"))
        CHECK(std::abs(variance[i] - data["pooled_variance_for_contrast"][i].get<double>()) > 1e-3);
    }
  }
}

TEST_CASE("population: one pass sets all layers from batch statistics, as in training") {
  nn::Network network(nn::parse_net("fovea-net 1\ninput name=x height=1 width=1 channels=2\ndense name=a out=3 "
                                    "bias=no\nbatch_norm name=b1\nsigmoid name=s\n"
                                    "dense name=c out=2 bias=no\nbatch_norm name=b2\n",
                                    "t.net"),
                      DType::kF64);
  network.initialize(1);
  const auto data = vectors::load("bn/population.json")[0];
  std::vector<Tensor> batches;
  for (const auto& values : data["minibatches"]) batches.push_back(vectors::tensor(values).reshape({4, 1, 1, 2}));
  // What a pass with batch statistics below gives at the second layer, computed step by step.
  bn::PopulationStatistics by_hand;
  for (const Tensor& batch : batches) {
    nn::PassContext context = nn::PassContext::training(1, 0);
    context.update_running = false;
    context.on_statistics = [&](const std::string& layer, const ops::BatchStatistics& s) { by_hand.add(layer, s); };
    network.forward(Var(batch), context);
  }
  REQUIRE(bn::recalibrate(
      network, 3, 1, [&](int64_t i) { return batches[static_cast<size_t>(i)]; }, [] { return false; }));
  const auto& buffers = network.buffers();
  CHECK(buffers[2]->layer == "b2");
  CHECK(buffers[2]->value.at(0) == doctest::Approx(by_hand.mean("b2")[0]).epsilon(1e-12));
  CHECK(buffers[3]->value.at(1) == doctest::Approx(by_hand.variance("b2")[1]).epsilon(1e-12));
}

TEST_CASE("population: stopping leaves the statistics as they were") {
  nn::Network network(
      nn::parse_net("fovea-net 1\ninput name=x height=1 width=1 channels=2\nbatch_norm name=b\n", "t.net"));
  int calls = 0;
  const auto next = [&](int64_t) { return Tensor::zeros({4, 1, 1, 2}); };
  CHECK_FALSE(bn::recalibrate(network, 3, 1, next, [&] { return ++calls == 3; }));
  CHECK(network.buffers()[1]->value.at(0) == 1);
}
