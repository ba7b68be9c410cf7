#include "data/scenes.h"

#include <array>
#include <cmath>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"
#include "data/scenes_draw.h"

namespace fovea::data {
namespace {

constexpr std::array<std::string_view, 4> kNames = {"digits", "shapes", "fragile", "captions"};
constexpr int64_t kMaxSide = 4096;

int64_t class_count(SceneKind kind) {
  switch (kind) {
    case SceneKind::kDigits:
      return kDigitCount;
    case SceneKind::kShapes:
      return kShapeCount;
    case SceneKind::kFragile:
      return kFragileCount;
    case SceneKind::kCaptions:
      return kCaptionObjectCount;
  }
  FOVEA_CHECK(false, "kind of scenes");
}

void check_options(const SceneOptions& options, int64_t index) {
  const auto require = [](bool good, std::string_view what) {
    if (!good) fail(ErrorKind::kUsage, "scenes: {}", what);
  };
  require(options.height >= 8 && options.height <= kMaxSide, "expected 8 <= height <= 4096");
  require(options.width >= 8 && options.width <= kMaxSide, "expected 8 <= width <= 4096");
  require(options.min_objects >= 1 && options.min_objects <= options.max_objects && options.max_objects <= 8,
          "expected 1 <= min-objects <= max-objects <= 8");
  require(options.noise >= 0 && options.noise <= 10, "expected 0 <= noise <= 10");
  require(options.test_fraction >= 0 && options.val_fraction >= 0 && options.test_fraction + options.val_fraction <= 1,
          "expected fractions of test and val between 0 and 1 together");
  require(index >= 0, "expected index >= 0");
}

}  // namespace

SceneKind parse_scene_kind(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<SceneKind>(i);
  }
  const std::string near = nearest(name, {kNames.begin(), kNames.end()});
  throw Error(
      ErrorKind::kUsage,
      fmt::format("scenes: expected {}, found '{}'", join({kNames.begin(), kNames.end()}, " | "), printable(name)),
      near.empty() ? "" : "did you mean '" + near + "'?");
}

std::vector<std::string> scene_labels(SceneKind kind) {
  if (kind == SceneKind::kShapes) return shape_names();
  if (kind == SceneKind::kFragile) return fragile_names();
  if (kind == SceneKind::kCaptions) return caption_object_names();
  std::vector<std::string> names;
  for (int i = 0; i < kDigitCount; ++i) names.push_back(std::to_string(i));
  return names;
}

int64_t default_scene_side(SceneKind kind) {
  switch (kind) {
    case SceneKind::kDigits:
      return 28;
    case SceneKind::kShapes:
      return 32;
    case SceneKind::kFragile:
      return 16;
    case SceneKind::kCaptions:
      return 64;
  }
  FOVEA_CHECK(false, "kind of scenes");
}

int64_t scene_channels(SceneKind kind) { return kind == SceneKind::kShapes || kind == SceneKind::kCaptions ? 3 : 1; }

Scene draw_scene(const SceneOptions& options, int64_t index) {
  check_options(options, index);
  Scene scene;
  scene.label = static_cast<int32_t>(index % class_count(options.kind));
  // The kind is part of the stream's epoch, so that series of different kinds are independent.
  Rng rng(options.seed, RngPurpose::kScene, static_cast<uint64_t>(options.kind), static_cast<uint64_t>(index));
  if (options.kind == SceneKind::kDigits) {
    draw_digit(options, scene.label, rng, scene);
  } else if (options.kind == SceneKind::kFragile) {
    draw_fragile(options, scene.label, rng, scene);
  } else if (options.kind == SceneKind::kShapes) {
    draw_shapes(options, scene.label, rng, scene);
  } else {
    draw_captions(options, scene.label, rng, scene);
  }
  return scene;
}

std::string scene_split(const SceneOptions& options, int64_t index) {
  const int64_t place = index / class_count(options.kind);  // among the pictures of its class
  const auto rank = static_cast<double>(place);
  const double held_out = options.test_fraction + options.val_fraction;
  const double before = std::floor(rank * held_out);
  if (std::floor((rank + 1) * held_out) <= before) return "train";
  // Of the held out items, the same rule takes the share of "test".
  const double share = options.test_fraction / held_out;
  return std::floor((before + 1) * share) > std::floor(before * share) ? "test" : "val";
}

std::string scene_id(SceneKind kind, int64_t index) {
  return fmt::format("{}-{:06}", kNames[static_cast<size_t>(kind)], index);
}

}  // namespace fovea::data
