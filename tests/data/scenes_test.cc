#include "data/scenes.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <set>

#include "base/hash.h"
#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using fovea::test::expect_error;

namespace {

double mean_pixel(const io::Picture& picture) {
  return std::accumulate(picture.pixels.begin(), picture.pixels.end(), 0.0) /
         static_cast<double>(picture.pixels.size());
}

// Share of right answers of a nearest-class-mean classifier: says whether labels and pictures belong together.
double class_mean_accuracy(const SceneOptions& options, int64_t train, int64_t test) {
  const size_t classes = scene_labels(options.kind).size();
  std::vector<std::vector<double>> means(classes);
  std::vector<double> counts(classes);
  for (int64_t i = 0; i < train; ++i) {
    const Scene scene = draw_scene(options, i);
    auto& mean = means[static_cast<size_t>(scene.label)];
    mean.resize(scene.picture.pixels.size());
    for (size_t k = 0; k < mean.size(); ++k) mean[k] += scene.picture.pixels[k];
    ++counts[static_cast<size_t>(scene.label)];
  }
  int64_t right = 0;
  for (int64_t i = train; i < train + test; ++i) {
    const Scene scene = draw_scene(options, i);
    size_t best = 0;
    double least = 1e300;
    for (size_t c = 0; c < classes; ++c) {
      double distance = 0;
      for (size_t k = 0; k < means[c].size(); ++k) {
        const double d = means[c][k] / counts[c] - scene.picture.pixels[k];
        distance += d * d;
      }
      if (distance < least) best = c, least = distance;
    }
    right += static_cast<int32_t>(best) == scene.label ? 1 : 0;
  }
  return static_cast<double>(right) / static_cast<double>(test);
}

}  // namespace

TEST_CASE("scenes: an item is a function of seed, kind and index alone") {
  for (const SceneKind kind : {SceneKind::kDigits, SceneKind::kShapes}) {
    const SceneOptions options{.kind = kind, .seed = 3, .height = 32, .width = 40, .max_objects = 3};
    const Scene a = draw_scene(options, 17), b = draw_scene(options, 17), c = draw_scene(options, 27);
    CHECK(a.picture.pixels == b.picture.pixels);
    CHECK(a.captions == b.captions);
    CHECK(a.picture.pixels != c.picture.pixels);
    SceneOptions other = options;
    other.seed = 4;
    CHECK(draw_scene(other, 17).picture.pixels != a.picture.pixels);
    CHECK(a.picture.height == 32);
    CHECK(a.picture.width == 40);
    CHECK(a.picture.channels == (kind == SceneKind::kDigits ? 1 : 3));
    CHECK(a.picture.pixels.size() == static_cast<size_t>(32 * 40 * a.picture.channels));
  }
}

TEST_CASE("scenes: labels are balanced and splits exact") {
  const SceneOptions options{.kind = SceneKind::kDigits, .test_fraction = 0.2};
  std::vector<int> all(10), test(10);
  for (int64_t i = 0; i < 1000; ++i) {
    const auto label = static_cast<size_t>(i % 10);
    ++all[label];
    if (scene_split(options, i) == "test") ++test[label];
  }
  CHECK(draw_scene(options, 123).label == 3);
  CHECK(all == std::vector<int>(10, 100));
  CHECK(test == std::vector<int>(10, 20));
  CHECK(scene_id(SceneKind::kShapes, 42) == "shapes-000042");
}

TEST_CASE("scenes: digits can be told apart, but not by their mean alone") {
  const SceneOptions options{.kind = SceneKind::kDigits};
  const double accuracy = class_mean_accuracy(options, 1000, 300);
  MESSAGE("nearest class mean: " << accuracy);
  CHECK(accuracy > 0.4);
  CHECK(accuracy < 0.98);
  for (int64_t i = 0; i < 20; ++i) {
    const double mean = mean_pixel(draw_scene(options, i).picture);
    CHECK(mean > 5);
    CHECK(mean < 120);
  }
}

TEST_CASE("scenes: noise 0 is clean, more noise changes more") {
  SceneOptions options{.kind = SceneKind::kDigits, .noise = 0};
  const Scene clean = draw_scene(options, 5);
  CHECK(std::count(clean.picture.pixels.begin(), clean.picture.pixels.end(), 0) > 300);
  options.noise = 2;
  const Scene noisy = draw_scene(options, 5);
  CHECK(std::count(noisy.picture.pixels.begin(), noisy.picture.pixels.end(), 0) <
        std::count(clean.picture.pixels.begin(), clean.picture.pixels.end(), 0));
}

TEST_CASE("scenes: boxes of shapes lie in the picture and hold the shape") {
  const SceneOptions options{
      .kind = SceneKind::kShapes, .height = 64, .width = 80, .min_objects = 1, .max_objects = 4, .noise = 0};
  std::set<size_t> counts;
  for (int64_t i = 0; i < 60; ++i) {
    const Scene scene = draw_scene(options, i);
    REQUIRE_FALSE(scene.objects.empty());
    counts.insert(scene.objects.size());
    CHECK(scene.objects[0].label == scene.label);
    for (const SceneObject& object : scene.objects) {
      const auto [x0, y0, x1, y1] = object.box;
      CHECK(x0 >= 0);
      CHECK(y0 >= 0);
      CHECK(x1 <= 79);
      CHECK(y1 <= 63);
      CHECK(x1 > x0 + 3);
      CHECK(y1 > y0 + 3);
    }
    CHECK(scene.captions.size() == 2);
  }
  CHECK(counts.size() >= 3);
}

