#include <doctest/doctest.h>

#include <array>
#include <cmath>

#include "data/scenes.h"

using namespace fovea::data;

namespace {

constexpr int64_t kSide = 16;

// (-1)^phase of each class, as the header of scenes_fragile.cc describes them, written down a second time.
int sign(int64_t label, int64_t y, int64_t x) {
  const bool odd = label == 0 ? x & 1 : label == 1 ? y & 1 : label == 2 ? (x ^ y) & 1 : ((x >> 1) ^ y) & 1;
  return odd ? -1 : 1;
}

double response(const Scene& scene, int64_t label) {
  double sum = 0;
  for (int64_t i = 0; i < kSide * kSide; ++i) {
    sum += sign(label, i / kSide, i % kSide) * static_cast<double>(scene.picture.pixels[static_cast<size_t>(i)]);
  }
  return sum / (kSide * kSide);
}

SceneOptions options(double noise) {
  return {.kind = SceneKind::kFragile, .seed = 5, .height = kSide, .width = kSide, .noise = noise};
}

}  // namespace

TEST_CASE("fragile scenes: an item is a function of seed and index; labels are cyclic") {
  for (int64_t i = 0; i < 12; ++i) {
    const Scene a = draw_scene(options(1), i), b = draw_scene(options(1), i);
    CHECK(a.picture.pixels == b.picture.pixels);
    CHECK(a.label == i % 4);
    CHECK(a.picture.channels == 1);
  }
  SceneOptions other = options(1);
  other.seed = 6;
  CHECK(draw_scene(other, 3).picture.pixels != draw_scene(options(1), 3).picture.pixels);
  CHECK(scene_labels(SceneKind::kFragile).size() == 4);
  CHECK(default_scene_side(SceneKind::kFragile) == kSide);
  CHECK(scene_id(SceneKind::kFragile, 7) == "fragile-000007");
}

TEST_CASE(
    "fragile scenes: without noise the ground is flat but for the pattern of 4 steps; the shape stands out by 80") {
  for (int64_t i = 0; i < 40; ++i) {
    const Scene scene = draw_scene(options(0), i);
    const auto [x0, y0, x1, y1] = scene.objects[0].box;
    int lowest = 255, highest = 0;
    double ground = 0, outside = 0;
    for (int64_t at = 0; at < kSide * kSide; ++at) {
      const int64_t y = at / kSide, x = at % kSide;
      const int value = scene.picture.pixels[static_cast<size_t>(at)] - 4 * sign(scene.label, y, x);
      highest = std::max(highest, value);
      const bool far = static_cast<float>(x) < x0 - 1 || static_cast<float>(x) > x1 + 1 ||
                       static_cast<float>(y) < y0 - 1 || static_cast<float>(y) > y1 + 1;
      if (!far) continue;
      lowest = std::min(lowest, value);
      ground += value;
      ++outside;
    }
    REQUIRE(outside > 20);
    CHECK(std::abs(ground / outside - lowest) < 0.75);  // rounded to whole steps
    CHECK(highest - lowest >= 79);
  }
}

TEST_CASE("fragile scenes: the pattern always tells the class, the shape in nine of ten pictures") {
  constexpr int kItems = 2000;
  int by_pattern = 0, by_shape = 0;
  std::array<std::array<int, 4>, 4> drawn{};
  for (int64_t i = 0; i < kItems; ++i) {
    const Scene scene = draw_scene(options(1), i);
    int64_t best = 0;
    for (int64_t k = 1; k < 4; ++k) best = response(scene, k) > response(scene, best) ? k : best;
    by_pattern += best == scene.label ? 1 : 0;
    by_shape += scene.objects[0].label == scene.label ? 1 : 0;
    ++drawn[static_cast<size_t>(scene.label)][static_cast<size_t>(scene.objects[0].label)];
  }
  CHECK(by_pattern >= 0.97 * kItems);  // this filter also sees the shape; a learned one need not
  CHECK(by_shape > 0.88 * kItems);
  CHECK(by_shape < 0.92 * kItems);
  for (const auto& row : drawn) {
    for (const int count : row) CHECK(count > 3);  // no pair of classes is left out
  }
}
