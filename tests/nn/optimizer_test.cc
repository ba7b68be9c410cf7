#include "nn/optimizer.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

using namespace fovea;

namespace {

struct Fixture {
  nn::Parameter weight{"a", "weight", Var(Tensor::from<float>({2}, std::vector<float>{1, -2}), true), 1, 1};
  nn::Parameter bias{"a", "bias", Var(Tensor::from<float>({1}, std::vector<float>{0.5F}), true), 2, 0};

  void set_gradients(float g0, float g1, float gb) {
    weight.var.add_grad(Tensor::from<float>({2}, std::vector<float>{g0, g1}));
    bias.var.add_grad(Tensor::from<float>({1}, std::vector<float>{gb}));
  }
  double w(int i) const { return weight.var.value().at(i); }
  double b() const { return bias.var.value().at(0); }
};

nn::OptimizerConfig config(nn::OptimizerKind kind, double momentum, double decay) {
  nn::OptimizerConfig out;
  out.kind = kind;
  out.momentum = momentum;
  out.weight_decay = decay;
  return out;
}

}  // namespace

TEST_CASE("optimizer: sgd takes decay on weights only and the layer's rate") {
  Fixture f;
  nn::Optimizer optimizer({&f.weight, &f.bias}, config(nn::OptimizerKind::kSgd, 0, 0.1));
  CHECK(optimizer.slots().empty());
  f.set_gradients(1, 1, 1);
  optimizer.step(0.1);
  CHECK(f.w(0) == doctest::Approx(1 - 0.1 * (1 + 0.1)));
  CHECK(f.w(1) == doctest::Approx(-2 - 0.1 * (1 - 0.2)));
  CHECK(f.b() == doctest::Approx(0.5 - 0.2));  // lr scale 2, no decay
  CHECK_FALSE(f.weight.var.grad().defined());
}

TEST_CASE("optimizer: momentum and Nesterov by hand over two steps") {
  for (const auto kind : {nn::OptimizerKind::kSgd, nn::OptimizerKind::kNesterov}) {
    Fixture f;
    nn::Optimizer optimizer({&f.weight, &f.bias}, config(kind, 0.9, 0));
    double v = 0, w = 1;
    for (const double g : {1.0, 0.5}) {
      f.set_gradients(static_cast<float>(g), 0, 0);
      optimizer.step(0.1);
      v = 0.9 * v + g;
      w -= 0.1 * (kind == nn::OptimizerKind::kNesterov ? g + 0.9 * v : v);
    }
    CHECK(f.w(0) == doctest::Approx(w));
  }
}

TEST_CASE("optimizer: adam and rmsprop by hand over two steps") {
  Fixture a, r;
  nn::Optimizer adam({&a.weight, &a.bias}, config(nn::OptimizerKind::kAdam, 0, 0));
  nn::Optimizer rmsprop({&r.weight, &r.bias}, config(nn::OptimizerKind::kRmsProp, 0, 0));
  double m = 0, v = 0, wa = 1, c = 0, wr = 1;
  for (int t = 1; t <= 2; ++t) {
    const double g = t == 1 ? 0.3 : -0.7;
    a.set_gradients(static_cast<float>(g), 0, 0);
    r.set_gradients(static_cast<float>(g), 0, 0);
    adam.step(0.01);
    rmsprop.step(0.01);
    m = 0.9 * m + 0.1 * g;
    v = 0.999 * v + 0.001 * g * g;
    wa -= 0.01 * (m / (1 - std::pow(0.9, t))) / (std::sqrt(v / (1 - std::pow(0.999, t))) + 1e-8);
    c = 0.99 * c + 0.01 * g * g;
    wr -= 0.01 * g / (std::sqrt(c) + 1e-8);
  }
  CHECK(a.w(0) == doctest::Approx(wa).epsilon(1e-5));
  CHECK(r.w(0) == doctest::Approx(wr).epsilon(1e-5));
  CHECK(adam.slots().size() == 4);
  CHECK(rmsprop.slots()[0].name == "cache");
}

TEST_CASE("optimizer: Graves' form of rmsprop by hand over two steps") {
  Fixture f;
  auto graves = config(nn::OptimizerKind::kRmsPropGraves, 0.9, 0);
  graves.rho = 0.95, graves.epsilon = 1e-4;
  nn::Optimizer optimizer({&f.weight, &f.bias}, graves);
  double n = 0, m = 0, u = 0, w = 1;
  for (int t = 1; t <= 2; ++t) {
    const double g = t == 1 ? 0.3 : -0.7;
    f.set_gradients(static_cast<float>(g), 0, 0);
    optimizer.step(1e-4);
    n = 0.95 * n + 0.05 * g * g;
    m = 0.95 * m + 0.05 * g;
    u = 0.9 * u - 1e-4 * g / std::sqrt(n - m * m + 1e-4);
    w += u;
  }
  CHECK(f.w(0) == doctest::Approx(w).epsilon(1e-6));
  CHECK(optimizer.slots()[2].name == "momentum");
}

TEST_CASE("optimizer: clipping scales the joint norm") {
  Fixture f;
  auto clipped = config(nn::OptimizerKind::kSgd, 0, 0);
  clipped.clip_norm = 1;
  nn::Optimizer optimizer({&f.weight, &f.bias}, clipped);
  f.set_gradients(3, 0, 4);
  optimizer.step(1);
  CHECK(f.w(0) == doctest::Approx(1 - 0.6));
  CHECK(f.b() == doctest::Approx(0.5 - 2 * 0.8));
}

TEST_CASE("optimizer: a frozen parameter stays as it is") {
  Fixture f;
  nn::Optimizer optimizer({&f.weight, &f.bias}, config(nn::OptimizerKind::kSgd, 0, 0.1));
  f.set_gradients(1, 1, 1);
  f.weight.var.set_needs_grad(false);
  optimizer.step(0.1);
  CHECK(f.w(0) == 1);
}

TEST_CASE("optimizer: an unknown name is a usage error that lists the names") {
  CHECK_THROWS_WITH_AS(nn::parse_optimizer("sgdm"),
                       "--optimizer: expected sgd | nesterov | adam | rmsprop | rmsprop-graves, found 'sgdm'", Error);
}
