// How the fast spatial model lays its planes out. Internal to the spatial kernels.
//
// A block is a set of fft_lanes complex planes that are transformed together. Its lanes are the parts v of one output
// A, or of several (groups) if there are few parts; the real parts belong to one image of a pair and the imaginary
// parts to the other: kernels are real, so that both images of a + i b pass through one complex convolution. Kernels of
// two blocks are transformed as one in the same way, and their spectra separated by symmetry. Spectra are stored column
// by column, [x][y][re,im][lane], because only the rows of the map need the transform along x.
#pragma once

#include <algorithm>

#include "tensor/kernels/fft.h"
#include "tensor/kernels/spatial.h"

namespace fovea::kernels::detail {

struct SpatialLayout {
  explicit SpatialLayout(const SpatialGeometry& geometry)
      : g(geometry),
        table(kernel_table()),
        lanes(table.fft_lanes),
        point(2 * lanes),
        width(std::min(g.parts, lanes)),
        groups(std::max<int64_t>(1, lanes / g.parts)),
        chunks((g.parts + lanes - 1) / lanes),
        blocks((g.outputs + groups - 1) / groups),
        pairs((g.n + 1) / 2),
        ry(g.radius_y()),
        rx(g.radius_x()),
        ly(fft_length(g.h + ry)),
        lx(fft_length(g.w + rx)),
        half(lx / 2 + 1),
        along_y(fft_plan(ly)),
        along_x(fft_plan(lx)),
        scratch(2 * std::max(lx, ly) * point) {}

  SpatialGeometry g;
  const KernelTable& table;
  int64_t lanes, point;   // floats of one complex number in all lanes
  int64_t width, groups;  // lanes of an output, outputs of a block
  int64_t chunks;         // blocks that hold the parts of one output, more than 1 for more parts than lanes
  int64_t blocks, pairs;  // of outputs, of images
  int64_t ry, rx, ly, lx, half;
  const FftPlan &along_y, &along_x;
  int64_t scratch;  // floats that fft_line needs

  float scale() const { return 1.0F / static_cast<float>(lx * ly); }
  int64_t mirrored(int64_t x) const { return x == 0 ? 0 : lx - x; }

  // Calls f(lane, output, part) for the pairs that a block's chunk holds.
  template <typename F>
  void for_each_lane(int64_t block, int64_t chunk, F&& f) const {
    for (int64_t group = 0; group < groups && block * groups + group < g.outputs; ++group) {
      for (int64_t i = 0; i < width && chunk * lanes + i < g.parts; ++i) {
        const int64_t a = block * groups + group, v = chunk * lanes + i;
        if (g.has_edge(a, v)) f(group * width + i, a, v);
      }
    }
  }
};

inline Tensor floats(int64_t count) { return Tensor::empty({count}); }

// Column x of kernel spectra of which only the first half is stored: the array, and how spectrum_product reads it.
struct KernelColumn {
  const float* at;
  bool mirrored;
};
inline KernelColumn kernel_column(const SpatialLayout& l, const float* spectra, int64_t x) {
  const bool mirrored = x >= l.half;
  return {spectra + (mirrored ? l.lx - x : x) * l.ly * l.point, mirrored};
}

}  // namespace fovea::kernels::detail
