#include "tensor/kernels/packed_product.h"

#include <algorithm>
#include <vector>

#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/panels.h"

namespace fovea::kernels {
namespace {

constexpr uint64_t kForwardKey = 0x70616e656c2e6672ULL, kBackKey = 0x70616e656c2e626bULL;  // "panel.fr", "panel.bk"

// B [k,n] = W^T (W stored [n,k]) or W (stored [k,n]).
Panels packed(const Tensor& weight, bool transposed, int64_t k, int64_t n) {
  return weight.derived(transposed ? kForwardKey : kBackKey, [&] {
    const float* w = weight.data<float>();
    return pack_right(transposed ? MatrixView{w, 1, k} : MatrixView{w, n, 1}, k, n);
  });
}

void fast(Rows<const float> x, const Tensor& weight, bool transposed, int64_t k, int64_t n, Rows<float> y,
          bool accumulate) {
  PanelProduct product{.rows = x.count, .columns = n, .k = k};
  product.left = pack_left({x.data, x.stride, 1}, x.count, k);
  product.right = packed(weight, transposed, k, n);
  product.out = y.data;
  product.stride = y.stride;
  product.accumulate = accumulate;
  product.run([](const PanelProduct::Tile&) {});
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
