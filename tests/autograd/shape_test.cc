#include "autograd/ops/shape.h"

#include <doctest/doctest.h>

#include <vector>

#include "base/error.h"

namespace fovea {

TEST_CASE("pad_reflect: mirrors at the edge pixels without repeating them, whole pixels at a time") {
  const std::vector<double> pixels = {1, -1, 2, -2, 3, -3};
  const Var x(Tensor::from<double>({1, 1, 3, 2}, std::span<const double>(pixels)));
  const Var y = ops::pad_reflect(x, 0, 0, 2, 1);
  REQUIRE(y.shape() == Shape({1, 1, 6, 2}));
  const auto out = y.value().span<double>();
  CHECK(std::vector<double>(out.begin(), out.end()) == std::vector<double>{3, -3, 2, -2, 1, -1, 2, -2, 3, -3, 2, -2});
}

TEST_CASE("pad_reflect: a margin as wide as the image is refused") {
  const Var x(Tensor::zeros({2, 3, 4, 1}));
  CHECK_NOTHROW(ops::pad_reflect(x, 2, 2, 3, 3));
  CHECK_THROWS_WITH_AS(ops::pad_reflect(x, 3, 0, 0, 0),
                       "pad_reflect: expected a shape [N,H,W,C] with H > 3, W > 0, found [2,3,4,1]", Error);
  CHECK_THROWS_AS(ops::pad_reflect(x, 0, 0, 0, 4), Error);
  CHECK_THROWS_AS(ops::pad_reflect(Var(Tensor::zeros({3, 4})), 0, 0, 0, 0), Error);
}

}  // namespace fovea
