#include "tensor/kernels/layout.h"

#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

// out[j, i] = in[i, j] for each row.
template <typename T>
void transpose_rows(const T* from, T* to, int64_t rows, int64_t outer, int64_t inner) {
  parallel_tasks(rows, [&](int64_t row) {
    const T* in = from + row * outer * inner;
    T* out = to + row * outer * inner;
    for (int64_t i = 0; i < outer; ++i) {
      for (int64_t j = 0; j < inner; ++j) out[j * outer + i] = in[i * inner + j];
    }
  });
}

}  // namespace

void columns_hwc_to_chw(const float* from, float* to, int64_t rows, int64_t h, int64_t w, int64_t c) {
  transpose_rows(from, to, rows, h * w, c);
}
void columns_chw_to_hwc(const float* from, float* to, int64_t rows, int64_t h, int64_t w, int64_t c) {
  transpose_rows(from, to, rows, c, h * w);
}
void columns_hwc_to_chw(const double* from, double* to, int64_t rows, int64_t h, int64_t w, int64_t c) {
  transpose_rows(from, to, rows, h * w, c);
}
void columns_chw_to_hwc(const double* from, double* to, int64_t rows, int64_t h, int64_t w, int64_t c) {
  transpose_rows(from, to, rows, c, h * w);
}

void normalize_pixels(const uint8_t* from, float* to, int64_t pixels, int64_t channels, const float* mean,
                      const float* std) {
  std::vector<float> inverse(static_cast<size_t>(channels));
  for (int64_t c = 0; c < channels; ++c) inverse[static_cast<size_t>(c)] = 1.0F / std[c];
  parallel_blocks(pixels, 1 << 14, [&](int64_t begin, int64_t end) {
    kernel_table().normalize(from + begin * channels, to + begin * channels, end - begin, channels, mean,
                             inverse.data());
  });
}

}  // namespace fovea::kernels
