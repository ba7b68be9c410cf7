// The fixed grid of tiles behind gemm(), and products with an epilogue per tile.
#pragma once

#include <algorithm>
#include <cstdint>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/panels.h"

namespace fovea::kernels {

struct GemmGrid {
  int64_t down = 1, across = 1, tile_rows = 0, tile_columns = 0;
};

// A function of the shape alone.
GemmGrid cut_gemm(int64_t m, int64_t n, int64_t k);

namespace detail {

struct GemmProblem {
  bool transpose_a, transpose_b, accumulate;
  int64_t m, n, k;
  const float *a, *b;
  float* c;
};
// Whether it is large enough for panels.
bool suits_panels(const GemmProblem& problem);
PanelProduct by_panels(const GemmProblem& problem);
void run_gemm_tile(const GemmProblem& problem, int64_t row, int64_t rows, int64_t column, int64_t columns);

}  // namespace detail

// gemm(), then epilogue(row, rows, column, columns) on each tile of C while it is in the cache. k = 0 leaves zeros.
template <typename Epilogue>
void gemm_tiles(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b,
                float* c, bool accumulate, Epilogue&& epilogue) {
  if (m == 0 || n == 0) return;
  if (k == 0) {
    if (!accumulate) std::fill_n(c, m * n, 0.0F);
    epilogue(0, m, 0, n);
    return;
  }
  const detail::GemmProblem problem{transpose_a, transpose_b, accumulate, m, n, k, a, b, c};
  if (detail::suits_panels(problem)) {
    return detail::by_panels(problem).run(
        [&](const PanelProduct::Tile& tile) { epilogue(tile.row, tile.rows, tile.column, tile.columns); });
  }
  make_libraries_serial();
  const GemmGrid grid = cut_gemm(m, n, k);
  parallel_tasks(grid.down * grid.across, [&](int64_t tile) {
    const int64_t row = tile / grid.across * grid.tile_rows, column = tile % grid.across * grid.tile_columns;
    const int64_t rows = std::min(grid.tile_rows, m - row), columns = std::min(grid.tile_columns, n - column);
    detail::run_gemm_tile(problem, row, rows, column, columns);
    epilogue(row, rows, column, columns);
  });
}

}  // namespace fovea::kernels
