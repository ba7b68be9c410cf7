#include "eval/attention_map.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fovea::eval {
namespace {

TEST_CASE("attention_map: upsampling keeps a flat map flat, and a peak in its place") {
  const std::vector<float> flat(6, 0.5F);
  for (const float value : upsample_attention(flat, {2, 3}, 20, 30)) CHECK(value == doctest::Approx(0.5));
  // The paper's geometry, a cell away from the border: close to it the reflected half pulls the peak outwards.
  std::vector<float> peak(14 * 14, 0);
  peak[14 * 6 + 7] = 1;
  const auto map = upsample_attention(peak, {14, 14}, 224, 224);
  const auto at = std::max_element(map.begin(), map.end()) - map.begin();
  const std::ptrdiff_t row = at / 224, column = at % 224;
  CHECK(std::abs(static_cast<double>(row) - 103.5) <= 1);
  CHECK(std::abs(static_cast<double>(column) - 119.5) <= 1);
  CHECK(std::accumulate(map.begin(), map.end(), 0.0) / (224 * 224) == doctest::Approx(1.0 / 196).epsilon(0.02));
}

TEST_CASE("attention_map: the seen area of crops and stretches") {
  data::Preprocess preprocess;
  preprocess.height = preprocess.width = 224;
  preprocess.channels = 3;
  preprocess.resize_side = 256;
  const SeenArea area = seen_area(preprocess, 512, 1024);  // resized to 256 x 512, crop 224 at (16, 144)
  CHECK(area.left == doctest::Approx(288));
  CHECK(area.top == doctest::Approx(32));
  CHECK(area.width == doctest::Approx(448));
  CHECK(area.height == doctest::Approx(448));
  preprocess.resize = data::ResizeMode::kStretch;
  CHECK(seen_area(preprocess, 512, 1024).width == 1024);
  CHECK(seen_area(std::nullopt, 10, 20).height == 10);
}

TEST_CASE("attention_map: mass inside boxes, their union counted once") {
  const std::array<int32_t, 2> grid{2, 2};
  const SeenArea area{0, 0, 20, 20};
  const std::vector<float> weights{0.4F, 0.3F, 0.2F, 0.1F};
  const fovea::Box left{0, 0, 9, 19}, corner{0, 0, 9, 9}, quarter{5, 5, 14, 14};
  CHECK(mass_inside(weights, grid, area, std::vector{left}) == doctest::Approx(0.6));
  CHECK(mass_inside(weights, grid, area, std::vector{left, corner}) == doctest::Approx(0.6));
  CHECK(mass_inside(weights, grid, area, std::vector{quarter}) == doctest::Approx(0.25));
  CHECK(mass_inside(uniform_attention(grid), grid, area, std::vector{corner}) == doctest::Approx(0.25));
  CHECK(mass_inside(weights, grid, area, std::vector<fovea::Box>{}) == 0);
  CHECK(peak_inside(weights, grid, area, std::vector{corner}));
  CHECK_FALSE(peak_inside(weights, grid, area, std::vector{fovea::Box{10, 10, 19, 19}}));
  const auto centre = centre_attention({14, 14});
  CHECK(std::accumulate(centre.begin(), centre.end(), 0.0) == doctest::Approx(1));
  CHECK(mass_inside(centre, {14, 14}, {0, 0, 140, 140}, std::vector{fovea::Box{35, 35, 104, 104}}) > 0.45);
  CHECK(attention_entropy(uniform_attention({3, 3})) == doctest::Approx(std::log(9.0)));
}

}  // namespace
}  // namespace fovea::eval
