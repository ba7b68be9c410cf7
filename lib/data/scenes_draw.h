// The painters behind data/scenes.h. Internal to data.
#pragma once

#include <string>
#include <vector>

#include "base/rng.h"
#include "data/scenes.h"

namespace fovea::data {

inline constexpr int kDigitCount = 10;
inline constexpr int kShapeCount = 8;
inline constexpr int kFragileCount = 4;
const std::vector<std::string>& shape_names();
const std::vector<std::string>& fragile_names();
inline constexpr int kCaptionObjectCount = 42;    // 7 colours of the first 6 shapes, which none mistakes for another
std::vector<std::string> caption_object_names();  // "red circle", ...

// Fills picture, objects (and captions) of a scene of class `label`.
void draw_digit(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene);
void draw_shapes(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene);
void draw_fragile(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene);
void draw_captions(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene);

}  // namespace fovea::data
