// Reference pooling.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "tensor/kernels/pool_geometry.h"

namespace fovea::kernels::reference {

// Calls visit(out pixel, rows, columns) for each output pixel of the batch, and image = its image.
template <typename Visit>
void for_each_window(const PoolGeometry& s, Visit&& visit) {
  for (int64_t n = 0; n < s.n; ++n) {
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      for (int64_t ox = 0; ox < s.ow; ++ox)
        visit(n, (n * s.oh + oy) * s.ow + ox, pool_rows(s, oy), pool_columns(s, ox));
    }
  }
}

template <typename T>
void max_pool_forward(const PoolGeometry& s, const T* x, T* y, uint16_t* winner) {
  for_each_window(s, [&](int64_t n, int64_t out, const PoolWindow& rows, const PoolWindow& columns) {
    for (int64_t c = 0; c < s.c; ++c) {
      bool found = false;
      T best{};
      int64_t cell = 0;
      for (int64_t iy = rows.begin; iy < rows.end; ++iy) {
        for (int64_t ix = columns.begin; ix < columns.end; ++ix) {
          const T value = x[((n * s.h + iy) * s.w + ix) * s.c + c];
          if (found && !(value > best) && !std::isnan(value)) continue;  // NaN wins, so that it is seen
          found = true;
          best = value;
          cell = (iy - rows.first) * s.kw + (ix - columns.first);
        }
      }
      y[out * s.c + c] = best;
      if (winner != nullptr) winner[out * s.c + c] = static_cast<uint16_t>(cell);
    }
  });
}

template <typename T>
void max_pool_backward(const PoolGeometry& s, const uint16_t* winner, const T* dy, T* dx) {
  std::fill_n(dx, s.n * s.h * s.w * s.c, T{0});
  for_each_window(s, [&](int64_t n, int64_t out, const PoolWindow& rows, const PoolWindow& columns) {
    for (int64_t c = 0; c < s.c; ++c) {
      const int64_t cell = winner[out * s.c + c];
      const int64_t iy = rows.first + cell / s.kw, ix = columns.first + cell % s.kw;
      dx[((n * s.h + iy) * s.w + ix) * s.c + c] += dy[out * s.c + c];
    }
  });
}

template <typename T>
void average_pool_forward(const PoolGeometry& s, const T* x, T* y) {
  for_each_window(s, [&](int64_t n, int64_t out, const PoolWindow& rows, const PoolWindow& columns) {
    const double divisor = static_cast<double>(pool_divisor(s, rows, columns));
    for (int64_t c = 0; c < s.c; ++c) {
      double sum = 0;
      for (int64_t iy = rows.begin; iy < rows.end; ++iy) {
        for (int64_t ix = columns.begin; ix < columns.end; ++ix)
          sum += static_cast<double>(x[((n * s.h + iy) * s.w + ix) * s.c + c]);
      }
      y[out * s.c + c] = static_cast<T>(sum / divisor);
    }
  });
}

template <typename T>
void average_pool_backward(const PoolGeometry& s, const T* dy, T* dx) {
  std::fill_n(dx, s.n * s.h * s.w * s.c, T{0});
  for_each_window(s, [&](int64_t n, int64_t out, const PoolWindow& rows, const PoolWindow& columns) {
    const T divisor = static_cast<T>(pool_divisor(s, rows, columns));
    for (int64_t iy = rows.begin; iy < rows.end; ++iy) {
      for (int64_t ix = columns.begin; ix < columns.end; ++ix) {
        for (int64_t c = 0; c < s.c; ++c) dx[((n * s.h + iy) * s.w + ix) * s.c + c] += dy[out * s.c + c] / divisor;
      }
    }
  });
}

}  // namespace fovea::kernels::reference
