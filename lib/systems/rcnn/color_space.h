// The colour spaces of selective search (Uijlings et al. 2013, section 3.2), each as an 8-bit picture of three planes:
// the same planes serve the initial segmentation and the histograms.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "data/dataset.h"

namespace fovea::rcnn {

// rgb: as it is. i: grey. lab: CIE L*a*b* (D50, as the ICC encoding). rgi: r and g of normalised RGB, and grey. hsv:
// hue spans 0..255. nrgb: normalised RGB. c: opponent colours divided by intensity. h: hue.
enum class ColorSpace { kRgb, kI, kLab, kRgi, kHsv, kNrgb, kC, kH };

// "rgb", "i", ...; throws Error(kUsage) with the nearest name.
ColorSpace parse_color_space(std::string_view name);
std::string_view color_space_name(ColorSpace space);
const std::vector<std::string>& color_space_names();

// plane[c] [H,W]
struct ColorPlanes {
  int64_t height = 0, width = 0;
  std::array<std::vector<uint8_t>, 3> planes = {};
  bool replicated = false;  // the three planes are equal
};

// Grey pictures are repeated first. REQUIRES 8-bit pixels.
ColorPlanes to_color_space(const data::PixelView& picture, ColorSpace space);

}  // namespace fovea::rcnn
