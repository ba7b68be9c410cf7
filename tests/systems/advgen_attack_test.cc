// Attacks: closed forms on linear classifiers, promises that hold for any network, and what options change.
#include <doctest/doctest.h>

#include <cmath>

#include "base/rng.h"
#include "systems/advgen/attack.h"
#include "systems/advgen/epsilon.h"
#include "systems/advgen/gradient_input.h"
#include "systems/advgen/square.h"

namespace fovea::advgen {
namespace {

data::Preprocess pixels(int64_t height, int64_t width, int64_t channels) {
  data::Preprocess preprocess;
  preprocess.height = height;
  preprocess.width = width;
  preprocess.channels = channels;
  preprocess.stddev = {255};
  return preprocess;
}

Tensor random_pixels(const Shape& shape, double low, double high, uint64_t seed) {
  Tensor x = Tensor::empty(shape);
  Rng rng(seed, RngPurpose::kTest);
  for (float& value : x.span<float>()) value = static_cast<float>(rng.uniform(low, high));
  return x;
}

// A small convolutional network with random weights, and pictures in the middle of the range or all over it.
struct Setting {
  explicit Setting(int64_t images = 12, double low = 0, double high = 1)
      : network(nn::parse_net(
            "fovea-net 1\ninput name=data height=8 width=8 channels=3\nconv name=c out=6 kernel=3 pad=same\n"
            "relu name=r\ndense name=fc out=5\n",
            "random.net")),
        victim(initialised(network), pixels(8, 8, 3), "random.net") {
    batch.x = random_pixels({images, 8, 8, 3}, low, high, 7);
    batch.labels = predictions(victim.logits(batch.x));
    for (int64_t i = 0; i < images; ++i) batch.keys.push_back(i);
  }
  static nn::Network& initialised(nn::Network& network) {
    network.initialize(3);
    return network;
  }
  int64_t fooled(const AttackConfig& config) const {
    const auto result = run_attack(victim, batch, config);
    return std::count(result.fooled.begin(), result.fooled.end(), 1);
  }

