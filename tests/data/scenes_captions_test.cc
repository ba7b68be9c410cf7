#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <set>

#include "base/text.h"
#include "data/scenes.h"

namespace fovea::data {
namespace {

SceneOptions options_of(int most) {
  SceneOptions options;
  options.kind = SceneKind::kCaptions;
  options.height = options.width = 64;
  options.max_objects = most;
  options.test_fraction = options.val_fraction = 0.1;
  return options;
}

// The canonical caption, told from the boxes alone.
std::string caption_from_boxes(const Scene& scene) {
  const auto names = scene_labels(SceneKind::kCaptions);
  const auto middle = [](const SceneObject& object, bool column) {
    return column ? object.box[1] + object.box[3] : object.box[0] + object.box[2];
  };
  std::vector<SceneObject> objects = scene.objects;
  bool column = false;
  if (objects.size() > 1) {
    column = std::abs(middle(objects[0], true) - middle(objects[1], true)) >
             std::abs(middle(objects[0], false) - middle(objects[1], false));
  }
  std::sort(objects.begin(), objects.end(),
            [&](const auto& a, const auto& b) { return middle(a, column) < middle(b, column); });
  std::string caption;
  for (const SceneObject& object : objects) {
    const std::string& name = names[static_cast<size_t>(object.label)];
    if (!caption.empty()) caption += column ? " above " : " left of ";
    caption += (name[0] == 'o' ? "an " : "a ") + name;
  }
  return caption;
}

TEST_CASE("scenes_captions: the caption is a function of the picture's objects") {
  std::map<size_t, int> counts;
  for (const int most : {1, 2, 3}) {
    for (int64_t i = 0; i < 300; ++i) {
      const Scene scene = draw_scene(options_of(most), i);
      ++counts[scene.objects.size()];
      CHECK(scene.captions[0] == caption_from_boxes(scene));
      CHECK(scene.captions.size() == (scene.objects.size() == 1 ? 1 : 2));
      std::set<int32_t> labels;
      bool has_label = false;
      for (const SceneObject& object : scene.objects) {
        CHECK(labels.insert(object.label).second);
        has_label = has_label || object.label == scene.label;
        CHECK(object.box[2] - object.box[0] >= 4);
      }
      CHECK(has_label);
      CHECK(scene.label == i % 42);
    }
  }
  CHECK(counts.size() == 3);
}

TEST_CASE("scenes_captions: the second caption says the same backwards") {
  bool seen = false;
  for (int64_t i = 0; i < 50; ++i) {
    const Scene scene = draw_scene(options_of(2), i);
    if (scene.captions.size() < 2 || scene.captions[0].find(" left of ") == std::string::npos) continue;
    const size_t at = scene.captions[0].find(" left of ");
    CHECK(scene.captions[1] == scene.captions[0].substr(at + 9) + " right of " + scene.captions[0].substr(0, at));
    seen = true;
  }
  CHECK(seen);
}

TEST_CASE("scenes_captions: splits hold their shares, and scenes do not depend on their neighbours") {
  std::map<std::string, int> counts;
  for (int64_t i = 0; i < 4200; ++i) ++counts[scene_split(options_of(2), i)];
  CHECK(counts["train"] == 3360);
  CHECK(counts["val"] == 420);
  CHECK(counts["test"] == 420);
  CHECK(draw_scene(options_of(2), 17).picture.pixels == draw_scene(options_of(2), 17).picture.pixels);
  CHECK(scene_id(SceneKind::kCaptions, 7) == "captions-000007");
}

}  // namespace
}  // namespace fovea::data
