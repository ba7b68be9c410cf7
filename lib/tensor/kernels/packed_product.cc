#include "tensor/kernels/packed_product.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

constexpr int64_t kDepth = 384;  // of a block: 24 KiB of a panel stay in the first cache
constexpr int64_t kPanelsPerTask = 8, kGroupsPerTask = 24;
constexpr uint64_t kForwardKey = 0x70616e656c2e6672ULL, kBackKey = 0x70616e656c2e626bULL;  // "panel.fr", "panel.bk"

int64_t panels(int64_t columns) { return (columns + kPanelColumns - 1) / kPanelColumns; }

// B [k,n] = W^T (W stored [n,k]) or W (stored [k,n]), in panels of kPanelColumns columns.
std::shared_ptr<const ArenaBlock> packed(const Tensor& weight, bool transposed, int64_t k, int64_t n) {
  return weight.derived(transposed ? kForwardKey : kBackKey, [&] {
    auto block = std::make_shared<ArenaBlock>(panels(n) * kPanelColumns * k * static_cast<int64_t>(sizeof(float)));
    auto* out = static_cast<float*>(block->data);
    const float* w = weight.data<float>();
    parallel_blocks(panels(n), kPanelsPerTask, [&](int64_t begin, int64_t end) {
      for (int64_t p = begin; p < end; ++p) {
        const int64_t column = p * kPanelColumns, columns = std::min<int64_t>(kPanelColumns, n - column);
        const float* from = transposed ? w + column * k : w + column;
        kernel_table().pack_columns(from, transposed ? 1 : n, transposed ? k : 1, k, columns,
                                    out + p * kPanelColumns * k);
      }
    });
    return std::shared_ptr<const ArenaBlock>(std::move(block));
  });
}

void fast(Rows<const float> x, const Tensor& weight, bool transposed, int64_t k, int64_t n, Rows<float> y,
          bool accumulate) {
  const KernelTable& table = kernel_table();
  const auto block = packed(weight, transposed, k, n);
  const auto* b = static_cast<const float*>(block->data);
  const int64_t height = table.panel_rows, groups = (x.count + height - 1) / height;
  const ArenaBlock left(groups * height * k * static_cast<int64_t>(sizeof(float)));
  auto* a = static_cast<float*>(left.data);
  parallel_tasks(groups, [&](int64_t g) {
    table.pack_rows(x.data + g * height * x.stride, x.stride, 1, std::min(height, x.count - g * height), k,
                    a + g * height * k);
  });
  const int64_t chunks = (groups + kGroupsPerTask - 1) / kGroupsPerTask,
                blocks = (panels(n) + kPanelsPerTask - 1) / kPanelsPerTask;
  parallel_tasks(chunks * blocks, [&](int64_t task) {
    const int64_t first = task / blocks * kGroupsPerTask, last = std::min(groups, first + kGroupsPerTask);
    const int64_t begin = task % blocks * kPanelsPerTask, end = std::min(panels(n), begin + kPanelsPerTask);
    for (int64_t depth = 0; depth < k; depth += kDepth) {
      const int64_t size = std::min(kDepth, k - depth);
      for (int64_t p = begin; p < end; ++p) {
        const int64_t column = p * kPanelColumns, columns = std::min<int64_t>(kPanelColumns, n - column);
        const float* panel = b + (p * k + depth) * kPanelColumns;
        for (int64_t g = first; g < last; ++g) {
          table.panel_product(a + (g * k + depth) * height, panel, size, y.data + g * height * y.stride + column,
                              y.stride, std::min(height, y.count - g * height), columns, accumulate || depth > 0);
        }
      }
    }
  });
}

template <typename T>
void plain(Rows<const T> x, const Tensor& weight, bool transposed, int64_t k, int64_t n, Rows<T> y, bool accumulate) {
  const T* w = weight.data<T>();
  std::vector<double> sums(static_cast<size_t>(n));
  for (int64_t r = 0; r < x.count; ++r) {
    const T* in = x.data + r * x.stride;
    T* out = y.data + r * y.stride;
    std::fill(sums.begin(), sums.end(), 0.0);
    for (int64_t j = 0; transposed && j < n; ++j) {
      for (int64_t i = 0; i < k; ++i)
        sums[static_cast<size_t>(j)] += static_cast<double>(in[i]) * static_cast<double>(w[j * k + i]);
    }
    for (int64_t i = 0; !transposed && i < k; ++i) {
      for (int64_t j = 0; j < n; ++j)
        sums[static_cast<size_t>(j)] += static_cast<double>(in[i]) * static_cast<double>(w[i * n + j]);
    }
    for (int64_t j = 0; j < n; ++j)
      out[j] = static_cast<T>(sums[static_cast<size_t>(j)] + (accumulate ? static_cast<double>(out[j]) : 0.0));
  }
}

template <typename T>
void product(Rows<const T> x, const Tensor& weight, bool transposed, Rows<T> y, bool accumulate) {
  FOVEA_CHECK(weight.rank() == 2 && x.count == y.count, "{} and {} rows", x.count, y.count);
  const int64_t k = weight.extent(transposed ? 1 : 0), n = weight.extent(transposed ? 0 : 1);
  if (x.count == 0 || n == 0) return;
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32) && k > 0) return fast(x, weight, transposed, k, n, y, accumulate);
  }
  plain(x, weight, transposed, k, n, y, accumulate);
}

}  // namespace

template <typename T>
void multiply_rows(Rows<const T> x, const Tensor& weight, Rows<T> y, bool accumulate) {
  product(x, weight, true, y, accumulate);
}

template <typename T>
void multiply_rows_back(Rows<const T> dy, const Tensor& weight, Rows<T> dx, bool accumulate) {
  product(dy, weight, false, dx, accumulate);
}

template void multiply_rows(Rows<const float>, const Tensor&, Rows<float>, bool);
template void multiply_rows(Rows<const double>, const Tensor&, Rows<double>, bool);
template void multiply_rows_back(Rows<const float>, const Tensor&, Rows<float>, bool);
template void multiply_rows_back(Rows<const double>, const Tensor&, Rows<double>, bool);

}  // namespace fovea::kernels
