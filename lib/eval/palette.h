// Colours of figures: seven hues that stay apart for colour-blind readers (Okabe & Ito 2008, without the yellow that is
// hard to see on white), and ramps for heat maps.
#pragma once

#include <cstdint>

namespace fovea::eval {

struct Color {
  uint8_t r = 0, g = 0, b = 0;
  bool operator==(const Color&) const = default;
};

inline constexpr Color kInk{0x22, 0x22, 0x22};      // titles, labels
inline constexpr Color kSoftInk{0x60, 0x60, 0x60};  // tick labels, captions
inline constexpr Color kGridInk{0xE4, 0xE4, 0xE4};  // grid lines
inline constexpr Color kPaper{0xFF, 0xFF, 0xFF};

inline constexpr int kHueCount = 7;
// Hue `index` modulo kHueCount. REQUIRES index >= 0.
Color hue(int index);

// White to dark blue for t in 0..1; t is clamped, NaN is light grey.
Color sequential(double t);
// Orange, white in the middle, blue.
Color diverging(double t);

// Black or white, whichever reads better on `background`.
Color readable_on(Color background);

}  // namespace fovea::eval
