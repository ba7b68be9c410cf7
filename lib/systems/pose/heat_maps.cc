#include "systems/pose/heat_maps.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"

namespace fovea::pose {

Affine Affine::inverse() const {
  const double determinant = a * e - b * d;
  FOVEA_CHECK(determinant != 0, "affine map without inverse");
  Affine out{e / determinant, -b / determinant, 0, -d / determinant, a / determinant, 0};
  out.c = -(out.a * c + out.b * f);
  out.f = -(out.d * c + out.e * f);
  return out;
}

Affine Affine::after(const Affine& first) const {
  return {a * first.a + b * first.d, a * first.b + b * first.e, a * first.c + b * first.f + c,
          d * first.a + e * first.d, d * first.b + e * first.e, d * first.c + e * first.f + f};
}

double Affine::scale() const { return std::sqrt(std::abs(a * e - b * d)); }

template <typename T>
void draw_gaussian(double cx, double cy, double sigma, int64_t height, int64_t width, int64_t step, T* map) {
  const double factor = -1 / (2 * sigma * sigma);
  for (int64_t y = 0; y < height; ++y) {
    const double dy = static_cast<double>(y) - cy;
    for (int64_t x = 0; x < width; ++x) {
      const double dx = static_cast<double>(x) - cx;
      map[(y * width + x) * step] = static_cast<T>(std::exp(factor * (dx * dx + dy * dy)));
    }
  }
}
template void draw_gaussian<float>(double, double, double, int64_t, int64_t, int64_t, float*);
template void draw_gaussian<double>(double, double, double, int64_t, int64_t, int64_t, double*);

Refine parse_refine(std::string_view name) {
  if (name == "none") return Refine::kNone;
  if (name == "log-parabola") return Refine::kLogParabola;
  if (name == "mean3") return Refine::kMean3;
  fail(ErrorKind::kUsage, "expected none, log-parabola or mean3, found '{}'", printable(name));
}

namespace {

double parabola_offset(double before, double here, double after) {
  constexpr double kSmallest = 1e-12;
  const double a = std::log(std::max(before, kSmallest)), b = std::log(std::max(here, kSmallest)),
               c = std::log(std::max(after, kSmallest));
  const double bend = a - 2 * b + c;
  return bend >= -kSmallest ? 0 : std::clamp(0.5 * (a - c) / bend, -0.5, 0.5);
}

template <typename T>
double second_peak(const T* map, int64_t height, int64_t width, int64_t step, const Peak& peak, double sigma) {
  double highest = 0;
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double dx = static_cast<double>(x - peak.cell_x), dy = static_cast<double>(y - peak.cell_y);
      if (dx * dx + dy * dy > 9 * sigma * sigma)
        highest = std::max(highest, static_cast<double>(map[(y * width + x) * step]));
    }
  }
  return peak.score > 0 ? highest / peak.score : 0;
}

}  // namespace

template <typename T>
Peak find_peak(const T* map, int64_t height, int64_t width, int64_t step, Refine refine, double sigma) {
  int64_t best = 0;
  for (int64_t i = 1; i < height * width; ++i) best = map[i * step] > map[best * step] ? i : best;
  Peak peak;
  peak.cell_y = best / width;
  peak.cell_x = best % width;
  peak.score = static_cast<double>(map[best * step]);
  peak.x = static_cast<double>(peak.cell_x);
  peak.y = static_cast<double>(peak.cell_y);
  const bool inner_x = peak.cell_x > 0 && peak.cell_x<width - 1, inner_y = peak.cell_y> 0 && peak.cell_y < height - 1;
  const auto at = [&](int64_t dy, int64_t dx) { return static_cast<double>(map[(best + dy * width + dx) * step]); };
  if (refine == Refine::kLogParabola) {
    if (inner_x) peak.x += parabola_offset(at(0, -1), at(0, 0), at(0, 1));
    if (inner_y) peak.y += parabola_offset(at(-1, 0), at(0, 0), at(1, 0));
  } else if (refine == Refine::kMean3 && inner_x && inner_y) {
    double sum = 0, sum_x = 0, sum_y = 0;
    for (int64_t dy = -1; dy <= 1; ++dy) {
      for (int64_t dx = -1; dx <= 1; ++dx) {
        const double value = std::max(0.0, at(dy, dx));
        sum += value;
        sum_x += value * static_cast<double>(dx);
        sum_y += value * static_cast<double>(dy);
      }
    }
    if (sum > 0) {
      peak.x += std::clamp(sum_x / sum, -0.5, 0.5);
      peak.y += std::clamp(sum_y / sum, -0.5, 0.5);
    }
  }
  peak.second_ratio = second_peak(map, height, width, step, peak, sigma);
  return peak;
}
template Peak find_peak<float>(const float*, int64_t, int64_t, int64_t, Refine, double);
template Peak find_peak<double>(const double*, int64_t, int64_t, int64_t, Refine, double);

}  // namespace fovea::pose
