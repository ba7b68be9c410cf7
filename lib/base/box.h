// Boxes as every file stores them: corners in pixels, 0-based, both inclusive (box_convention xyxy_inclusive_0based).
#pragma once

#include <algorithm>

namespace fovea {

struct Box {
  float x1 = 0, y1 = 0, x2 = -1, y2 = -1;
  bool operator==(const Box&) const = default;
};

// Inclusive: a box whose corners coincide is one pixel. Negative for corners in the wrong order.
inline double width(const Box& box) { return static_cast<double>(box.x2) - box.x1 + 1; }
inline double height(const Box& box) { return static_cast<double>(box.y2) - box.y1 + 1; }
inline double area(const Box& box) { return width(box) * height(box); }

inline double intersection(const Box& a, const Box& b) {
  const double w = static_cast<double>(std::min(a.x2, b.x2)) - std::max(a.x1, b.x1) + 1;
  const double h = static_cast<double>(std::min(a.y2, b.y2)) - std::max(a.y1, b.y1) + 1;
  return w > 0 && h > 0 ? w * h : 0;
}

// Intersection over union, in double: pairs that overlap by exactly 0.3 or 0.5 decide differently in float. 0 for boxes
// without area.
inline double iou(const Box& a, const Box& b) {
  const double common = intersection(a, b);
  return common > 0 ? common / (area(a) + area(b) - common) : 0;
}

// The part inside a picture of this size; a box wholly outside becomes the nearest pixel row or column.
inline Box clip(const Box& box, double picture_width, double picture_height) {
  const auto inside = [](float value, double extent) {
    return std::clamp(value, 0.0F, static_cast<float>(std::max(0.0, extent - 1)));
  };
  return {inside(box.x1, picture_width), inside(box.y1, picture_height), inside(box.x2, picture_width),
          inside(box.y2, picture_height)};
}

}  // namespace fovea
