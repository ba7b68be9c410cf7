// The inner block of packed products (kernels/packed_product.h): a few rows of A times sixteen columns of B.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

#if defined(__AVX512F__)
constexpr int kRows = 12, kVectors = 1, kBytes = 64;
#elif defined(__AVX2__)
constexpr int kRows = 6, kVectors = 2, kBytes = 32;
#else
constexpr int kRows = 6, kVectors = 2, kBytes = 16;
#endif
constexpr int kLanes = kBytes / static_cast<int>(sizeof(float)), kColumns = kVectors * kLanes;
constexpr int kPanel = kernels::kPanelColumns;
static_assert(kPanel % kColumns == 0);

using Vector [[gnu::vector_size(kBytes), gnu::aligned(4), gnu::may_alias]] = float;

// kRows x kColumns sums stay in registers over all of k.
inline void block(const float* __restrict a, const float* __restrict b, int64_t k, Vector (&sums)[kRows][kVectors]) {
  const auto step = [&](const float* left, const float* from) {
    Vector right[kVectors];
    for (int v = 0; v < kVectors; ++v) right[v] = *reinterpret_cast<const Vector*>(from + v * kLanes);
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
      for (int v = 0; v < kVectors; ++v) sums[r][v] += left[r] * right[v];
    }
  };
  int64_t i = 0;
  for (; i + 2 <= k; i += 2, a += 2 * kRows, b += 2 * kPanel) {
    step(a, b);
    step(a + kRows, b + kPanel);
  }
  if (i < k) step(a, b);
}

// All sums, without a detour through memory.
inline void store(const Vector (&sums)[kRows][kVectors], float* c, int64_t stride, bool accumulate) {
#pragma GCC unroll 16
  for (int r = 0; r < kRows; ++r) {
#pragma GCC unroll 2
    for (int v = 0; v < kVectors; ++v) {
      Vector& to = *reinterpret_cast<Vector*>(c + r * stride + v * kLanes);
      to = accumulate ? to + sums[r][v] : sums[r][v];
    }
  }
}

void panel_product(const float* a, const float* b, int64_t k, float* c, int64_t stride, int64_t rows, int64_t columns,
                   bool accumulate) {
  for (int64_t first = 0; first < columns; first += kColumns) {
    Vector sums[kRows][kVectors] = {};
    block(a, b + first, k, sums);
    const int64_t width = columns - first < kColumns ? columns - first : kColumns;
    if (width == kColumns && rows == kRows) {
      store(sums, c + first, stride, accumulate);
      continue;
    }
    for (int64_t r = 0; r < rows; ++r) {
      float* out = c + r * stride + first;
      const float* sum = reinterpret_cast<const float*>(sums[r]);
      if (accumulate) {
        for (int64_t j = 0; j < width; ++j) out[j] += sum[j];
      } else {
        for (int64_t j = 0; j < width; ++j) out[j] = sum[j];
      }
    }
  }
}

// kRows values of each column of A side by side; absent rows are zeros. a(r, i) = a[r * row_step + i * column_step].
void pack_rows(const float* a, int64_t row_step, int64_t column_step, int64_t rows, int64_t k, float* packed) {
  for (; rows == kRows && k > 0; --k, a += column_step, packed += kRows) {
#pragma GCC unroll 16
    for (int r = 0; r < kRows; ++r) packed[r] = a[r * row_step];
  }
  for (int64_t i = 0; i < k; ++i, packed += kRows) {
    for (int64_t r = 0; r < kRows; ++r) packed[r] = r < rows ? a[r * row_step + i * column_step] : 0.0F;
  }
}

// kPanel values of each row of B side by side; absent columns are zeros. b(i, j) = b[i * row_step + j * column_step].
void pack_columns(const float* b, int64_t row_step, int64_t column_step, int64_t k, int64_t columns, float* packed) {
  if (column_step == 1 && columns == kPanel) {
    for (int64_t i = 0; i < k; ++i, packed += kPanel, b += row_step) {
      for (int64_t j = 0; j < kPanel; ++j) packed[j] = b[j];
    }
    return;
  }
  if (row_step == 1 && columns == kPanel) {  // a transposition, in blocks that stay in the cache
    constexpr int64_t kStep = 8;
    int64_t i = 0;
    for (; i + kStep <= k; i += kStep) {
      for (int64_t j = 0; j < kPanel; ++j) {
        for (int64_t s = 0; s < kStep; ++s) packed[(i + s) * kPanel + j] = b[j * column_step + i + s];
      }
    }
    for (; i < k; ++i) {
      for (int64_t j = 0; j < kPanel; ++j) packed[i * kPanel + j] = b[j * column_step + i];
    }
    return;
  }
  for (int64_t i = 0; i < k; ++i, packed += kPanel) {
    for (int64_t j = 0; j < kPanel; ++j) packed[j] = j < columns ? b[i * row_step + j * column_step] : 0.0F;
  }
}

}  // namespace

void fill_panel_product(kernels::KernelTable& table);
void fill_panel_product(kernels::KernelTable& table) {
  table.panel_rows = kRows;
  table.panel_product = panel_product;
  table.pack_rows = pack_rows;
  table.pack_columns = pack_columns;
}

}  // namespace fovea::FOVEA_ISA
