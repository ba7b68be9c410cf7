#include "autograd/ops/conv.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "autograd/ops/arithmetic.h"
#include "base/error.h"
#include "base/rng.h"

namespace fovea {
namespace {

Var values(const Shape& shape, const std::vector<double>& numbers) {
  return Var(Tensor::from<double>(shape, std::span<const double>(numbers)));
}

std::vector<double> list(const Var& y) { return {y.value().span<double>().begin(), y.value().span<double>().end()}; }

Var random(const Shape& shape, uint64_t item) {
  Rng rng(7, RngPurpose::kTest, 0, item);
  Tensor out = Tensor::empty(shape, DType::kF64);
  for (double& value : out.span<double>()) value = rng.normal();
  return Var(out);
}

}  // namespace

TEST_CASE("conv_transpose2d: each pixel spreads the kernel, stride apart, the bias is everywhere") {
  const Var x = values({1, 1, 2, 1}, {1, 10}), w = values({1, 1, 1, 3}, {1, 2, 3}), b = values({1}, {0.5});
  CHECK(list(ops::conv_transpose2d(x, w, {}, {.stride_x = 2})) == std::vector<double>{1, 2, 13, 20, 30});
  CHECK(list(ops::conv_transpose2d(x, w, b, {.stride_x = 2, .pad_left = 1, .pad_right = 1, .output_pad_x = 1})) ==
        std::vector<double>{2.5, 13.5, 20.5, 30.5});
  CHECK(list(ops::conv_transpose2d(x, w, b, {.stride_x = 4})) ==
        std::vector<double>{1.5, 2.5, 3.5, 0.5, 10.5, 20.5, 30.5});
}

TEST_CASE("conv_transpose2d: is the adjoint of the convolution with the same weights") {
  const ops::ConvConfig forth{
      .stride_y = 2, .stride_x = 3, .pad_top = 1, .pad_bottom = 0, .pad_left = 2, .pad_right = 1};
  const ops::ConvTransposeConfig back{.stride_y = 2,
                                      .stride_x = 3,
                                      .pad_top = 1,
                                      .pad_bottom = 0,
                                      .pad_left = 2,
                                      .pad_right = 1,
                                      .output_pad_y = 1,
                                      .output_pad_x = 2};
  const Var image = random({2, 9, 12, 3}, 1), w = random({5, 3, 3, 4}, 2);
  const Var there = ops::conv2d(image, w, {}, forth);
  const Var maps = random(there.shape(), 3);
  const Var again = ops::conv_transpose2d(maps, w, {}, back);
  REQUIRE(again.shape() == image.shape());
  const double a = ops::sum(ops::multiply(there, maps)).value().item();
  CHECK(a == doctest::Approx(ops::sum(ops::multiply(image, again)).value().item()).epsilon(1e-12));
}

TEST_CASE("conv_transpose2d: shapes that do not fit are refused with their numbers") {
  const Var x = random({1, 2, 2, 3}, 1);
  CHECK_THROWS_WITH_AS(ops::conv_transpose2d(x, random({4, 2, 3, 3}, 2), {}, {}),
                       "conv_transpose2d: shapes [1,2,2,3] and [4,2,3,3] do not fit", Error);
  const Var w = random({3, 2, 3, 3}, 2);
  CHECK_THROWS_AS(ops::conv_transpose2d(x, w, {}, {.pad_top = 2, .pad_bottom = 2}), Error);  // nothing would be left
  CHECK_THROWS_AS(ops::conv_transpose2d(x, w, {}, {.stride_y = 2, .output_pad_y = 2}), Error);
  CHECK_THROWS_AS(ops::conv_transpose2d(x, w, random({3}, 3), {}), Error);
}

}  // namespace fovea
