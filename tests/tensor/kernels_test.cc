// Kernels against their definitions: accuracy of the vectorised functions, random numbers, layouts, updates.
#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <vector>

#include "base/rng.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dropout.h"
#include "tensor/kernels/layout.h"
#include "tensor/kernels/norm.h"
#include "tensor/kernels/optimizer_kernels.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/softmax.h"

namespace fovea::kernels {
namespace {

constexpr double kUlp = 1.1920929e-7;  // of f32, relative

double worst_relative_error(Unary kind, double (*exact)(double), double low, double high) {
  Tensor x = Tensor::empty({20011});
  float* values = x.data<float>();
  for (int64_t i = 0; i < x.count(); ++i)
    values[i] = static_cast<float>(low + (high - low) * static_cast<double>(i) / 20010);
  const Tensor y = unary(kind, x);
  double worst = 0;
  for (int64_t i = 0; i < x.count(); ++i) {
    const double expected = exact(x.at(i));
    if (expected == 0) continue;
    worst = std::max(worst, std::abs(y.at(i) - expected) / std::abs(expected));
  }
  return worst;
}

std::vector<float> draws(size_t count, uint64_t seed) {
  Rng rng(seed, RngPurpose::kTest);
  std::vector<float> out(count);
  for (float& value : out) value = static_cast<float>(rng.uniform(-1, 1));
  return out;
}

}  // namespace

TEST_CASE("unary kernels: sigmoid and tanh are within a few units in the last place") {
  const auto sigmoid = [](double x) { return 1 / (1 + std::exp(-x)); };
  CHECK(worst_relative_error(Unary::kSigmoid, sigmoid, -30, 30) < 4 * kUlp);
  CHECK(worst_relative_error(Unary::kSigmoid, sigmoid, -80, -20) < 4 * kUlp);
  CHECK(worst_relative_error(
            Unary::kTanh, [](double x) { return std::tanh(x); }, -10, 10) < 4 * kUlp);
  CHECK(worst_relative_error(
            Unary::kTanh, [](double x) { return std::tanh(x); }, -1e-4, 1.3e-4) < 4 * kUlp);
}

TEST_CASE("unary kernels: extreme values stay finite, NaN stays NaN") {
  constexpr float kInfinity = std::numeric_limits<float>::infinity();
  const Tensor x = Tensor::from<float>({5}, std::array{kInfinity, -kInfinity, 1e30F, -1e30F, std::nanf("")});
  const Tensor sigmoid = unary(Unary::kSigmoid, x), tanh = unary(Unary::kTanh, x), relu = unary(Unary::kRelu, x);
  for (const int64_t i : {0, 2}) {
    CHECK(sigmoid.at(i) == 1);
    CHECK(tanh.at(i) == 1);
    CHECK(std::abs(sigmoid.at(i + 1)) < 1e-30);
    CHECK(tanh.at(i + 1) == -1);
    CHECK(relu.at(i + 1) == 0);
  }
  CHECK(std::isnan(sigmoid.at(4)));
  CHECK(std::isnan(tanh.at(4)));
  CHECK(std::isnan(relu.at(4)));
}

TEST_CASE("total: a long sum of equal values is exact") {
  CHECK(total(Tensor::full({3000001}, 0.1)) == doctest::Approx(3000001 * static_cast<double>(0.1F)).epsilon(1e-12));
}

TEST_CASE("column_moments: a large mean costs no digits of the variance") {
  Rng rng(5, RngPurpose::kTest);
  Tensor x = Tensor::empty({70001, 3});
  for (float& value : x.span<float>()) value = static_cast<float>(1e4 + rng.normal());
  const Moments fast = column_moments(x);
  use_reference(true);
  const Moments expected = column_moments(x);
  use_reference(false);
  for (int64_t c = 0; c < 3; ++c) {
    CHECK(fast.mean.at(c) == doctest::Approx(expected.mean.at(c)).epsilon(1e-9));
    CHECK(fast.variance.at(c) == doctest::Approx(expected.variance.at(c)).epsilon(1e-6));
  }
}

TEST_CASE("dropout: the draws are those of Rng::uniform, and the rate holds") {
  constexpr int64_t kCount = 100003;
  const Tensor x = Tensor::full({kCount}, 1);
  const Tensor y = dropout(x, 0.3, 0x123456789ABCULL, 4, 0x1000000005ULL);
  Rng rng(0x123456789ABCULL, RngPurpose::kDropout, 0x1000000005ULL, 4);
  int64_t wrong = 0, kept = 0;
  for (int64_t i = 0; i < kCount; ++i) {
    const bool keep = rng.uniform() >= 0.3F;
    kept += keep;
    wrong += (y.at(i) != 0) != keep;
  }
  CHECK(wrong == 0);
  CHECK(y.at(0) * 0.7 == doctest::Approx(y.at(0) == 0 ? 0 : 1));
  CHECK(static_cast<double>(kept) / kCount == doctest::Approx(0.7).epsilon(0.01));
}

TEST_CASE("softmax: a row of very different values neither overflows nor loses the sum") {
  const Tensor y = softmax(Tensor::from<float>({1, 3}, std::array{1000.0F, 999.0F, -1000.0F}), false);
  CHECK(y.at(0) == doctest::Approx(1 / (1 + std::exp(-1.0))));
  CHECK(y.at(2) == 0);
}

TEST_CASE("layout: HWC to CHW and back") {
  // two rows of a 2x3 grid with 2 channels; the value is 100 c + 10 y + x
  std::vector<float> hwc, chw;
  for (int row = 0; row < 2; ++row) {
    for (int y = 0; y < 2; ++y)
      for (int x = 0; x < 3; ++x)
        for (int c = 0; c < 2; ++c) hwc.push_back(static_cast<float>(1000 * row + 100 * c + 10 * y + x));
    for (int c = 0; c < 2; ++c)
      for (int y = 0; y < 2; ++y)
        for (int x = 0; x < 3; ++x) chw.push_back(static_cast<float>(1000 * row + 100 * c + 10 * y + x));
  }
  std::vector<float> out(hwc.size());
  columns_hwc_to_chw(hwc.data(), out.data(), 2, 2, 3, 2);
  CHECK(out == chw);
  columns_chw_to_hwc(chw.data(), out.data(), 2, 2, 3, 2);
  CHECK(out == hwc);
}

TEST_CASE("normalize_pixels: (pixel - mean) / std per channel") {
  std::vector<uint8_t> pixels(3 * 1001);
  for (size_t i = 0; i < pixels.size(); ++i) pixels[i] = static_cast<uint8_t>(i * 7);
  const std::array mean{123.7F, 116.3F, 103.5F}, std{58.4F, 57.1F, 1.0F};
  std::vector<float> out(pixels.size());
  normalize_pixels(pixels.data(), out.data(), 1001, 3, mean.data(), std.data());
  for (size_t i = 0; i < out.size(); ++i) {
    const double expected = (pixels[i] - static_cast<double>(mean[i % 3])) / static_cast<double>(std[i % 3]);
    CHECK(static_cast<double>(out[i]) == doctest::Approx(expected).epsilon(1e-5));
  }
}

TEST_CASE("optimizer kernels: two steps of each rule agree with the formulas in double") {
  const size_t count = 1037;
  const auto start = draws(count, 1), g = draws(count, 2);
  for (int rule = 0; rule < 7; ++rule) {
    CAPTURE(rule);
    std::vector<float> w = start, a(count, 0.0F), b(count, 0.0F);
    std::vector<double> we(start.begin(), start.end()), ae(count, 0.0), be(count, 0.0);
    for (int step = 1; step <= 2; ++step) {
      if (rule < 3) {
        sgd_update(w, g, a,
                   {.learning_rate = 0.1F, .momentum = rule == 0 ? 0.0F : 0.9F, .decay = 0.01F, .nesterov = rule == 2});
      } else if (rule < 5) {
        adam_update(w, g, a, b, {.learning_rate = 0.1F, .decay = 0.01F, .step = step, .decoupled_decay = rule == 4});
      } else {
        rmsprop_update(w, g, a, b,
                       {.learning_rate = 0.1F, .rho = 0.95F, .momentum = rule == 5 ? 0.0F : 0.9F, .decay = 0.01F});
      }
      for (size_t i = 0; i < count; ++i) {
        const double slope = static_cast<double>(g[i]) + (rule == 4 ? 0 : 0.01 * we[i]);
        if (rule < 3) {
          const double momentum = rule == 0 ? 0.0 : 0.9;
          ae[i] = momentum * ae[i] + slope;
          we[i] -= 0.1 * (rule == 2 ? slope + momentum * ae[i] : ae[i]);
        } else if (rule < 5) {
          ae[i] = 0.9 * ae[i] + 0.1 * slope;
          be[i] = 0.999 * be[i] + 0.001 * slope * slope;
          const double m = ae[i] / (1 - std::pow(0.9, step)), v = be[i] / (1 - std::pow(0.999, step));
          we[i] -= 0.1 * (m / (std::sqrt(v) + 1e-8) + (rule == 4 ? 0.01 * we[i] : 0));
        } else {
          ae[i] = 0.95 * ae[i] + 0.05 * slope * slope;
          be[i] = (rule == 5 ? 0.0 : 0.9) * be[i] + slope / (std::sqrt(ae[i]) + 1e-8);
          we[i] -= 0.1 * be[i];
        }
      }
    }
    double worst = 0;
    for (size_t i = 0; i < count; ++i) worst = std::max(worst, std::abs(static_cast<double>(w[i]) - we[i]));
    CHECK(worst < 3e-5);
  }
}

TEST_CASE("sum_of_squares and scale_values") {
  std::vector<float> values(100001, 0.5F);
  CHECK(sum_of_squares(values) == doctest::Approx(0.25 * 100001));
  scale_values(values, 2);
  CHECK(values.back() == 1.0F);
}

}  // namespace fovea::kernels
