#include "tensor/kernels/gemm.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "base/parallel.h"
#include "base/rng.h"
#include "tensor/kernels/conv_pieces.h"
#include "tensor/kernels/gemm_grid.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {
namespace {

std::vector<float> random_values(int64_t count, uint64_t seed) {
  Rng rng(seed, RngPurpose::kTest);
  std::vector<float> out(static_cast<size_t>(count));
  for (float& value : out) value = static_cast<float>(rng.uniform(-1, 1));
  return out;
}

}  // namespace

TEST_CASE("gemm: all transpositions, with and without accumulation, agree with the reference") {
  for (const auto& [m, n, k] :
       {std::array<int64_t, 3>{1, 1, 1}, {5, 7, 3}, {60, 100, 784}, {257, 129, 65}, {1, 1000, 2000}, {300, 1, 40}}) {
    for (int mode = 0; mode < 8; ++mode) {
      const bool ta = (mode & 1) != 0, tb = (mode & 2) != 0, accumulate = (mode & 4) != 0;
      const auto& m_ = m;  // clang 14 captures no structured bindings
      CAPTURE(m_);
      const auto& n_ = n;  // clang 14 captures no structured bindings
      CAPTURE(n_);
      CAPTURE(mode);
      const auto a = random_values(m * k, 1), b = random_values(k * n, 2);
      auto c = random_values(m * n, 3), expected = c;
      gemm(ta, tb, m, n, k, a.data(), b.data(), c.data(), accumulate);
      reference::gemm(ta, tb, m, n, k, a.data(), b.data(), expected.data(), accumulate);
      double worst = 0;
      for (size_t i = 0; i < c.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(c[i] - expected[i])));
      CHECK(worst <= 2e-6 * std::sqrt(static_cast<double>(k)) + 1e-6);
    }
  }
}

TEST_CASE("gemm: large products, wide and tall and deep, agree with the reference and do not depend on threads") {
  const int before = thread_count();
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{70, 1501, 513}, {1203, 67, 600}, {129, 131, 1300}}) {
    for (int mode = 0; mode < 8; ++mode) {
      const bool ta = (mode & 1) != 0, tb = (mode & 2) != 0, accumulate = (mode & 4) != 0;
      const auto& m_ = m;  // clang 14 captures no structured bindings
      CAPTURE(m_);
      CAPTURE(mode);
      const auto a = random_values(m * k, 1), b = random_values(k * n, 2);
      auto c = random_values(m * n, 3), expected = c, once_more = c;
      set_thread_count(1);
      gemm(ta, tb, m, n, k, a.data(), b.data(), c.data(), accumulate);
      set_thread_count(3);
      gemm(ta, tb, m, n, k, a.data(), b.data(), once_more.data(), accumulate);
      CHECK(c == once_more);
      reference::gemm(ta, tb, m, n, k, a.data(), b.data(), expected.data(), accumulate);
      double worst = 0;
      for (size_t i = 0; i < c.size(); ++i) worst = std::max(worst, std::abs(static_cast<double>(c[i] - expected[i])));
      CHECK(worst <= 2e-6 * std::sqrt(static_cast<double>(k)) + 1e-6);
    }
  }
  set_thread_count(before);
}

TEST_CASE("gemm: an empty inner extent gives zeros") {
  float c[4] = {1, 2, 3, 4};
  gemm(false, false, 2, 2, 0, nullptr, nullptr, c);
  for (const float value : c) CHECK(value == 0);
}

TEST_CASE("cut_gemm: tiles cover the product, tiny products stay whole") {
  for (const auto& [m, n, k] : {std::array<int64_t, 3>{60, 100, 100},
                                {60, 100, 784},
                                {64, 4096, 9216},
                                {1, 4096, 9216},
                                {5000, 3, 700},
                                {1024, 1024, 1024}}) {
    const GemmGrid grid = cut_gemm(m, n, k);
    CHECK(grid.down * grid.tile_rows >= m);
    CHECK((grid.down - 1) * grid.tile_rows < m);
    CHECK(grid.across * grid.tile_columns >= n);
    CHECK((grid.across - 1) * grid.tile_columns < n);
  }
  const auto tiles = [](int64_t m, int64_t n, int64_t k) { return cut_gemm(m, n, k).down * cut_gemm(m, n, k).across; };
  CHECK(tiles(60, 10, 100) == 1);
  CHECK(tiles(60, 100, 100) == 2);
  CHECK(tiles(60, 100, 784) == 2);
  CHECK(cut_gemm(64, 4096, 9216).across >= 16);
  const GemmGrid layer = cut_gemm(60, 100, 784);  // two like tiles: 64 and 36 columns would leave one thread waiting
  CHECK(layer.across == 2);
  CHECK(layer.tile_columns <= 52);
}

TEST_CASE("cut_convolution: every row of y is in exactly one piece, with the rows of x it reads") {
  ConvGeometry g;
  g.h = 57, g.w = 41, g.c = 24, g.o = 40, g.kh = 5, g.kw = 3, g.stride_y = 2, g.pad_top = 2, g.pad_bottom = 1,
  g.pad_left = 1, g.pad_right = 1;
  g.oh = (g.h + 3 - 5) / 2 + 1, g.ow = g.w;
  for (const int64_t n : {1, 2, 5, 40}) {
    g.n = n;
    const auto pieces = cut_convolution(g, 16, true);
    CHECK(pieces.size() > 1);
    std::vector<int> covered(static_cast<size_t>(n * g.oh));
    for (const ConvPiece& piece : pieces) {
      const ConvGeometry& s = piece.shape;
      CHECK((s.h + s.pad_top + s.pad_bottom - s.kh) / s.stride_y + 1 == s.oh);
      CHECK(piece.row_in - s.pad_top == piece.row_out * g.stride_y - g.pad_top);
      CHECK(piece.row_in + s.h <= g.h);
      for (int64_t i = 0; i < s.n; ++i) {
        for (int64_t r = 0; r < s.oh; ++r) ++covered[static_cast<size_t>((piece.image + i) * g.oh + piece.row_out + r)];
      }
    }
    for (const int count : covered) CHECK(count == 1);
  }
}

}  // namespace fovea::kernels
