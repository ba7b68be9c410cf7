// The published check data for batch normalisation, tests/vectors/bn/*.json: computed in double by PyTorch 1.13
// autograd and checked against an independent closed form. Tolerance 1e-10 in f64, 1e-5 relative in f32, where the
// vector with the large offset allows 1e-3 absolute (its mean is 10^4). fold.json and population.json are tested with
// lib/nn.
#include <doctest/doctest.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "autograd/ops/activation.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/norm.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax_loss.h"
#include "vectors/vectors.h"

namespace fovea {
namespace {

using nlohmann::json;

json load(const std::string& name) { return vectors::load("bn/" + name); }

// In our axis order, N,H,W,C.
Tensor tensor(const json& value, DType dtype = DType::kF64) { return vectors::nhwc(value).to(dtype); }

// |found - expected| <= tolerance max(1, |expected|), element by element.
void check_close(const Tensor& found, const Tensor& expected, double tolerance, const char* what) {
  REQUIRE(found.count() == expected.count());
  for (int64_t i = 0; i < expected.count(); ++i) {
    CAPTURE(what);
    CAPTURE(i);
    CAPTURE(found.at(i));
    CAPTURE(expected.at(i));
    CHECK(std::abs(found.at(i) - expected.at(i)) <= tolerance * std::max(1.0, std::abs(expected.at(i))));
  }
}

double tolerance_of(DType dtype) { return dtype == DType::kF64 ? 1e-10 : 1e-5; }

void check_training(const json& v, DType dtype) {
  const std::string name = v["name"];
  CAPTURE(name);
  const bool loose = name == "dense_large_offset" && dtype == DType::kF32;
  const double tolerance = loose ? 1e-3 : tolerance_of(dtype);
  const Var x(tensor(v["x"], dtype), true), gamma(tensor(v["gamma"], dtype), true),
      beta(tensor(v["beta"], dtype), true);
  ops::BatchStatistics statistics;
  const Var y = ops::batch_norm(x, gamma, beta, {}, {}, {.eps = v["eps"]}, &statistics);
  const json& expect = v["expect"];
  CHECK(statistics.samples == v["effective_batch"].get<int64_t>());
  check_close(statistics.mean, tensor(expect["mean"]), tolerance, "mean");
  check_close(statistics.variance, tensor(expect["var_biased"]), tolerance, "variance");
  check_close(y.value(), tensor(expect["y"]), tolerance, "y");
  backward(y, tensor(v["dy"], dtype));
  check_close(x.grad(), tensor(expect["dx"]), tolerance, "dx");
  check_close(gamma.grad(), tensor(expect["dgamma"]), tolerance, "dgamma");
  check_close(beta.grad(), tensor(expect["dbeta"]), tolerance, "dbeta");
}

}  // namespace

TEST_CASE("batch_norm vectors: dense training") {
  for (const json& v : load("dense_train.json")) {
    check_training(v, DType::kF64);
    check_training(v, DType::kF32);
  }
}

TEST_CASE("batch_norm vectors: convolutional training") {
  for (const json& v : load("conv_train.json")) {
    check_training(v, DType::kF64);
    check_training(v, DType::kF32);
  }
}

TEST_CASE("batch_norm vectors: per-activation training") {
  const json v = load("per_activation_train.json");
  // x is N,C,H,W with one gamma per position: flattened to N,CHW in that order, no axis needs to move.
  const auto rows = [](const json& value, DType dtype) { return vectors::tensor(value).reshape({3, 8}).to(dtype); };
  const auto row = [](const json& value, DType dtype) { return vectors::tensor(value).reshape({8}).to(dtype); };
  const json& expect = v["expect"];
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    const Var x(rows(v["x"], dtype), true), gamma(row(v["gamma"], dtype), true), beta(row(v["beta"], dtype), true);
    ops::BatchStatistics statistics;
    const Var y = ops::batch_norm(x, gamma, beta, {}, {}, {.eps = v["eps"]}, &statistics);
    const double tolerance = tolerance_of(dtype);
    check_close(statistics.mean, row(expect["mean"], DType::kF64), tolerance, "mean");
    check_close(statistics.variance, row(expect["var_biased"], DType::kF64), tolerance, "variance");
    check_close(y.value(), rows(expect["y"], DType::kF64), tolerance, "y");
    backward(y, rows(v["dy"], dtype));
    check_close(x.grad(), rows(expect["dx"], DType::kF64), tolerance, "dx");
    check_close(gamma.grad(), row(expect["dgamma"], DType::kF64), tolerance, "dgamma");
    check_close(beta.grad(), row(expect["dbeta"], DType::kF64), tolerance, "dbeta");
  }
}

