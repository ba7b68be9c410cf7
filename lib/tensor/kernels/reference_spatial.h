// The spatial model by its definition, cell by cell: the oracle of the transforms, and the form for small kernels.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tensor/kernels/spatial.h"

namespace fovea::kernels::reference {

inline double softplus(double x, double beta) { return beta * x > 30 ? x : std::log1p(std::exp(beta * x)) / beta; }
inline double sigmoid_of(double x) { return 1 / (1 + std::exp(-x)); }

// One map of one part: rows are visited by f(dy, dx, y, first x, last x) for every displacement that touches the map.
template <typename F>
void for_each_displacement(const SpatialGeometry& g, F&& f) {
  const int64_t ry = g.radius_y(), rx = g.radius_x();
  for (int64_t dy = -ry; dy <= ry; ++dy) {
    for (int64_t dx = -rx; dx <= rx; ++dx) {
      for (int64_t y = std::max<int64_t>(0, dy); y < std::min(g.h, g.h + dy); ++y) {
        f(dy, dx, y, std::max<int64_t>(0, dx), std::min(g.w, g.w + dx));
      }
    }
  }
}

// Maps of all parts of an image, clamped: [V,h,w].
template <typename T>
std::vector<double> clamped_maps(const SpatialGeometry& g, const T* evidence, int64_t image) {
  std::vector<double> q(static_cast<size_t>(g.parts * g.h * g.w));
  const T* e = evidence + image * g.h * g.w * g.parts;
  for (int64_t i = 0; i < g.h * g.w; ++i) {
    for (int64_t v = 0; v < g.parts; ++v)
      q[static_cast<size_t>(v * g.h * g.w + i)] = std::max(static_cast<double>(e[i * g.parts + v]), g.eps);
  }
  return q;
}

template <typename T>
std::vector<double> positive_kernel(const SpatialGeometry& g, const T* kernel, int64_t a, int64_t v) {
  const int64_t cells = (2 * g.radius + 1) * (2 * g.radius + 1);
  std::vector<double> p(static_cast<size_t>(cells));
  for (int64_t i = 0; i < cells; ++i)
    p[static_cast<size_t>(i)] = softplus(static_cast<double>(kernel[(a * g.parts + v) * cells + i]), g.beta);
  return p;
}

// Message v -> A of one image with its background: t [h,w].
inline void message(const SpatialGeometry& g, const std::vector<double>& p, const double* q, double background,
                    double* t) {
  std::fill(t, t + g.h * g.w, 0.0);
  const int64_t k = 2 * g.radius + 1;
  for_each_displacement(g, [&](int64_t dy, int64_t dx, int64_t y, int64_t first, int64_t last) {
    const double factor = p[static_cast<size_t>((dy + g.radius) * k + dx + g.radius)];
    const double* from = q + (y - dy) * g.w - dx;
    double* to = t + y * g.w;
    for (int64_t x = first; x < last; ++x) to[x] += factor * from[x];
  });
  for (int64_t i = 0; i < g.h * g.w; ++i) t[i] += background;
}

// y_A of one image, and its messages t [V,h,w].
template <typename T>
void spatial_output(const SpatialGeometry& g, const std::vector<double>& q, const T* kernel, const T* bias,
                    int64_t image, int64_t a, double* t, T* out) {
  const int64_t cells = g.h * g.w;
  std::vector<double> logs(static_cast<size_t>(cells));
  for (int64_t v = 0; v < g.parts; ++v) {
    if (!g.has_edge(a, v)) continue;
    double* map = t + v * cells;
    message(g, positive_kernel(g, kernel, a, v), q.data() + v * cells,
            std::max(softplus(static_cast<double>(bias[a * g.parts + v]), g.beta), 1e-12), map);
    for (int64_t i = 0; i < cells; ++i) logs[static_cast<size_t>(i)] += std::log(map[i]);
  }
  for (int64_t i = 0; i < cells; ++i)
    out[(image * cells + i) * g.outputs + a] = static_cast<T>(std::exp(logs[static_cast<size_t>(i)]));
}

}  // namespace fovea::kernels::reference