  nn::Network network;
  Victim victim;
  AttackBatch batch;
};

TEST_CASE("attack: on a linear classifier one step is the exact worst case") {
  nn::Network network(
      nn::parse_net("fovea-net 1\ninput name=data height=2 width=2 channels=3\ndense name=fc out=2\n", "linear.net"));
  network.initialize(5);
  const Victim victim(network, pixels(2, 2, 3), "linear.net");
  AttackBatch batch{random_pixels({4, 2, 2, 3}, 0.4, 0.6, 3), {0, 1, 0, 1}, {0, 1, 2, 3}};
  const float* w = std::as_const(network.parameters()[0]->var.value()).data<float>();
  double l1 = 0, squares = 0;
  for (int64_t i = 0; i < 12; ++i) {
    const double difference = static_cast<double>(w[i]) - static_cast<double>(w[12 + i]);
    l1 += std::abs(difference);
    squares += difference * difference;
  }
  const auto lead = [&](const Tensor& x, size_t image) {  // logit of the label minus the other's
    const Tensor z = victim.logits(x);
    const auto row = static_cast<int64_t>(image) * 2;
    return (batch.labels[image] == 0 ? 1 : -1) * (z.at(row) - z.at(row + 1));
  };
  for (const auto& [name, loss] : {std::pair{"fgsm", 0.05 * l1}, std::pair{"fgm-l2", 0.05 * std::sqrt(squares)}}) {
    const Tensor x = run_attack(victim, batch, named_attack(name, 0.05)).adversarial;
    for (size_t i = 0; i < 4; ++i) CHECK(lead(x, i) == doctest::Approx(lead(batch.x, i) - loss).epsilon(1e-4));
  }
}

TEST_CASE("attack: every attack keeps its norm and the range, and says what the victim says") {
  const Setting s;
  for (const std::string& name : attack_names()) {
    for (const double epsilon : {0.02, 0.3}) {
      CAPTURE(name);
      AttackConfig config = named_attack(name, epsilon);
      config.steps = std::min<int64_t>(config.steps, 15);
      config.restarts = 2;
      const AttackResult result = run_attack(s.victim, s.batch, config);
      check_within(result.adversarial, s.batch.x, config.norm, epsilon);
      CHECK(predictions(s.victim.logits(result.adversarial)) == result.predictions);
      for (size_t i = 0; i < result.fooled.size(); ++i)
        CHECK((result.fooled[i] != 0) == (result.predictions[i] != s.batch.labels[i]));
    }
  }
}

TEST_CASE("attack: more steps and more restarts never fool fewer images") {
  const Setting s(40);
  AttackConfig config = named_attack("pgd", 0.01);
  int64_t before = 0;
  for (const int64_t restarts : {1, 2, 5}) {
    config.restarts = restarts;
    const int64_t now = s.fooled(config);
    CHECK(now >= before);
    before = now;
  }
  AttackConfig bim = named_attack("bim", 0.01);
  before = 0;
  for (const int64_t steps : {1, 4, 12}) {
    bim.steps = steps;  // the same step size: a longer walk holds the shorter one
    const int64_t now = s.fooled(bim);
    CHECK(now >= before);
    before = now;
  }
  CHECK(before > 0);
}

TEST_CASE("attack: an early stop saves work, not success") {
  const Setting s(40);
  AttackConfig config = named_attack("pgd", 0.02);
  config.restarts = 3;
  const auto patient = run_attack(s.victim, s.batch, config);
  config.early_stop = true;
  const auto hasty = run_attack(s.victim, s.batch, config);
  CHECK(patient.fooled == hasty.fooled);
}

TEST_CASE("attack: what happens to an image does not depend on its company") {
  const Setting s(9);
  AttackConfig config = named_attack("pgd", 0.03);
  config.steps = 6;
  const Tensor together = run_attack(s.victim, s.batch, config).adversarial;
  for (int64_t i = 0; i < 9; ++i) {
    const AttackBatch alone{s.batch.x.rows(i, i + 1).clone(), {s.batch.labels[static_cast<size_t>(i)]}, {i}};
    const Tensor single = run_attack(s.victim, alone, config).adversarial;
    const auto expected = std::as_const(together).rows(i, i + 1);
    CHECK(std::equal(single.span<float>().begin(), single.span<float>().end(),
                     std::as_const(expected).span<float>().begin()));
  }
}

TEST_CASE("attack: a target is approached, and reached where that is possible") {
  const Setting s(20, 0.3, 0.7);
  AttackBatch batch = s.batch;
  for (int32_t& label : batch.labels) label = (label + 1) % 5;
  AttackConfig config = named_attack("pgd", 0.3);
  config.targeted = true;
  const auto result = run_attack(s.victim, batch, config);
  CHECK(std::count(result.fooled.begin(), result.fooled.end(), 1) == 20);
  for (size_t i = 0; i < 20; ++i) CHECK(result.predictions[i] == batch.labels[i]);
}

TEST_CASE("attack: rounding to 8 bits goes towards the original") {
  Tensor original = Tensor::from<float>({1, 4}, std::vector<float>{10 / 255.0F, 10 / 255.0F, 0, 1});
  Tensor x = Tensor::from<float>({1, 4}, std::vector<float>{13.7F / 255, 7.3F / 255, 5 / 255.0F, 250.2F / 255});
  quantise_inwards(x, original);
  const std::vector<double> levels{13, 8, 5, 251};
  for (int64_t i = 0; i < 4; ++i) CHECK(x.at(i) * 255 == doctest::Approx(levels[static_cast<size_t>(i)]).epsilon(1e-5));
}

TEST_CASE("attack: squares shrink with the queries, scaled to the budget") {
  CHECK(square_share(0, 10000) == 0.8);
  CHECK(square_share(11, 10000) == 0.4);
  CHECK(square_share(9000, 10000) == doctest::Approx(0.8 / 512));
  CHECK(square_share(2, 1000) == square_share(20, 10000));
}

TEST_CASE("attack: a flat classifier has no gradient, and nothing divides by it") {
  Setting s;
  for (nn::Parameter* parameter : s.network.parameters()) parameter->var.mutable_value().fill(0);
  const auto input = gradient_input(s.victim, s.batch.x, s.batch.labels, GradientNorm::kRms);
  CHECK(input.zeros == 12);
  for (const float value : std::as_const(input.delta).span<float>()) CHECK(value == 0);
  const Tensor x = run_attack(s.victim, s.batch, named_attack("fgsm", 0.1)).adversarial;
  CHECK(std::equal(x.span<float>().begin(), x.span<float>().end(), std::as_const(s.batch.x).span<float>().begin()));
}

TEST_CASE("victim: the lower class of equals is the prediction, and the least likely one") {
  const std::vector<float> values{0, 2, 2, -1, 1, -3, 0, -3, 5, 5, 5, 5};
  const Tensor logits = Tensor::from<float>({3, 4}, values);
  CHECK(predictions(logits) == std::vector<int32_t>{1, 0, 0});
  CHECK(least_likely(logits) == std::vector<int32_t>{3, 1, 0});
}

TEST_CASE("epsilon: fractions, and grey levels that were meant") {
  CHECK(parse_epsilon("8/255", "eps") == 8.0 / 255);
  CHECK(parse_epsilon("0.3", "eps") == 0.3);
  for (const char* text : {"8", "-1/255", "0", "1/0", "x", "", "nan", "8/255/2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(parse_epsilon(text, "eps"), Error);
  }
  try {
    parse_epsilon("8", "eps");
  } catch (const Error& error) {
    CHECK(error.hint() == "pixel values are in [0,1]; did you mean 8/255?");
  }
  CHECK(epsilon_text(8.0 / 255) == "8/255");
  CHECK(epsilon_text(0.25) == "0.25");
}

}  // namespace
}  // namespace fovea::advgen