TEST_CASE("batch_norm vectors: scale invariance of BN(aWu), and dW orthogonal to W") {
  const json v = load("scale_invariance.json");
  for (const json& result : v["results"]) {
    const double a = result["a"];
    CAPTURE(a);
    const Var u(tensor(v["u"]), true), gamma(tensor(v["gamma"]), true), beta(tensor(v["beta"]), true);
    Tensor scaled = tensor(v["W"]);
    for (double& weight : scaled.span<double>()) weight *= a;
    const Var w(scaled, true);
    const Var y = ops::batch_norm(ops::linear(u, w, {}), gamma, beta, {}, {}, {.eps = v["eps"]});
    check_close(y.value(), tensor(result["y"]), 1e-10, "y");
    backward(y, tensor(v["dy"]));
    check_close(w.grad(), tensor(result["dW_scaled"]), 1e-10, "d(aW)");
    check_close(u.grad(), tensor(result["du"]), 1e-10, "du");
    for (int64_t k = 0; k < 2; ++k) {
      double product = 0;
      for (int64_t j = 0; j < 3; ++j) product += w.grad().at(k * 3 + j) * scaled.at(k * 3 + j);
      CHECK(std::abs(product) < 1e-10);
    }
  }
}

TEST_CASE("batch_norm vectors: with constant statistics the bias drifts and the loss stays") {
  // The vector removes the mean only: gamma = sqrt(var + eps) undoes the division. loss = mean((x_hat - t)^2) / 2.
  const json v = load("naive_bias.json");
  const auto column = [&](const char* name) { return tensor(v[name]).reshape({4, 1}); };
  const double lr = v["lr"], eps = 1e-5;
  Var b(Tensor::zeros({1}, DType::kF64), true);
  const Var beta(Tensor::zeros({1}, DType::kF64));
  double variance = 0;
  for (int64_t i = 0; i < 4; ++i) variance += std::pow(column("u").at(i) - 0.5, 2) / 4;  // the mean of u is 0.5
  const Var gamma(Tensor::full({1}, std::sqrt(variance + eps), DType::kF64));
  for (const auto mode : {ops::BatchNormMode::kNaive, ops::BatchNormMode::kBatch}) {
    b.mutable_value().fill(0);
    for (const json& step : v["trace"]) {
      b.clear_grad();
      const Var x_hat =
          ops::batch_norm(ops::add_bias(Var(column("u")), b), gamma, beta, {}, {}, {.eps = eps, .mode = mode});
      const Var difference = ops::subtract(x_hat, Var(column("t")));
      const Var loss = ops::scale(ops::mean(ops::multiply(difference, difference)), 0.5);
      backward(loss);
      CHECK(loss.value().item() == doctest::Approx(step["loss"].get<double>()).epsilon(1e-10));
      const bool naive = mode == ops::BatchNormMode::kNaive;
      CHECK(std::abs(b.value().item() - (naive ? step["b"].get<double>() : 0.0)) < 1e-10);
      CHECK(std::abs(b.grad().item() - (naive ? step["naive_grad_b"].get<double>() : 0.0)) < 1e-10);
      b.mutable_value().data<double>()[0] -= lr * b.grad().item();
    }
  }
}

TEST_CASE("batch_norm vectors: one SGD step of a small network") {
  const json v = load("tiny_net_step.json");
  const json& expect = v["expect"];
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    const double tolerance = tolerance_of(dtype);
    std::vector<std::pair<std::string, Var>> parameters;
    for (const char* name : {"W1", "gamma1", "beta1", "W2", "b2"})
      parameters.emplace_back(name, Var(tensor(v[name], dtype), true));
    const auto p = [&](size_t i) { return parameters[i].second; };
    const Var z =
        ops::batch_norm(ops::linear(Var(tensor(v["u"], dtype)), p(0), {}), p(1), p(2), {}, {}, {.eps = v["eps"]});
    const Var hidden = ops::sigmoid(z), logits = ops::linear(hidden, p(3), p(4));
    const auto labels = v["labels"].get<std::vector<int32_t>>();
    const Var loss = ops::softmax_cross_entropy(logits, labels);
    check_close(hidden.value(), tensor(expect["hidden"]), tolerance, "hidden");
    check_close(logits.value(), tensor(expect["logits"]), tolerance, "logits");
    CHECK(std::abs(loss.value().item() - expect["loss"].get<double>()) < tolerance);
    backward(loss);
    for (auto& [name, var] : parameters) {
      const auto& name_ = name;  // clang 14 captures no structured bindings
      CAPTURE(name_);
      check_close(var.grad(), tensor(expect["grads"][name]), tolerance, "gradient");
      Tensor after = var.value().clone().to(DType::kF64);
      for (int64_t i = 0; i < after.count(); ++i) after.data<double>()[i] -= v["lr"].get<double>() * var.grad().at(i);
      check_close(after, tensor(expect["after"][name]), tolerance, "after the step");
    }
  }
}

}  // namespace fovea
