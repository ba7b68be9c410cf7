#include "tensor/kernels/gemm.h"

#include <cblas.h>
#include <dnnl.h>

#include <algorithm>
#include <limits>

#include "base/cpu.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/gemm_grid.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {
namespace {

// How many tiles: as few as keep the threads of a small machine busy, since every tile packs its operands anew, but two
// from the size on where half a product takes longer than a waiting thread needs to join.
int64_t wanted_tiles(int64_t m, int64_t n, int64_t k) {
  constexpr double kTileFlops = 4e6, kWorthTwo = 1e6;  // some 50 and 12 microseconds
  constexpr int64_t kMaxTiles = 16;
  const double flops = 2.0 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  if (flops < kWorthTwo) return 1;
  return std::clamp<int64_t>(static_cast<int64_t>(flops / kTileFlops), 2, kMaxTiles);
}

}  // namespace

// The grid whose tiles read least: each of `down` rows of tiles reads B once, each of `across` columns reads A once.
GemmGrid cut_gemm(int64_t m, int64_t n, int64_t k) {
  constexpr int64_t kMinRows = 24, kMinColumns = 48;
  const int64_t wanted = wanted_tiles(m, n, k);
  const int64_t max_down = std::max<int64_t>(1, m / kMinRows), max_across = std::max<int64_t>(1, n / kMinColumns);
  int64_t best_down = 1, best_across = 1;
  double best_cost = -1;
  for (int64_t across = 1; across <= std::min(wanted, max_across); ++across) {
    const int64_t down = std::min(max_down, wanted / across);
    const double idle = static_cast<double>(wanted) / static_cast<double>(down * across);  // >= 1: too few tiles
    const double cost = (static_cast<double>(across * m) + static_cast<double>(down * n)) * idle * idle;
    if (best_cost < 0 || cost < best_cost) best_cost = cost, best_down = down, best_across = across;
  }
  GemmGrid grid;
  grid.tile_rows = (((m + best_down - 1) / best_down) + 3) / 4 * 4;
  // Whole vectors of columns, unless the last of few tiles would come out much narrower than the others.
  const int64_t columns = (n + best_across - 1) / best_across, multiple = columns >= 160 ? 16 : 4;
  grid.tile_columns = (columns + multiple - 1) / multiple * multiple;
  grid.down = (m + grid.tile_rows - 1) / grid.tile_rows;
  grid.across = (n + grid.tile_columns - 1) / grid.tile_columns;
  return grid;
}

void gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const Tensor& a, const Tensor& b,
          Tensor& c, bool accumulate) {
  FOVEA_CHECK(a.count() == m * k && b.count() == k * n && c.count() == m * n, "gemm {}x{}x{} of {} and {}", m, n, k,
              a.shape().text(), b.shape().text());
  FOVEA_CHECK(a.dtype() == b.dtype() && a.dtype() == c.dtype(), "gemm of mixed types");
  if (is_fast(a.dtype()))
    return gemm(transpose_a, transpose_b, m, n, k, a.data<float>(), b.data<float>(), c.data<float>(), accumulate);
  by_type(a.dtype(), [&]<typename T>() {
    reference::gemm(transpose_a, transpose_b, m, n, k, a.data<T>(), b.data<T>(), c.data<T>(), accumulate);
  });
}

void gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const float* a, const float* b, float* c,
          bool accumulate) {
  gemm_tiles(transpose_a, transpose_b, m, n, k, a, b, c, accumulate, [](int64_t, int64_t, int64_t, int64_t) {});
}

namespace detail {
namespace {

// From this size on a product, or a tile of one, is not left to oneDNN on CPUs without AVX-512: panels are as fast as
// OpenBLAS there (77 to 80 GFLOP/s, one thread of an EPYC; oneDNN 53 at 384x512x10000 with B not transposed) and cut a
// product without laying out its operands anew for each tile. OpenBLAS takes narrow products, and CPUs without AVX2.
constexpr double kLarge = 3e7;  // floating-point operations

double operations(const GemmProblem& p, int64_t rows, int64_t columns) {
  return 2.0 * static_cast<double>(rows) * static_cast<double>(columns) * static_cast<double>(p.k);
}

bool suits_openblas(const GemmProblem& p, int64_t rows, int64_t columns) {
  constexpr int64_t kLargestIndex = std::numeric_limits<blasint>::max();
  return isa_level() < IsaLevel::kV4 && operations(p, rows, columns) >= kLarge &&
         std::max({p.m, p.n, p.k}) < kLargestIndex;
}

void run_openblas(const GemmProblem& p, int64_t rows, int64_t columns, const float* a, const float* b, float* c) {
  const auto to_blas = [](int64_t value) { return static_cast<blasint>(value); };
  const auto order = [](bool transpose) { return transpose ? CblasTrans : CblasNoTrans; };
  cblas_sgemm(CblasRowMajor, order(p.transpose_a), order(p.transpose_b), to_blas(rows), to_blas(columns), to_blas(p.k),
              1.0F, a, to_blas(p.transpose_a ? p.m : p.k), b, to_blas(p.transpose_b ? p.k : p.n),
              p.accumulate ? 1.0F : 0.0F, c, to_blas(p.n));
}

}  // namespace

bool suits_panels(const GemmProblem& p) {
  constexpr int64_t kMinSide = 64;
  return isa_level() == IsaLevel::kV3 && std::min(p.m, p.n) >= kMinSide && operations(p, p.m, p.n) >= kLarge;
}

PanelProduct by_panels(const GemmProblem& p) {
  PanelProduct product{.rows = p.m, .columns = p.n, .k = p.k};
  product.left_view = p.transpose_a ? MatrixView{p.a, 1, p.m} : MatrixView{p.a, p.k, 1};
  product.right_view = p.transpose_b ? MatrixView{p.b, 1, p.k} : MatrixView{p.b, p.n, 1};
  if (p.m >= p.n)
    product.right = pack_right(product.right_view, p.k, p.n);
  else
    product.left = pack_left(product.left_view, p.m, p.k);
  product.out = p.c;
  product.stride = p.n;
  product.accumulate = p.accumulate;
  return product;
}

void run_gemm_tile(const GemmProblem& p, int64_t row, int64_t rows, int64_t column, int64_t columns) {
  const float* a = p.a + (p.transpose_a ? row : row * p.k);
  const float* b = p.b + (p.transpose_b ? column * p.k : column);
  float* c = p.c + row * p.n + column;
  if (suits_openblas(p, rows, columns)) return run_openblas(p, rows, columns, a, b, c);
  const auto status =
      dnnl_sgemm(p.transpose_a ? 'T' : 'N', p.transpose_b ? 'T' : 'N', rows, columns, p.k, 1.0F, a,
                 p.transpose_a ? p.m : p.k, b, p.transpose_b ? p.k : p.n, p.accumulate ? 1.0F : 0.0F, c, p.n);
  FOVEA_CHECK(status == dnnl_success, "sgemm {}x{}x{}: status {}", rows, columns, p.k, static_cast<int>(status));
}

}  // namespace detail
}  // namespace fovea::kernels
