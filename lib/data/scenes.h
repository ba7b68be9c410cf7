// Generated, labelled pictures for demos and tests: no download, no licence. Results on them are results on generated
// data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/picture.h"

namespace fovea::data {

enum class SceneKind {
  kDigits,    // grey digit-like glyphs 0..9 drawn as bent strokes, random affine map, thickness, noise
  kShapes,    // RGB: coloured shapes on a soft ground, with boxes and captions
  kFragile,   // grey: a faint pattern (4 of 255) that is always right, a strong shape that is right in 9 of 10 pictures
  kCaptions,  // RGB: one to three of 42 coloured shapes in a row or column, whose caption is a function of the picture
};
// "digits", "shapes", "fragile", "captions"; throws Error(kUsage) with the nearest name.
SceneKind parse_scene_kind(std::string_view name);

struct SceneOptions {
  SceneKind kind = SceneKind::kDigits;
  uint64_t seed = 1;
  int64_t height = 28, width = 28;       // 8..4096
  int min_objects = 1, max_objects = 1;  // shapes 1..8, captions 1..3 (more count as 3)
  double noise = 1.0;                    // scale of pixel noise and clutter; 0 = clean
  double test_fraction = 0.2;            // share of the items whose split is "test"
  double val_fraction = 0;               // share of the items whose split is "val"
};

struct SceneObject {
  int32_t label = 0;           // in scene_labels(kind)
  std::string color;           // shapes: "red" ...
  std::array<float, 4> box{};  // x0, y0, x1, y1: inclusive pixel indices, 0-based
};

struct Scene {
  io::Picture picture;               // [H,W,1] or [H,W,3]
  int32_t label = 0;                 // digits: the digit; shapes: the class of the largest object; fragile: that of the
                                     // pattern; captions: of one
  std::vector<SceneObject> objects;  // digits, fragile: one, what is drawn
  std::vector<uint8_t> label_map;    // coloured kinds: [H,W], 1 + the class of the topmost object that covers half the
                                     // pixel or more; 0 where there is none
  std::vector<std::string> captions;  // shapes: 2, e.g. "a red circle above a blue square"; captions: the canonical
                                      // one, and for several objects the same said backwards
};

// Class names: "0".."9"; "circle", "square", "triangle", "star", "cross", "ring", "diamond", "pentagon";
// "circle", "ring", "cross", "triangle"; of captions "red circle", "green circle", ...
std::vector<std::string> scene_labels(SceneKind kind);

// The side that a kind is meant for: 28, 32, 16, 64. Its channels: 1, 3, 1, 3.
int64_t default_scene_side(SceneKind kind);
int64_t scene_channels(SceneKind kind);

// Item `index` of the endless series that (seed, kind) stands for: a pure function, so that shards and prefixes agree.
// Labels are cyclic (index mod K) in order, so that any N consecutive items are balanced. Throws Error(kUsage) for
// options out of range.
Scene draw_scene(const SceneOptions& options, int64_t index);

// "train", "val" or "test": exactly floor(n * (test_fraction + val_fraction)) of the first n items of each class are
// not "train".
std::string scene_split(const SceneOptions& options, int64_t index);
// "digits-000042", unique within a kind.
std::string scene_id(SceneKind kind, int64_t index);

}  // namespace fovea::data
