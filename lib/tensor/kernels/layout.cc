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

namespace {

int64_t row_bytes(const Tensor& x) { return x.extent(0) > 0 ? x.bytes() / x.extent(0) : 0; }

}  // namespace

Tensor gather_rows(const Tensor& x, std::span<const int64_t> rows) {
  Shape shape = x.shape();
  shape[0] = static_cast<int64_t>(rows.size());
  Tensor out = Tensor::empty(shape, x.dtype());
  const int64_t bytes = row_bytes(x);
  const auto* from = static_cast<const std::byte*>(x.raw());
  auto* to = static_cast<std::byte*>(out.raw());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from + rows[i] * bytes, bytes, to + static_cast<int64_t>(i) * bytes);
  }
  return out;
}

void scatter_rows(const Tensor& x, std::span<const int64_t> rows, Tensor& out) {
  FOVEA_CHECK(x.extent(0) == static_cast<int64_t>(rows.size()) && row_bytes(x) == row_bytes(out), "{} rows into {}",
              x.shape().text(), out.shape().text());
  const int64_t bytes = row_bytes(x);
  const auto* from = static_cast<const std::byte*>(x.raw());
  auto* to = static_cast<std::byte*>(out.raw());
  for (size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(from + static_cast<int64_t>(i) * bytes, bytes, to + rows[i] * bytes);
  }
}

}  // namespace fovea::kernels
