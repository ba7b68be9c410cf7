// Matrix products over panels: pieces of the operands that are laid out as the inner kernel reads them. Every value of
// the result is one sum over k in an order of its own, so that it depends neither on the other rows and columns nor on
// the thread count.
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>

#include "base/parallel.h"
#include "tensor/arena.h"

namespace fovea::kernels {

// Value (i, j) lies at data[i * row_step + j * column_step].
struct MatrixView {
  const float* data = nullptr;
  int64_t row_step = 0, column_step = 1;
};

// A whole operand in panels. Left: groups of some rows; right: groups of kPanelColumns columns; each over all of k.
using Panels = std::shared_ptr<const ArenaBlock>;
Panels pack_left(const MatrixView& a, int64_t rows, int64_t k);
Panels pack_right(const MatrixView& b, int64_t k, int64_t columns);

// out [rows, columns] = left right, or += if accumulate. An operand comes in panels, or as a view of which every tile
// lays out what it needs: right for the larger operand, which then never travels to memory and back.
struct PanelProduct {
  struct Tile {
    int64_t row, rows, column, columns;
  };

  int64_t rows = 0, columns = 0, k = 0;
  Panels left = nullptr, right = nullptr;
  MatrixView left_view = {}, right_view = {};
  float* out = nullptr;
  int64_t stride = 0;
  bool accumulate = false;

  // Calls done(tile) after each tile.
  template <typename Done>
  void run(Done&& done) const {
    const Tile size = tile_size();
    const int64_t across = (columns + size.columns - 1) / size.columns;
    parallel_tasks((rows + size.rows - 1) / size.rows * across, [&](int64_t i) {
      Tile tile{i / across * size.rows, size.rows, i % across * size.columns, size.columns};
      tile.rows = std::min(tile.rows, rows - tile.row);
      tile.columns = std::min(tile.columns, columns - tile.column);
      compute(tile);
      done(tile);
    });
  }

 private:
  Tile tile_size() const;  // a function of the shape alone
  void compute(const Tile& tile) const;
};

}  // namespace fovea::kernels
