#include "tensor/kernels/image_gradient.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dnnl_support.h"
#include "tensor/kernels/gemm_grid.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels::image_gradient {
namespace {

constexpr int64_t kMaxChannels = 8;                // more fill oneDNN's vectors
constexpr int64_t kMinTaps = 9;                    // kh kw c: fewer leave the product without rows
constexpr int64_t kTileValues = int64_t{1} << 15;  // products of a tile: 128 KiB, in the second-level cache

// Weights as [kh,c,kw,o]: the taps of a row follow each other.
std::vector<float> arrange(const ConvGeometry& s, const float* weight) {
  std::vector<float> out(static_cast<size_t>(s.o * s.c * s.kh * s.kw));
  for (int64_t o = 0; o < s.o; ++o) {
    for (int64_t c = 0; c < s.c; ++c) {
      for (int64_t ky = 0; ky < s.kh; ++ky) {
        for (int64_t kx = 0; kx < s.kw; ++kx) {
          out[static_cast<size_t>(((ky * s.c + c) * s.kw + kx) * s.o + o)] = *weight++;
        }
      }
    }
  }
  return out;
}

// The image as planes whose rows begin at the left padding and are as wide as all taps reach.
struct Planes {
  int64_t width, size;
  explicit Planes(const ConvGeometry& s)
      : width(std::max(s.pad_left + s.w, (s.ow - 1) * s.stride_x + (s.kw - 1) * s.dilation_x + 1)), size(s.h * width) {}
};

// Adds the products [kh,c,kw,rows,ow] of the rows of y from `first` on into the planes.
void spread(const ConvGeometry& s, const Planes& planes, int64_t first, int64_t rows, const float* products,
            float* sums) {
  const int64_t tap = rows * s.ow;
  for (int64_t row = 0; row < rows; ++row) {
    for (int64_t ky = 0; ky < s.kh; ++ky) {
      const int64_t y = (first + row) * s.stride_y - s.pad_top + ky * s.dilation_y;
      if (y < 0 || y >= s.h) continue;
      for (int64_t c = 0; c < s.c; ++c) {
        kernel_table().spread_row(products + (ky * s.c + c) * s.kw * tap + row * s.ow, tap, s.kw, s.dilation_x,
                                  s.stride_x, s.ow, sums + c * planes.size + y * planes.width);
      }
    }
  }
}

}  // namespace

bool is_worthwhile(const ConvGeometry& s) {
  return s.groups == 1 && s.c <= kMaxChannels && s.kh * s.kw * s.c >= kMinTaps && s.o > 0 && s.oh * s.ow > 0;
}

// For each tile of rows of y: products = W dy^T, [kh c kw, pixels], then each tap's row is added where it came from.
void backward_data(const ConvGeometry& s, const float* dy, const float* weight, float* dx) {
  make_libraries_serial();
  const std::vector<float> taps = arrange(s, weight);
  const Planes planes(s);
  const int64_t per_pixel = s.kh * s.c * s.kw;
  const int64_t tile = std::clamp<int64_t>(kTileValues / (per_pixel * s.ow), 1, s.oh);
  parallel_tasks(s.n, [&](int64_t image) {
    auto* products = static_cast<float*>(thread_scratch(ScratchSlot::kDestination, per_pixel * tile * s.ow * 4));
    auto* sums = static_cast<float*>(thread_scratch(ScratchSlot::kSource, s.c * planes.size * 4));
    std::fill_n(sums, s.c * planes.size, 0.0F);
    for (int64_t first = 0; first < s.oh; first += tile) {
      const int64_t rows = std::min(tile, s.oh - first), pixels = rows * s.ow;
      const float* slope = dy + (image * s.oh + first) * s.ow * s.o;
      detail::run_gemm_tile({false, true, false, per_pixel, pixels, s.o, taps.data(), slope, products}, 0, per_pixel, 0,
                            pixels);
      spread(s, planes, first, rows, products, sums);
    }
    for (int64_t y = 0; y < s.h; ++y) {
      kernel_table().interleave(sums + y * planes.width + s.pad_left, planes.size, s.c, s.w,
                                dx + (image * s.h + y) * s.w * s.c);
    }
  });
}

}  // namespace fovea::kernels::image_gradient
