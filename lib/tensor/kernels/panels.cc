#include "tensor/kernels/panels.h"

#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

// Of a block. A panel of it fills the first cache, but its values come in order and are fetched ahead; sums that are
// stored and fetched again for a shorter block cost more (73 against 79 GFLOP/s at a depth of 512, one thread of an
// EPYC).
constexpr int64_t kDepth = 512;
// Of a block: 192 KiB of the left and 256 KiB of the right, for the second cache.
constexpr int64_t kBlockGroups = 16, kBlockPanels = 8, kBlockColumns = kBlockPanels * kPanelColumns;

int64_t pieces(int64_t count, int64_t size) { return (count + size - 1) / size; }
int64_t block_rows() { return kBlockGroups * kernel_table().panel_rows; }

std::shared_ptr<ArenaBlock> floats(int64_t count) {
  return std::make_shared<ArenaBlock>(count * static_cast<int64_t>(sizeof(float)));
}

MatrixView part(const MatrixView& view, int64_t row, int64_t column) {
  return {view.data + row * view.row_step + column * view.column_step, view.row_step, view.column_step};
}

// How much of k is laid out for all groups before the next: all of it if neighbours in k are neighbours in memory, else
// so little that the cache lines that groups share are still there for the next group.
int64_t stretch(int64_t k, bool along_k) { return along_k ? k : std::min<int64_t>(k, 16); }

// `rows` rows of a left operand over k, in groups of panel_rows that begin `step` values apart.
void lay_out_left(const MatrixView& a, int64_t rows, int64_t k, float* out, int64_t step) {
  const int64_t height = kernel_table().panel_rows, size = stretch(k, a.column_step == 1);
  for (int64_t first = 0; first < k; first += size) {
    for (int64_t row = 0; row < rows; row += height) {
      kernel_table().pack_rows(part(a, row, first).data, a.row_step, a.column_step, std::min(height, rows - row),
                               std::min(size, k - first), out + row / height * step + first * height);
    }
  }
}

void lay_out_right(const MatrixView& b, int64_t k, int64_t columns, float* out, int64_t step) {
  const int64_t size = stretch(k, b.row_step == 1);
  for (int64_t first = 0; first < k; first += size) {
    for (int64_t column = 0; column < columns; column += kPanelColumns) {
      kernel_table().pack_columns(part(b, first, column).data, b.row_step, b.column_step, std::min(size, k - first),
                                  std::min<int64_t>(kPanelColumns, columns - column),
                                  out + column / kPanelColumns * step + first * kPanelColumns);
    }
  }
}

}  // namespace

Panels pack_left(const MatrixView& a, int64_t rows, int64_t k) {
  const int64_t height = kernel_table().panel_rows;
  auto block = floats(pieces(rows, height) * height * k);
  auto* out = static_cast<float*>(block->data);
  parallel_blocks(rows, 8 * height, [&](int64_t begin, int64_t end) {
    lay_out_left(part(a, begin, 0), end - begin, k, out + begin * k, height * k);
  });
  return block;
}

Panels pack_right(const MatrixView& b, int64_t k, int64_t columns) {
  auto block = floats(pieces(columns, kPanelColumns) * kPanelColumns * k);
  auto* out = static_cast<float*>(block->data);
  parallel_blocks(columns, kBlockColumns, [&](int64_t begin, int64_t end) {
    lay_out_right(part(b, 0, begin), k, end - begin, out + begin * k, kPanelColumns * k);
  });
  return block;
}

// A tile that lays out one operand uses it for all of the other, unless there would be few tiles.
PanelProduct::Tile PanelProduct::tile_size() const {
  constexpr int64_t kMinTiles = 16;
  const int64_t down = pieces(rows, block_rows()), across = pieces(columns, kBlockColumns);
  Tile size{0, block_rows(), 0, kBlockColumns};
  if (!left) size.columns *= pieces(across, std::min(across, pieces(kMinTiles, down)));
  if (!right) size.rows *= pieces(down, std::min(down, pieces(kMinTiles, across)));
  return size;
}

void PanelProduct::compute(const Tile& tile) const {
  const KernelTable& table = kernel_table();
  const int64_t height = table.panel_rows, depth = std::min(k, kDepth);
  const auto own_left = left ? nullptr : floats(pieces(tile.rows, height) * height * depth),
             own_right = right ? nullptr : floats(pieces(tile.columns, kPanelColumns) * kPanelColumns * depth);
  // The panels of a stretch of k: where the tile's first one begins, and how far apart they are.
  const int64_t left_step = height * (left ? k : depth), right_step = kPanelColumns * (right ? k : depth);
  for (int64_t first = 0; first < k; first += kDepth) {
    const int64_t size = std::min(kDepth, k - first);
    auto* a = static_cast<float*>(left ? left->data : own_left->data);
    auto* b = static_cast<float*>(right ? right->data : own_right->data);
    if (left)
      a += tile.row * k + first * height;
    else
      lay_out_left(part(left_view, tile.row, first), tile.rows, size, a, left_step);
    if (right)
      b += tile.column * k + first * kPanelColumns;
    else
      lay_out_right(part(right_view, first, tile.column), size, tile.columns, b, right_step);
    for (int64_t i0 = 0; i0 < tile.rows; i0 += block_rows()) {
      for (int64_t j = 0; j < tile.columns; j += kPanelColumns) {
        const int64_t width = std::min<int64_t>(kPanelColumns, tile.columns - j);
        for (int64_t i = i0; i < std::min(tile.rows, i0 + block_rows()); i += height) {
          table.panel_product(a + i / height * left_step, b + j / kPanelColumns * right_step, size,
                              out + (tile.row + i) * stride + tile.column + j, stride, std::min(height, tile.rows - i),
                              width, accumulate || first > 0);
        }
      }
    }
  }
}

}  // namespace fovea::kernels
