#include "eval/palette.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr Color kAbsent{0xDD, 0xDD, 0xDD};

Color mix(std::span<const Color> stops, double t) {
  if (std::isnan(t)) return kAbsent;
  const double position = std::clamp(t, 0.0, 1.0) * static_cast<double>(stops.size() - 1);
  const size_t below = std::min(static_cast<size_t>(position), stops.size() - 2);
  const double part = position - static_cast<double>(below);
  const auto channel = [&](uint8_t a, uint8_t b) { return static_cast<uint8_t>(std::lround(a + part * (b - a))); };
  const Color& a = stops[below];
  const Color& b = stops[below + 1];
  return {channel(a.r, b.r), channel(a.g, b.g), channel(a.b, b.b)};
}

}  // namespace

Color hue(int index) {
  static constexpr std::array<Color, kHueCount> kHues = {{{0x00, 0x72, 0xB2},    // blue
                                                          {0xD5, 0x5E, 0x00},    // vermilion
                                                          {0x00, 0x9E, 0x73},    // green
                                                          {0xCC, 0x79, 0xA7},    // purple
                                                          {0xE6, 0x9F, 0x00},    // orange
                                                          {0x56, 0xB4, 0xE9},    // sky
                                                          {0x33, 0x33, 0x33}}};  // black
  FOVEA_CHECK(index >= 0, "hue {}", index);
  return kHues[static_cast<size_t>(index % kHueCount)];
}

Color sequential(double t) {
  static constexpr std::array<Color, 5> kStops = {
      {{0xFF, 0xFF, 0xFF}, {0xC9, 0xDD, 0xF0}, {0x73, 0xB2, 0xD8}, {0x22, 0x71, 0xB4}, {0x08, 0x30, 0x6B}}};
  return mix(kStops, t);
}

Color diverging(double t) {
  static constexpr std::array<Color, 5> kStops = {
      {{0xB3, 0x58, 0x06}, {0xF1, 0xA3, 0x40}, {0xFF, 0xFF, 0xFF}, {0x67, 0xA9, 0xCF}, {0x08, 0x51, 0x9C}}};
  return mix(kStops, t);
}

Color readable_on(Color background) {
  // Rec. 601 luma: enough to tell dark from light.
  const double luma = 0.299 * background.r + 0.587 * background.g + 0.114 * background.b;
  return luma < 140 ? kPaper : kInk;
}

}  // namespace fovea::eval
