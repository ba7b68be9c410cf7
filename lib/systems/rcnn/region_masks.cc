#include "systems/rcnn/region_masks.h"

#include <algorithm>
#include <cmath>

namespace fovea::rcnn {
namespace {

// 1 for each initial region inside `region`.
std::vector<char> leaves_of(const Hierarchy& hierarchy, int32_t region) {
  std::vector<char> inside(static_cast<size_t>(hierarchy.initial), 0);
  std::vector<int32_t> open{region};
  while (!open.empty()) {
    const int32_t r = open.back();
    open.pop_back();
    if (r < hierarchy.initial) {
      inside[static_cast<size_t>(r)] = 1;
    } else {
      const Merge& merge = hierarchy.merges[static_cast<size_t>(r - hierarchy.initial)];
      open.push_back(merge.a);
      open.push_back(merge.b);
    }
  }
  return inside;
}

struct Bounds {
  int64_t x1, y1, x2, y2;
};

// `near` as whole pixels of the labels, widened.
Bounds widen(const Box& near, int64_t margin, int64_t height, int64_t width) {
  const auto low = [&](float v) { return std::max<int64_t>(0, static_cast<int64_t>(std::floor(v)) - margin); };
  const auto high = [&](float v, int64_t extent) {
    return std::min<int64_t>(extent - 1, static_cast<int64_t>(std::ceil(v)) + margin);
  };
  return {low(near.x1), low(near.y1), high(near.x2, width), high(near.y2, height)};
}

io::MaskRuns encode(const Segmentation& labels, const std::vector<char>& inside, const Bounds& b) {
  io::MaskRuns runs;
  char value = 0;
  uint32_t run = 0;
  for (int64_t y = b.y1; y <= b.y2; ++y) {
    for (int64_t x = b.x1; x <= b.x2; ++x) {
      const char now = inside[static_cast<size_t>(labels.labels[static_cast<size_t>(y * labels.width + x)])];
      if (now != value) {
        runs.push_back(run);
        run = 0;
        value = now;
      }
      ++run;
    }
  }
  runs.push_back(run);
  return runs;
}

}  // namespace

Segmentation resize_labels(const Segmentation& segmentation, int64_t height, int64_t width) {
  if (segmentation.height == height && segmentation.width == width) return segmentation;
  Segmentation resized{height, width, segmentation.regions, std::vector<int32_t>(static_cast<size_t>(height * width))};
  for (int64_t y = 0; y < height; ++y) {
    const int64_t from_y = (2 * y + 1) * segmentation.height / (2 * height);
    for (int64_t x = 0; x < width; ++x) {
      const int64_t from_x = (2 * x + 1) * segmentation.width / (2 * width);
      resized.labels[static_cast<size_t>(y * width + x)] =
          segmentation.labels[static_cast<size_t>(from_y * segmentation.width + from_x)];
    }
  }
  return resized;
}

RegionMask region_mask(const Segmentation& labels, const Hierarchy& hierarchy, int32_t region, const Box& near,
                       int64_t margin) {
  const std::vector<char> inside = leaves_of(hierarchy, region);
  const Bounds search = widen(near, margin, labels.height, labels.width);
  Bounds tight{labels.width, labels.height, -1, -1};
  for (int64_t y = search.y1; y <= search.y2; ++y) {
    for (int64_t x = search.x1; x <= search.x2; ++x) {
      if (inside[static_cast<size_t>(labels.labels[static_cast<size_t>(y * labels.width + x)])] == 0) continue;
      tight = {std::min(tight.x1, x), std::min(tight.y1, y), std::max(tight.x2, x), y};
    }
  }
  if (tight.x2 < 0) {
    const Bounds one{search.x1, search.y1, search.x1, search.y1};
    return {{static_cast<float>(one.x1), static_cast<float>(one.y1), static_cast<float>(one.x2),
             static_cast<float>(one.y2)},
            {0, 1}};
  }
  return {{static_cast<float>(tight.x1), static_cast<float>(tight.y1), static_cast<float>(tight.x2),
           static_cast<float>(tight.y2)},
          encode(labels, inside, tight)};
}

std::vector<uint8_t> expand_mask(const io::MaskRuns& runs) {
  std::vector<uint8_t> pixels;
  uint8_t value = 0;
  for (const uint32_t run : runs) {
    pixels.insert(pixels.end(), run, value);
    value = value == 0 ? 1 : 0;
  }
  return pixels;
}

}  // namespace fovea::rcnn
