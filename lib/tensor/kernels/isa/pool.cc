// Pooling of one row of windows, vectorised over channels.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

using kernels::PoolRow;

struct Window {
  int64_t begin, count;  // columns of x inside the image
  int64_t cell;          // number of the first cell inside the image
};

inline Window window_of(const PoolRow& row, int64_t out) {
  const int64_t first = out * row.stride_x - row.pad_left, stop = first + row.kernel_x;
  const int64_t begin = first < 0 ? 0 : first, end = stop < row.in_width ? stop : row.in_width;
  return {begin, end - begin, row.first_row * row.kernel_x + begin - first};
}

// A full kRows x kColumns window at compile time: all cells in registers. Without kCells the winners are not stored.
template <int64_t kRows, int64_t kColumns, bool kCells>
void fixed_max(const float* __restrict x, int64_t row_stride, int64_t channels, float* __restrict y,
               uint16_t* __restrict winner) {
  for (int64_t c = 0; c < channels; ++c) {
    float best = x[c];
    int32_t cell = 0;
    for (int64_t i = 0; i < kRows; ++i) {
      for (int64_t j = 0; j < kColumns; ++j) {
        const float value = x[i * row_stride + j * channels + c];
        const bool better = (value > best) | (value != value);  // NaN wins, so that it is seen
        best = better ? value : best;
        if (kCells) cell = better ? static_cast<int32_t>(i * kColumns + j) : cell;
      }
    }
    y[c] = best;
    if (kCells) winner[c] = static_cast<uint16_t>(cell);
  }
}

void any_max(const PoolRow& row, const Window& window, const float* __restrict x, float* __restrict y,
             uint16_t* __restrict winner) {
  const int64_t channels = row.channels;
  for (int64_t c = 0; c < channels; ++c) y[c] = x[c];
  if (winner != nullptr) {
    for (int64_t c = 0; c < channels; ++c) winner[c] = static_cast<uint16_t>(window.cell);
  }
  for (int64_t i = 0; i < row.rows; ++i) {
    for (int64_t j = 0; j < window.count; ++j) {
      const float* __restrict values = x + (i * row.in_width + j) * channels;
      const auto cell = static_cast<uint16_t>(window.cell + i * row.kernel_x + j);
      if (winner == nullptr) {
        for (int64_t c = 0; c < channels; ++c)
          y[c] = ((values[c] > y[c]) | (values[c] != values[c])) ? values[c] : y[c];
        continue;
      }
      for (int64_t c = 0; c < channels; ++c) {
        const bool better = (values[c] > y[c]) | (values[c] != values[c]);
        y[c] = better ? values[c] : y[c];
        winner[c] = better ? cell : winner[c];
      }
    }
  }
}

template <bool kCells>
bool common_max(const PoolRow& row, const Window& window, const float* x, float* y, uint16_t* winner) {
  const int64_t stride = row.in_width * row.channels;
  if (window.cell != 0 || window.count != row.kernel_x || row.rows != row.kernel_x) return false;
  if (row.kernel_x == 2) return fixed_max<2, 2, kCells>(x, stride, row.channels, y, winner), true;
  if (row.kernel_x == 3) return fixed_max<3, 3, kCells>(x, stride, row.channels, y, winner), true;
  return false;
}

void max_pool_row(const PoolRow& row, const float* x, float* y, uint16_t* winner) {
  for (int64_t out = 0; out < row.out_width; ++out, y += row.channels) {
    const Window window = window_of(row, out);
    const float* corner = x + window.begin * row.channels;
    const bool done = winner != nullptr ? common_max<true>(row, window, corner, y, winner)
                                        : common_max<false>(row, window, corner, y, winner);
    if (!done) any_max(row, window, corner, y, winner);
    if (winner != nullptr) winner += row.channels;
  }
}

void scatter_2x2(const float* __restrict dy, const uint16_t* __restrict winner, int64_t row_stride, int64_t channels,
                 float* __restrict dx) {
  for (int64_t c = 0; c < channels; ++c) {
    const float slope = dy[c];
    const int32_t cell = winner[c];
    dx[c] = cell == 0 ? slope : 0.0F;
    dx[channels + c] = cell == 1 ? slope : 0.0F;
    dx[row_stride + c] = cell == 2 ? slope : 0.0F;
    dx[row_stride + channels + c] = cell == 3 ? slope : 0.0F;
  }
}

void max_pool_row_backward(const PoolRow& row, const float* dy, const uint16_t* winner, bool accumulate, float* dx) {
  const int64_t channels = row.channels;
  for (int64_t out = 0; out < row.out_width; ++out, dy += channels, winner += channels) {
    const Window window = window_of(row, out);
    float* corner = dx + window.begin * channels;
    if (!accumulate && row.kernel_x == 2 && row.rows == 2 && window.count == 2) {
      scatter_2x2(dy, winner, row.in_width * channels, channels, corner);
      continue;
    }
    for (int64_t i = 0; i < row.rows; ++i) {
      for (int64_t j = 0; j < window.count; ++j) {
        float* __restrict target = corner + (i * row.in_width + j) * channels;
        const auto cell = static_cast<uint16_t>(window.cell + i * row.kernel_x + j);
        if (accumulate) {
          for (int64_t c = 0; c < channels; ++c) {
            const float slope = dy[c];
            target[c] += winner[c] == cell ? slope : 0.0F;
          }
        } else {
          for (int64_t c = 0; c < channels; ++c) {
            const float slope = dy[c];
            target[c] = winner[c] == cell ? slope : 0.0F;
          }
        }
      }
    }
  }
}

void average_pool_row(const PoolRow& row, const float* x, const float* inverse, float* y) {
  const int64_t channels = row.channels;
  for (int64_t out = 0; out < row.out_width; ++out, y += channels) {
    const Window window = window_of(row, out);
    float* __restrict sum = y;
    for (int64_t c = 0; c < channels; ++c) sum[c] = 0.0F;
    for (int64_t i = 0; i < row.rows; ++i) {
      for (int64_t j = 0; j < window.count; ++j) {
        const float* __restrict values = x + (i * row.in_width + window.begin + j) * channels;
        for (int64_t c = 0; c < channels; ++c) sum[c] += values[c];
      }
    }
    for (int64_t c = 0; c < channels; ++c) sum[c] *= inverse[out];
  }
}

void average_pool_row_backward(const PoolRow& row, const float* dy, const float* inverse, float* dx) {
  const int64_t channels = row.channels;
  for (int64_t out = 0; out < row.out_width; ++out, dy += channels) {
    const Window window = window_of(row, out);
    const float* __restrict slope = dy;
    for (int64_t i = 0; i < row.rows; ++i) {
      for (int64_t j = 0; j < window.count; ++j) {
        float* __restrict target = dx + (i * row.in_width + window.begin + j) * channels;
        for (int64_t c = 0; c < channels; ++c) target[c] += slope[c] * inverse[out];
      }
    }
  }
}

}  // namespace

void fill_pool(kernels::KernelTable& table);
void fill_pool(kernels::KernelTable& table) {
  table.max_pool_row = max_pool_row;
  table.max_pool_row_backward = max_pool_row_backward;
  table.average_pool_row = average_pool_row;
  table.average_pool_row_backward = average_pool_row_backward;
}

}  // namespace fovea::FOVEA_ISA
