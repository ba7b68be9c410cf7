#include "tensor/kernels/pool.h"

#include <cstring>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference_pool.h"

namespace fovea::kernels {
namespace {

PoolRow pool_row(const PoolGeometry& s, const PoolWindow& rows) {
  return {s.c, s.w, s.ow, s.kw, s.stride_x, s.pad_left, rows.end - rows.begin, rows.begin - rows.first};
}

// Calls body(image row index, row, offset of x's first row, offset of y's row) for all rows of windows, in parallel.
template <typename Body>
void for_each_row(const PoolGeometry& s, Body&& body) {
  const int64_t grain = std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, s.ow * s.c));
  parallel_blocks(s.n * s.oh, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const PoolWindow rows = pool_rows(s, i % s.oh);
      body(rows, pool_row(s, rows), (i / s.oh * s.h + rows.begin) * s.w * s.c, i * s.ow * s.c);
    }
  });
}

// The same for gradients: rows of one image in order on one thread, because their windows may overlap.
template <typename Body>
void for_each_row_of_images(const PoolGeometry& s, float* dx, bool clear, Body&& body) {
  parallel_tasks(s.n, [&](int64_t n) {
    if (clear) std::memset(dx + n * s.h * s.w * s.c, 0, static_cast<size_t>(s.h * s.w * s.c) * sizeof(float));
    for (int64_t oy = 0; oy < s.oh; ++oy) {
      const PoolWindow rows = pool_rows(s, oy);
      body(rows, pool_row(s, rows), (n * s.h + rows.begin) * s.w * s.c, (n * s.oh + oy) * s.ow * s.c);
    }
  });
}

// 1 / cells of each window of a row.
std::vector<float> inverse_cells(const PoolGeometry& s, const PoolWindow& rows) {
  std::vector<float> out(static_cast<size_t>(s.ow));
  for (int64_t ox = 0; ox < s.ow; ++ox) {
    out[static_cast<size_t>(ox)] = 1.0F / static_cast<float>(pool_divisor(s, rows, pool_columns(s, ox)));
  }
  return out;
}

bool windows_tile_image(const PoolGeometry& s) {
  return s.stride_y == s.kh && s.stride_x == s.kw && s.pad_top == 0 && s.pad_left == 0 && s.oh * s.kh == s.h &&
         s.ow * s.kw == s.w;
}

Tensor empty_output(const PoolGeometry& s, DType dtype) { return Tensor::empty({s.n, s.oh, s.ow, s.c}, dtype); }
Tensor empty_input(const PoolGeometry& s, DType dtype) { return Tensor::empty({s.n, s.h, s.w, s.c}, dtype); }

}  // namespace

Tensor max_pool_forward(const PoolGeometry& shape, const Tensor& x, std::shared_ptr<ArenaBlock>* winner) {
  Tensor y = empty_output(shape, x.dtype());
  if (winner != nullptr) *winner = std::make_shared<ArenaBlock>(y.count() * static_cast<int64_t>(sizeof(uint16_t)));
  uint16_t* cells = winner != nullptr ? static_cast<uint16_t*>((*winner)->data) : nullptr;
  if (is_fast(x.dtype())) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    for_each_row(shape, [&](const PoolWindow&, const PoolRow& row, int64_t in, int64_t out) {
      kernel_table().max_pool_row(row, px + in, py + out, cells == nullptr ? nullptr : cells + out);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() { reference::max_pool_forward(shape, x.data<T>(), y.data<T>(), cells); });
  return y;
}

Tensor max_pool_backward(const PoolGeometry& shape, const ArenaBlock& winner, const Tensor& dy) {
  Tensor dx = empty_input(shape, dy.dtype());
  const auto* cells = static_cast<const uint16_t*>(winner.data);
  if (is_fast(dy.dtype())) {
    const bool overwrite = windows_tile_image(shape);
    const float* pdy = dy.data<float>();
    float* pdx = dx.data<float>();
    for_each_row_of_images(shape, pdx, !overwrite, [&](const PoolWindow&, const PoolRow& row, int64_t in, int64_t out) {
      kernel_table().max_pool_row_backward(row, pdy + out, cells + out, !overwrite, pdx + in);
    });
    return dx;
  }
  by_type(dy.dtype(), [&]<typename T>() { reference::max_pool_backward(shape, cells, dy.data<T>(), dx.data<T>()); });
  return dx;
}

Tensor average_pool_forward(const PoolGeometry& shape, const Tensor& x) {
  Tensor y = empty_output(shape, x.dtype());
  if (is_fast(x.dtype())) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    for_each_row(shape, [&](const PoolWindow& rows, const PoolRow& row, int64_t in, int64_t out) {
      kernel_table().average_pool_row(row, px + in, inverse_cells(shape, rows).data(), py + out);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() { reference::average_pool_forward(shape, x.data<T>(), y.data<T>()); });
  return y;
}

Tensor average_pool_backward(const PoolGeometry& shape, const Tensor& dy) {
  Tensor dx = empty_input(shape, dy.dtype());
  if (is_fast(dy.dtype())) {
    const float* pdy = dy.data<float>();
    float* pdx = dx.data<float>();
    for_each_row_of_images(shape, pdx, true, [&](const PoolWindow& rows, const PoolRow& row, int64_t in, int64_t out) {
      kernel_table().average_pool_row_backward(row, pdy + out, inverse_cells(shape, rows).data(), pdx + in);
    });
    return dx;
  }
  by_type(dy.dtype(), [&]<typename T>() { reference::average_pool_backward(shape, dy.data<T>(), dx.data<T>()); });
  return dx;
}

}  // namespace fovea::kernels
