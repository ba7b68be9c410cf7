// Coloured shapes on a soft ground, placed so that they overlap little, largest first; boxes are those of the painted
// pixels.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/text.h"
#include "data/scenes_draw.h"
#include "data/scenes_paint.h"

namespace fovea::data {
namespace {

constexpr int kPlacements = 40;  // attempts before a shape is left out

// The first shape has the scene's class and the largest radius; the others are at most 0.85 of it.
std::vector<PlacedShape> place_shapes(const SceneOptions& options, int32_t label, Rng& rng) {
  const int height = static_cast<int>(options.height), width = static_cast<int>(options.width);
  const int wanted = options.min_objects +
                     static_cast<int>(rng.below(static_cast<uint32_t>(options.max_objects - options.min_objects + 1)));
  const double side = std::min(height, width);
  const double largest =
      wanted == 1 ? rng.uniform(0.25, 0.42) * side : rng.uniform(0.17, 0.26) * side / std::sqrt(wanted / 3.0 + 0.5);
  std::vector<PlacedShape> shapes;
  for (int i = 0; i < wanted; ++i) {
    PlacedShape shape;
    shape.label = i == 0 ? label : static_cast<int32_t>(rng.below(kShapeCount));
    shape.color = rng.below(static_cast<uint32_t>(kSceneColors.size()));
    for (int attempt = 0; attempt < kPlacements; ++attempt) {
      shape.radius = std::max(2.5, i == 0 ? largest : largest * rng.uniform(0.6, 0.85));
      shape.angle = rng.uniform(-0.25, 0.25);
      shape.x = rng.uniform(shape.radius, std::max(width - shape.radius, shape.radius + 1e-9));
      shape.y = rng.uniform(shape.radius, std::max(height - shape.radius, shape.radius + 1e-9));
      const auto box = outline_box(shape, height, width);
      const bool free = std::none_of(shapes.begin(), shapes.end(), [&](const PlacedShape& other) {
        return overlaps(box, outline_box(other, height, width));
      });
      if (free) {
        shapes.push_back(shape);
        break;
      }
    }
  }
  return shapes;
}

// How a lies to b: the axis with the larger distance decides.
std::string relation(const PlacedShape& a, const PlacedShape& b) {
  if (std::abs(a.x - b.x) > std::abs(a.y - b.y)) return a.x < b.x ? "left of" : "right of";
  return a.y < b.y ? "above" : "below";
}

std::vector<std::string> captions_of(const std::vector<PlacedShape>& shapes) {
  constexpr std::array<const char*, 9> kCounts = {"no", "one", "two", "three", "four", "five", "six", "seven", "eight"};
  if (shapes.size() == 1) return {phrase(shapes[0]), "there is " + phrase(shapes[0])};
  const std::string first = phrase(shapes[0]), second = phrase(shapes[1]);
  std::vector<std::string> captions = {first + " " + relation(shapes[0], shapes[1]) + " " + second,
                                       second + " " + relation(shapes[1], shapes[0]) + " " + first};
  if (shapes.size() > 2) {
    std::vector<std::string> all;
    for (const PlacedShape& shape : shapes) all.push_back(phrase(shape));
    const std::string last = all.back();
    all.pop_back();
    captions[1] = std::string(kCounts[shapes.size()]) + " shapes: " + join(all, ", ") + " and " + last;
  }
  return captions;
}

}  // namespace

void draw_shapes(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene) {
  const int height = static_cast<int>(options.height), width = static_cast<int>(options.width);
  scene.picture = {height, width, 3,
                   std::vector<uint8_t>(3 * static_cast<size_t>(height) * static_cast<size_t>(width))};
  paint_ground(scene.picture, options.noise, rng);
  const std::vector<PlacedShape> shapes = place_shapes(options, label, rng);
  for (const PlacedShape& shape : shapes) paint_shape(scene, shape, shape.label, options.noise, rng);
  paint_noise(scene.picture, options.noise, rng);
  scene.captions = captions_of(shapes);
}

}  // namespace fovea::data