TEST_CASE("scenes: a box is tight around its shape") {
  // Clean and alone: pixels inside the box differ strongly from the smooth ground, outside they do not.
  const SceneOptions options{.kind = SceneKind::kShapes, .seed = 9, .height = 64, .width = 64, .noise = 0};
  int touched = 0;
  for (int64_t i = 0; i < 24; ++i) {
    const Scene scene = draw_scene(options, i);
    const auto [x0, y0, x1, y1] = scene.objects[0].box;
    // With noise 0 the ground is one colour: that of the corner farthest from the shape.
    const int64_t corner_y = y0 + y1 > 63 ? 0 : 63, corner_x = x0 + x1 > 63 ? 0 : 63;
    const auto difference = [&](int64_t y, int64_t x) {
      const uint8_t* pixel = scene.picture.row(y) + 3 * x;
      const uint8_t* corner = scene.picture.row(corner_y) + 3 * corner_x;
      return std::abs(pixel[0] - corner[0]) + std::abs(pixel[1] - corner[1]) + std::abs(pixel[2] - corner[2]);
    };
    int full = 0;
    for (int64_t at = 0; at < 64 * 64; ++at) full = std::max(full, difference(at / 64, at % 64));
    // Covered by well over the quarter that the box goes by.
    const auto differs = [&](int64_t y, int64_t x) { return difference(y, x) * 10 > 3 * full; };
    bool outside = false, left = false, right = false;
    for (int64_t y = 0; y < 64; ++y) {
      for (int64_t x = 0; x < 64; ++x) {
        const bool in_x = static_cast<float>(x) >= x0 && static_cast<float>(x) <= x1;
        const bool in_y = static_cast<float>(y) >= y0 && static_cast<float>(y) <= y1;
        if (!differs(y, x)) continue;
        outside = outside || !in_x || !in_y;
        left = left || static_cast<float>(x) <= x0 + 1;
        right = right || static_cast<float>(x) >= x1 - 1;
      }
    }
    CHECK_FALSE(outside);
    touched += left && right ? 1 : 0;
  }
  CHECK(touched == 24);
}

TEST_CASE("scenes: label maps cover what the boxes hold, in the objects' classes") {
  for (const SceneKind kind : {SceneKind::kShapes, SceneKind::kCaptions}) {
    const SceneOptions options{.kind = kind, .height = 64, .width = 80, .max_objects = 3};
    for (int64_t i = 0; i < 40; ++i) {
      const Scene scene = draw_scene(options, i);
      REQUIRE(scene.label_map.size() == 64 * 80);
      std::set<int> expected, found;
      for (const SceneObject& object : scene.objects) expected.insert(object.label + 1);
      for (int64_t at = 0; at < 64 * 80; ++at) {
        const int label = scene.label_map[static_cast<size_t>(at)];
        if (label == 0) continue;
        found.insert(label);
        const int64_t column = at % 80, row = at / 80;
        const auto x = static_cast<float>(column), y = static_cast<float>(row);
        CHECK(std::any_of(scene.objects.begin(), scene.objects.end(), [&](const SceneObject& object) {
          const auto [x0, y0, x1, y1] = object.box;
          return object.label + 1 == label && x >= x0 && x <= x1 && y >= y0 && y <= y1;
        }));
      }
      CHECK(found == expected);
    }
  }
  CHECK(draw_scene({.kind = SceneKind::kDigits}, 0).label_map.empty());
}

TEST_CASE("scenes: captions name the shapes and their relation") {
  const SceneOptions options{.kind = SceneKind::kShapes, .height = 64, .width = 64, .min_objects = 2, .max_objects = 2};
  int pairs = 0;
  for (int64_t i = 0; i < 40; ++i) {
    const Scene scene = draw_scene(options, i);
    if (scene.objects.size() != 2) continue;
    ++pairs;
    const auto names = scene_labels(SceneKind::kShapes);
    const SceneObject &a = scene.objects[0], &b = scene.objects[1];
    const std::string& caption = scene.captions[0];
    CHECK(caption.find(a.color + " " + names[static_cast<size_t>(a.label)]) != std::string::npos);
    CHECK(caption.find(b.color + " " + names[static_cast<size_t>(b.label)]) != std::string::npos);
    if (caption.find("left of") != std::string::npos) CHECK(a.box[0] + a.box[2] < b.box[0] + b.box[2]);
    if (caption.find("above") != std::string::npos) CHECK(a.box[1] + a.box[3] < b.box[1] + b.box[3] + 4);
  }
  CHECK(pairs > 25);
}

TEST_CASE("scenes: smallest and odd sizes work, others are refused") {
  for (const SceneKind kind : {SceneKind::kDigits, SceneKind::kShapes}) {
    for (int64_t i = 0; i < 10; ++i) {
      CHECK_NOTHROW(draw_scene({.kind = kind, .height = 8, .width = 300, .max_objects = 8, .noise = 3}, i));
    }
  }
  expect_error(ErrorKind::kUsage, "height", [] { draw_scene({.height = 7}, 0); });
  expect_error(ErrorKind::kUsage, "min-objects", [] { draw_scene({.min_objects = 3, .max_objects = 2}, 0); });
  expect_error(ErrorKind::kUsage, "noise", [] { draw_scene({.noise = -1}, 0); });
  expect_error(ErrorKind::kUsage, "index", [] { draw_scene({}, -1); });
  expect_error(ErrorKind::kUsage, "digits | shapes", [] { parse_scene_kind("shape"); });
}
