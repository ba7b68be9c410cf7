#include "tensor/shape.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace fovea {

TEST_CASE("shape: counts, axes from the end, text") {
  const Shape shape{32, 28, 14, 3};
  CHECK(shape.rank() == 4);
  CHECK(shape.count() == 32 * 28 * 14 * 3);
  CHECK(shape[-1] == 3);
  CHECK(shape[1] == 28);
  CHECK(shape.rows() == 32);
  CHECK(shape.channels() == 3);
  CHECK(shape.text() == "[32,28,14,3]");
  CHECK(Shape{}.count() == 1);
  CHECK(Shape{}.text() == "[]");
  CHECK(Shape{4, 0, 2}.count() == 0);
}

TEST_CASE("shape: equality looks at the rank too") {
  CHECK(Shape{2, 3} == Shape{2, 3});
  CHECK_FALSE(Shape{2, 3} == Shape{2, 3, 1});
  CHECK_FALSE(Shape{2, 3} == Shape{3, 2});
  CHECK_FALSE(Shape{} == Shape{0});
}

TEST_CASE("shape: too many or negative extents and overflowing sizes are refused") {
  CHECK_THROWS_AS((Shape{1, 1, 1, 1, 1, 1, 1}), Error);
  CHECK_THROWS_AS((Shape{2, -1}), Error);
  const Shape huge{int64_t{1} << 40, int64_t{1} << 40};
  CHECK_THROWS_AS(huge.count(), Error);
}

}  // namespace fovea
