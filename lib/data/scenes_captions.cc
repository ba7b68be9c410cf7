// Scenes whose caption can be right or wrong: up to three shapes in a row or a column, named from left to right or from
// top to bottom.
//   caption  = object { relation object }       relation = "left of" | "above"     (canonical, captions[0])
//            | object { inverse object }        inverse  = "right of" | "below"    (the same read backwards,
//            captions[1])
//   object   = ("a" | "an") color shape
// No two objects of a scene have both colour and shape in common, neighbours are further apart along the axis than
// across it, and the axis is the same for all, so that the canonical caption is a function of the picture.
#include <fmt/core.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "data/scenes_draw.h"
#include "data/scenes_paint.h"

namespace fovea::data {
namespace {

constexpr int kMaxInRow = 3;
constexpr double kAside = 0.5;  // largest step across the axis, as a share of the step along it

// One object's place along the axis (0..1 of the picture) is in the middle of its section, a little moved.
std::vector<PlacedShape> place(const SceneOptions& options, int32_t label, int count, bool column, Rng& rng) {
  const auto along = static_cast<double>(column ? options.height : options.width);
  const auto across = static_cast<double>(column ? options.width : options.height);
  const double section = along / count;
  const double most = std::min({0.45 * section, 0.3 * across, count == 1 ? 0.3 * along : along});
  std::vector<PlacedShape> shapes;
  for (int i = 0; i < count; ++i) {
    PlacedShape shape;
    shape.radius = std::max(2.5, most * rng.uniform(0.7, 1.0));
    shape.angle = rng.uniform(-0.2, 0.2);
    const double slack = std::max(0.0, section / 2 - shape.radius);
    const double u = (i + 0.5) * section + rng.uniform(-slack, slack);
    double low = shape.radius, high = across - shape.radius;
    if (i > 0) {
      const PlacedShape& before = shapes.back();
      const double step = kAside * (u - (column ? before.y : before.x)), v = column ? before.x : before.y;
      low = std::max(low, v - step);
      high = std::min(high, v + step);
    }
    const double v = low < high ? rng.uniform(low, high) : (low + high) / 2;
    shape.x = column ? v : u;
    shape.y = column ? u : v;
    const auto taken = [&](const PlacedShape& other) {
      return other.label == shape.label && other.color == shape.color;
    };
    do {
      const int32_t both = i == 0 ? label : static_cast<int32_t>(rng.below(kCaptionObjectCount));
      shape.color = static_cast<size_t>(both) % kSceneColors.size();
      shape.label = both / static_cast<int32_t>(kSceneColors.size());
    } while (std::any_of(shapes.begin(), shapes.end(), taken));
    shapes.push_back(shape);
  }
  return shapes;
}

std::string chain(const std::vector<PlacedShape>& shapes, std::string_view relation) {
  std::string caption;
  for (const PlacedShape& shape : shapes) {
    if (!caption.empty()) caption += fmt::format(" {} ", relation);
    caption += phrase(shape);
  }
  return caption;
}

}  // namespace

std::vector<std::string> caption_object_names() {
  std::vector<std::string> names;
  for (int32_t i = 0; i < kCaptionObjectCount; ++i) {
    const auto at = static_cast<size_t>(i);
    names.push_back(std::string(kSceneColors[at % kSceneColors.size()].name) + " " +
                    shape_names()[at / kSceneColors.size()]);
  }
  return names;
}

void draw_captions(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene) {
  const auto height = options.height, width = options.width;
  scene.picture = {height, width, 3, std::vector<uint8_t>(3 * static_cast<size_t>(height * width))};
  paint_ground(scene.picture, options.noise, rng);
  const int most = std::min(options.max_objects, kMaxInRow), least = std::min(options.min_objects, most);
  const int count = least + static_cast<int>(rng.below(static_cast<uint32_t>(most - least + 1)));
  const bool column = rng.below(2) == 1;
  const int first = static_cast<int>(rng.below(static_cast<uint32_t>(count)));  // where the labelled object stands
  std::vector<PlacedShape> shapes = place(options, label, count, column, rng);
  std::swap(shapes[0].label, shapes[static_cast<size_t>(first)].label);
  std::swap(shapes[0].color, shapes[static_cast<size_t>(first)].color);
  for (const PlacedShape& shape : shapes) {
    const int32_t object = shape.label * static_cast<int32_t>(kSceneColors.size()) + static_cast<int32_t>(shape.color);
    paint_shape(scene, shape, object, options.noise, rng);
  }
  paint_noise(scene.picture, options.noise, rng);
  scene.captions = {chain(shapes, column ? "above" : "left of")};
  if (count == 1) return;
  std::reverse(shapes.begin(), shapes.end());
  scene.captions.push_back(chain(shapes, column ? "below" : "right of"));
}

}  // namespace fovea::data
