// Heat maps: where cells lie, what is trained towards, and how positions are read.   Spec pose-estimation, sections 1,
// 3, 8
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

namespace fovea::pose {

inline constexpr int64_t kStride = 4;         // input pixels of a cell, along each axis
inline constexpr double kDefaultSigma = 1.5;  // of targets, in cells   [ours, after Tompson et al. 2015]

// Integer coordinates are centres, 0-based. Nothing else converts between cells and pixels of the network's input.
inline double cell_of_pixel(double pixel) { return (pixel + 0.5) / kStride - 0.5; }
inline double pixel_of_cell(double cell) { return kStride * (cell + 0.5) - 0.5; }

// (x, y) -> (a x + b y + c, d x + e y + f).
struct Affine {
  double a = 1, b = 0, c = 0, d = 0, e = 1, f = 0;
  std::array<double, 2> operator()(double x, double y) const { return {a * x + b * y + c, d * x + e * y + f}; }
  Affine inverse() const;                   // REQUIRES a determinant
  Affine after(const Affine& first) const;  // this(first(x))
  double scale() const;                     // square root of the determinant's size
};

// From cells to input pixels.
inline Affine cells_to_pixels() { return {kStride, 0, 0.5 * kStride - 0.5, 0, kStride, 0.5 * kStride - 0.5}; }

// exp(-((x-cx)^2 + (y-cy)^2) / (2 sigma^2)) into a map whose cells are `step` values apart: not rounded, not truncated.
template <typename T>
void draw_gaussian(double cx, double cy, double sigma, int64_t height, int64_t width, int64_t step, T* map);

enum class Refine { kNone, kLogParabola, kMean3 };
Refine parse_refine(std::string_view name);  // "none", "log-parabola", "mean3"; throws Error(kUsage)

struct Peak {
  double x = 0, y = 0;  // cells
  int64_t cell_x = 0, cell_y = 0;
  double score = 0;         // value of the highest cell
  double second_ratio = 0;  // of the highest cell farther than 3 sigma away, over it
};

// The first highest cell in row-major order, refined by a parabola through the logarithms of the three values along
// each axis (exact for a Gaussian), at most half a cell, not at the border; or by the mean of the 3x3 cells around.
template <typename T>
Peak find_peak(const T* map, int64_t height, int64_t width, int64_t step, Refine refine, double sigma = kDefaultSigma);

}  // namespace fovea::pose
