// The shape of a pooling. x [n,h,w,c], y [n,oh,ow,c].
#pragma once

#include <cstdint>

namespace fovea::kernels {

struct PoolGeometry {
  int64_t n = 0, h = 0, w = 0, c = 0, oh = 0, ow = 0;
  int64_t kh = 1, kw = 1, stride_y = 1, stride_x = 1;
  int64_t pad_top = 0, pad_left = 0, pad_bottom = 0, pad_right = 0;
  bool count_padding = false;
};

// One window along one axis: the cells [begin, end) inside the image, `first` = where the window starts (may be
// negative), `padded` = its length clipped to the padded extent.
struct PoolWindow {
  int64_t first, begin, end, padded;
};

inline PoolWindow pool_window(int64_t out, int64_t extent, int64_t kernel, int64_t stride, int64_t before,
                              int64_t after) {
  const int64_t first = out * stride - before;
  const int64_t stop = first + kernel;
  const int64_t last = extent + after;
  return {first, first < 0 ? 0 : first, stop < extent ? stop : extent, (stop < last ? stop : last) - first};
}

inline PoolWindow pool_rows(const PoolGeometry& s, int64_t oy) {
  return pool_window(oy, s.h, s.kh, s.stride_y, s.pad_top, s.pad_bottom);
}
inline PoolWindow pool_columns(const PoolGeometry& s, int64_t ox) {
  return pool_window(ox, s.w, s.kw, s.stride_x, s.pad_left, s.pad_right);
}
inline int64_t pool_divisor(const PoolGeometry& s, const PoolWindow& rows, const PoolWindow& columns) {
  return s.count_padding ? rows.padded * columns.padded : (rows.end - rows.begin) * (columns.end - columns.begin);
}

}  // namespace fovea::kernels
