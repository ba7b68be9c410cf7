#include "tensor/kernels/image_gradient.h"

#include <doctest/doctest.h>

#include <cstring>

#include "base/rng.h"
#include "tensor/kernels/conv.h"

namespace fovea::kernels {

TEST_CASE("image gradient: a batch has the bits of its single images") {
  ConvGeometry g{.n = 5, .h = 32, .w = 32, .c = 3, .oh = 32, .ow = 32, .o = 48, .kh = 3, .kw = 3};
  g.pad_top = g.pad_bottom = g.pad_left = g.pad_right = 1;
  REQUIRE(image_gradient::is_worthwhile(g));
  Rng rng(1, RngPurpose::kTest);
  Tensor dy = Tensor::empty({5, 32, 32, 48}), weight = Tensor::empty({48, 3, 3, 3});
  for (float& value : dy.span<float>()) value = static_cast<float>(rng.uniform(-1, 1));
  for (float& value : weight.span<float>()) value = static_cast<float>(rng.uniform(-1, 1));
  const Tensor together = conv_backward_data(g, dy, weight);
  g.n = 1;
  for (int64_t i = 0; i < 5; ++i) {
    const Tensor alone = conv_backward_data(g, dy.rows(i, i + 1), weight), part = together.rows(i, i + 1);
    CHECK(std::memcmp(alone.raw(), part.raw(), static_cast<size_t>(alone.bytes())) == 0);
  }
}

TEST_CASE("image gradient: wide, grouped and 1x1 convolutions keep their path") {
  ConvGeometry g{.n = 2, .h = 8, .w = 8, .c = 3, .oh = 6, .ow = 6, .o = 4, .kh = 3, .kw = 3};
  CHECK(image_gradient::is_worthwhile(g));
  ConvGeometry wide = g, grouped = g, point = g;
  wide.c = 16;
  grouped.groups = 3;
  point.kh = point.kw = 1;
  CHECK_FALSE(image_gradient::is_worthwhile(wide));
  CHECK_FALSE(image_gradient::is_worthwhile(grouped));
  CHECK_FALSE(image_gradient::is_worthwhile(point));
}

}  // namespace fovea::kernels
