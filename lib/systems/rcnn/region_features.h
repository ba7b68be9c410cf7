// What selective search knows of a region: size, box, colour and texture histograms, and which regions touch.
//   Uijlings et al. 2013, section 3.2
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "systems/rcnn/color_space.h"
#include "systems/rcnn/graph_segmentation.h"

namespace fovea::rcnn {

inline constexpr int kColorBins = 75;     // 25 for each channel
inline constexpr int kTextureBins = 240;  // 8 half-derivatives x 10 bins x 3 channels
// How often one pixel is counted: a histogram divided by count * size sums to 1.
inline constexpr int kColorCounts = 3, kTextureCounts = 24;

enum class ColorBinRule {
  kFloor,  // floor(25 v / 256): equal bins  [ours]
  kRound,  // round(24 v / 255): half-width bins at the ends, as the authors' code
};

// Histogram bins of every pixel, made once for a colour space and shared by its segmentations.
struct PixelBins {
  std::vector<uint8_t> color;    // [H,W,3]
  std::vector<uint8_t> texture;  // [H,W,3,4]: for each of 4 directions the half (sign) * 10 + bin
};
// Texture: Gaussian derivatives (deviation 1, picture scaled to 0..1) at 0, 45, 90, 135 degrees, positive and negative
// parts apart, in linear bins from 0 to 0.43; larger values go to the last bin.
PixelBins quantize(const ColorPlanes& picture, ColorBinRule rule);

struct PixelBox {
  int32_t x1 = 0, y1 = 0, x2 = -1, y2 = -1;  // inclusive
  bool operator==(const PixelBox&) const = default;
  int64_t area() const { return static_cast<int64_t>(x2 - x1 + 1) * (y2 - y1 + 1); }
};
PixelBox unite(const PixelBox& a, const PixelBox& b);

// The regions of a segmentation. Histograms are counts, so that joining two regions is exact addition.
struct RegionSet {
  int32_t regions = 0;
  int64_t picture_pixels = 0;
  std::vector<int32_t> sizes;                           // R
  std::vector<PixelBox> boxes;                          // R
  std::vector<int32_t> color;                           // [R,75]
  std::vector<int32_t> texture;                         // [R,240]
  std::vector<std::pair<int32_t, int32_t>> neighbours;  // a < b, sorted: 4-connected pixels touch
};
RegionSet describe_regions(const Segmentation& segmentation, const PixelBins& bins);

}  // namespace fovea::rcnn
