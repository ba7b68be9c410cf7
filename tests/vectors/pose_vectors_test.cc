// The published check data of the pose system, tests/vectors/pose/: written by independent Python in double precision.
#include <doctest/doctest.h>

#include <algorithm>
#include <nlohmann/json.hpp>
#include <vector>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/spatial.h"
#include "vectors/vectors.h"

namespace fovea {
namespace {

using nlohmann::json;
using vectors::nhwc;
using vectors::tensor;

// Largest |a - b| over the largest |b|.
double relative_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.count() == b.count());
  double worst = 0, size = 1e-300;
  for (int64_t i = 0; i < a.count(); ++i) {
    worst = std::max(worst, std::abs(a.at(i) - b.at(i)));
    size = std::max(size, std::abs(b.at(i)));
    if (std::isnan(a.at(i))) worst = 1e300;
  }
  return worst / size;
}

void check_spatial(const json& item, DType dtype, ops::SpatialForm form, double tolerance) {
  const Var e(nhwc(item["e"]).to(dtype), true), kernel(tensor(item["kernel"]).to(dtype), true),
      bias(tensor(item["bias"]).to(dtype), true);
  const Var out = ops::spatial_model(e, kernel, bias, {.beta = item["beta"], .eps = item["epsilon"], .form = form});
  CHECK(relative_difference(out.value(), nhwc(item["out"])) < tolerance);
  backward(out, nhwc(item["upstream"]).to(dtype));
  const json& expected = item["grad_of_sum_upstream_times_out"];
  CHECK(relative_difference(e.grad(), nhwc(expected["e"])) < tolerance);
  CHECK(relative_difference(kernel.grad(), tensor(expected["kernel"])) < tolerance);
  CHECK(relative_difference(bias.grad(), tensor(expected["bias"])) < tolerance);
}

TEST_CASE("pose vectors: spatial model and its gradients, by definition and by transforms") {
  for (const json& item : vectors::load("pose/spatial_model.json")["cases"]) {
    check_spatial(item, DType::kF64, ops::SpatialForm::kDirect, 1e-10);
    check_spatial(item, DType::kF32, ops::SpatialForm::kDirect, 2e-5);
    check_spatial(item, DType::kF32, ops::SpatialForm::kFft, 2e-5);
  }
}

TEST_CASE("pose vectors: gradients of the squared error through the spatial model") {
  for (const json& item : vectors::load("pose/spatial_model.json")["cases"]) {
    const Var e(nhwc(item["e"]), true), kernel(tensor(item["kernel"]), true), bias(tensor(item["bias"]), true);
    const Var out = ops::spatial_model(e, kernel, bias, {.beta = item["beta"], .eps = item["epsilon"]});
    const Var error = ops::subtract(out, Var(nhwc(item["target"])));
    const double maps = item["shape"]["N"].get<double>() * item["shape"]["A"].get<double>();
    const Var loss = ops::scale(ops::sum(ops::multiply(error, error)), 0.5 / maps);
    CHECK(std::abs(loss.value().item() - item["loss"].get<double>()) < 1e-10);
    backward(loss);
    CHECK(relative_difference(e.grad(), nhwc(item["grad_of_loss"]["e"])) < 1e-10);
    CHECK(relative_difference(kernel.grad(), tensor(item["grad_of_loss"]["kernel"])) < 1e-10);
    CHECK(relative_difference(bias.grad(), tensor(item["grad_of_loss"]["bias"])) < 1e-10);
  }
}

// Spikes at (2,1) and (3,3), kernels with their mass at the displacements between them: a correlation would miss.
TEST_CASE("pose vectors: the spatial model convolves") {
  const json expected = vectors::load("pose/spatial_direction.json");
  for (const auto form : {ops::SpatialForm::kDirect, ops::SpatialForm::kFft}) {
    Tensor e = Tensor::zeros({1, 5, 5, 2}), kernel = Tensor::full({2, 2, 5, 5}, -40);
    e.data<float>()[(2 * 5 + 1) * 2] = 1;
    e.data<float>()[(3 * 5 + 3) * 2 + 1] = 1;
    const auto set = [&](int64_t a, int64_t v, int64_t dy, int64_t dx) {
      kernel.data<float>()[((a * 2 + v) * 5 + dy + 2) * 5 + dx + 2] = 5;
    };
    set(1, 0, 1, 2);
    set(0, 0, 0, 0);
    set(1, 1, 0, 0);
    set(0, 1, -1, -2);
    const Var out = ops::spatial_model(Var(e), Var(kernel), Var(Tensor::full({2, 2}, -3)), {.eps = 1e-9, .form = form});
    CHECK(relative_difference(out.value(), nhwc(expected["out"])) < 2e-5);
    for (int64_t a = 0; a < 2; ++a) {
      int64_t best = 0;
      for (int64_t i = 0; i < 25; ++i) best = out.value().at(i * 2 + a) > out.value().at(best * 2 + a) ? i : best;
      CHECK(best == expected["argmax"][a][0].get<int64_t>() * 5 + expected["argmax"][a][1].get<int64_t>());
    }
  }
}

}  // namespace
}  // namespace fovea
