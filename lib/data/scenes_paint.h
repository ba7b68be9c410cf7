// Coloured shapes as paint: what the painters of shape scenes and caption scenes share. Internal to data.
#pragma once

#include <array>
#include <string>

#include "base/rng.h"
#include "data/scenes.h"

namespace fovea::data {

struct SceneColor {
  const char* name;
  int r, g, b;
};
inline constexpr std::array<SceneColor, 7> kSceneColors = {{{"red", 205, 40, 40},
                                                            {"green", 40, 150, 60},
                                                            {"blue", 45, 75, 200},
                                                            {"yellow", 225, 200, 40},
                                                            {"purple", 135, 50, 160},
                                                            {"orange", 235, 130, 30},
                                                            {"white", 240, 240, 240}}};

struct PlacedShape {
  int32_t label = 0;                           // in shape_names()
  size_t color = 0;                            // in kSceneColors
  double x = 0, y = 0, radius = 0, angle = 0;  // pixels; the circle around the shape
};

// The outline's box before painting, for placing.
std::array<float, 4> outline_box(const PlacedShape& shape, int height, int width);
// Whether more than a small share of the smaller box is covered.
bool overlaps(const std::array<float, 4>& a, const std::array<float, 4>& b);
// Fills the picture with a soft ground: two colours along a random direction.
void paint_ground(io::Picture& picture, double noise, Rng& rng);
// Paints the shape as an object of class `label`, in its colour, a little varied: picture, label map and objects, with
// the box of the pixels that it covers by a quarter or more.
void paint_shape(Scene& scene, const PlacedShape& shape, int32_t label, double noise, Rng& rng);
void paint_noise(io::Picture& picture, double noise, Rng& rng);
// "a red circle", "an orange star".
std::string phrase(const PlacedShape& shape);

}  // namespace fovea::data
