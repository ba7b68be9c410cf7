#include "systems/rcnn/color_space.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/error.h"
#include "base/text.h"

namespace fovea::rcnn {
namespace {

using Triple = std::array<uint8_t, 3>;

uint8_t to_byte(double value) { return static_cast<uint8_t>(std::clamp(value + 0.5, 0.0, 255.0)); }

double grey(double r, double g, double b) { return 0.2989 * r + 0.5870 * g + 0.1140 * b; }

// In [0,1): sixths of the circle from red over green to blue. Grey has hue 0.
double hue(int r, int g, int b) {
  const int high = std::max({r, g, b}), low = std::min({r, g, b});
  if (high == low) return 0;
  const double span = high - low;
  double sixths = 0;
  if (high == r) {
    sixths = (g - b) / span;
  } else if (high == g) {
    sixths = 2 + (b - r) / span;
  } else {
    sixths = 4 + (r - g) / span;
  }
  return (sixths < 0 ? sixths + 6 : sixths) / 6;
}

Triple hsv(int r, int g, int b) {
  const int high = std::max({r, g, b}), low = std::min({r, g, b});
  const double saturation = high == 0 ? 0 : static_cast<double>(high - low) / high;
  return {to_byte(255 * hue(r, g, b)), to_byte(255 * saturation), static_cast<uint8_t>(high)};
}

// sRGB's transfer curve, per 8-bit value.
const std::array<double, 256>& linear_light() {
  static const std::array<double, 256> table = [] {
    std::array<double, 256> values{};
    for (size_t i = 0; i < values.size(); ++i) {
      const double v = static_cast<double>(i) / 255;
      values[i] = v <= 0.04045 ? v / 12.92 : std::pow((v + 0.055) / 1.055, 2.4);
    }
    return values;
  }();
  return table;
}

// The cube-root part of L*a*b* over t in [0, 1], tabulated: 4096 steps are finer than 8 bits need.
double lab_curve(double t) {
  constexpr int kSteps = 4096;
  static const std::array<double, kSteps + 2> table = [] {
    std::array<double, kSteps + 2> values{};
    for (size_t i = 0; i < values.size(); ++i) {
      const double x = static_cast<double>(i) / kSteps, knee = 6.0 / 29;
      values[i] = x > knee * knee * knee ? std::cbrt(x) : x / (3 * knee * knee) + 4.0 / 29;
    }
    return values;
  }();
  const double position = std::clamp(t, 0.0, 1.0) * kSteps;
  const auto step = static_cast<size_t>(position);
  return table[step] + (position - static_cast<double>(step)) * (table[step + 1] - table[step]);
}

// L 0..100 -> 0..255, a and b + 128. XYZ relative to D50 (Bradford-adapted sRGB), each divided by the white point.
Triple lab(int r8, int g8, int b8) {
  const auto& light = linear_light();
  const double r = light[static_cast<size_t>(r8)], g = light[static_cast<size_t>(g8)],
               b = light[static_cast<size_t>(b8)];
  const double x = (0.4360747 * r + 0.3850649 * g + 0.1430804 * b) / 0.9642200;
  const double y = 0.2225045 * r + 0.7168786 * g + 0.0606169 * b;
  const double z = (0.0139322 * r + 0.0971045 * g + 0.7141733 * b) / 0.8252100;
  const double fx = lab_curve(x), fy = lab_curve(y), fz = lab_curve(z);
  return {to_byte((116 * fy - 16) * 2.55), to_byte(500 * (fx - fy) + 128), to_byte(200 * (fy - fz) + 128)};
}

// Chromaticities; a black pixel has none and becomes 0.
Triple normalized(int r, int g, int b) {
  const int sum = r + g + b;
  if (sum == 0) return {0, 0, 0};
  return {to_byte(255.0 * r / sum), to_byte(255.0 * g / sum), to_byte(255.0 * b / sum)};
}

Triple rgi(int r, int g, int b) {
  const Triple chroma = normalized(r, g, b);
  return {chroma[0], chroma[1], to_byte(grey(r, g, b))};
}

// O1/O3 and O2/O3 of the opponent colours, mapped from the ranges they can take to 0..255. The third plane is constant:
// intensity is divided out.  // [ours] the paper leaves the encoding open
Triple opponent(int r, int g, int b) {
  const int sum = r + g + b;
  if (sum == 0) return {128, 170, 0};
  const double c1 = std::sqrt(1.5) * (r - g) / sum;                 // -1.22 .. 1.22
  const double c2 = (r + g - 2 * b) / (std::numbers::sqrt2 * sum);  // -1.41 .. 0.71
  return {to_byte(255 * (c1 / (2 * std::sqrt(1.5)) + 0.5)),
          to_byte(255 * (c2 + std::numbers::sqrt2) / (1.5 * std::numbers::sqrt2)), 0};
}

template <typename Convert>
void convert(const data::PixelView& picture, ColorPlanes& out, Convert&& pixel) {
  const int64_t count = picture.height * picture.width;
  for (auto& plane : out.planes) plane.resize(static_cast<size_t>(count));
  const int64_t step = picture.channels;
  const int64_t g = step == 3 ? 1 : 0, b = step == 3 ? 2 : 0;
  for (int64_t i = 0; i < count; ++i) {
    const uint8_t* from = picture.bytes + i * step;
    const Triple to = pixel(from[0], from[g], from[b]);
    for (size_t c = 0; c < 3; ++c) out.planes[c][static_cast<size_t>(i)] = to[c];
  }
}

}  // namespace

const std::vector<std::string>& color_space_names() {
  static const std::vector<std::string> names{"rgb", "i", "lab", "rgi", "hsv", "nrgb", "c", "h"};
  return names;
}

ColorSpace parse_color_space(std::string_view name) {
  const auto& names = color_space_names();
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<ColorSpace>(found - names.begin());
  const std::string near = nearest(name, names);
  throw Error(ErrorKind::kUsage,
              fmt::format("colour space: expected one of {}, found '{}'", join(names, ", "), printable(name)),
              near.empty() ? "" : "did you mean '" + near + "'?");
}

std::string_view color_space_name(ColorSpace space) { return color_space_names()[static_cast<size_t>(space)]; }

ColorPlanes to_color_space(const data::PixelView& picture, ColorSpace space) {
  FOVEA_CHECK(picture.bytes != nullptr, "8-bit pixels are needed");
  ColorPlanes out{picture.height, picture.width, {}, false};
  out.replicated = space == ColorSpace::kI || space == ColorSpace::kH;
  switch (space) {
    case ColorSpace::kRgb:
      convert(picture, out, [](uint8_t r, uint8_t g, uint8_t b) { return Triple{r, g, b}; });
      break;
    case ColorSpace::kI:
      convert(picture, out, [](int r, int g, int b) {
        const uint8_t value = to_byte(grey(r, g, b));
        return Triple{value, value, value};
      });
      break;
    case ColorSpace::kH:
      convert(picture, out, [](int r, int g, int b) {
        const uint8_t value = to_byte(255 * hue(r, g, b));
        return Triple{value, value, value};
      });
      break;
    case ColorSpace::kLab:
      convert(picture, out, lab);
      break;
    case ColorSpace::kRgi:
      convert(picture, out, rgi);
      break;
    case ColorSpace::kHsv:
      convert(picture, out, hsv);
      break;
    case ColorSpace::kNrgb:
      convert(picture, out, normalized);
      break;
    case ColorSpace::kC:
      convert(picture, out, opponent);
      break;
  }
  return out;
}

}  // namespace fovea::rcnn
