#include "tensor/kernels/pointwise.h"

#include <algorithm>
#include <utility>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {
namespace {

constexpr int64_t kGrain = 1 << 15;     // values per block: a few microseconds of work
constexpr int64_t kShortRow = 64;       // shorter rows are joined
constexpr int64_t kSumBlock = 1 << 16;  // values per partial sum

void require_same(const Tensor& a, const Tensor& b) {
  FOVEA_CHECK(a.shape() == b.shape() && a.dtype() == b.dtype(), "shapes {} and {}", a.shape().text(), b.shape().text());
}

using Binary = void (*)(const float*, const float*, float*, int64_t);

// y[i] = plain(a[i], b[i]) on the reference path, fast() on blocks otherwise.
template <typename Plain>
Tensor binary(const Tensor& a, const Tensor& b, Binary fast, Plain plain) {
  require_same(a, b);
  Tensor y = Tensor::empty(a.shape(), a.dtype());
  if (is_fast(a.dtype())) {
    const float *pa = a.data<float>(), *pb = b.data<float>();
    float* py = y.data<float>();
    parallel_blocks(a.count(), kGrain,
                    [&](int64_t begin, int64_t end) { fast(pa + begin, pb + begin, py + begin, end - begin); });
    return y;
  }
  by_type(a.dtype(), [&]<typename T>() {
    const T *pa = a.data<T>(), *pb = b.data<T>();
    T* py = y.data<T>();
    for (int64_t i = 0; i < a.count(); ++i) py[i] = plain(pa[i], pb[i]);
  });
  return y;
}

}  // namespace

Tensor unary(Unary kind, const Tensor& x) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (is_fast(x.dtype())) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(x.count(), kGrain, [&](int64_t begin, int64_t end) {
      kernel_table().unary(kind, px + begin, py + begin, end - begin);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* px = x.data<T>();
    T* py = y.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) py[i] = reference::unary(kind, px[i]);
  });
  return y;
}

Tensor unary_backward(Unary kind, const Tensor& y, const Tensor& dy) {
  require_same(y, dy);
  Tensor dx = Tensor::empty(y.shape(), y.dtype());
  if (is_fast(y.dtype())) {
    const float *py = y.data<float>(), *pdy = dy.data<float>();
    float* pdx = dx.data<float>();
    parallel_blocks(y.count(), kGrain, [&](int64_t begin, int64_t end) {
      kernel_table().unary_backward(kind, py + begin, pdy + begin, pdx + begin, end - begin);
    });
    return dx;
  }
  by_type(y.dtype(), [&]<typename T>() {
    const T *py = y.data<T>(), *pdy = dy.data<T>();
    T* pdx = dx.data<T>();
    for (int64_t i = 0; i < y.count(); ++i) pdx[i] = pdy[i] * reference::unary_slope(kind, py[i]);
  });
  return dx;
}

Tensor add(const Tensor& a, const Tensor& b) {
  return binary(a, b, kernel_table().add, [](auto x, auto y) { return x + y; });
}
Tensor subtract(const Tensor& a, const Tensor& b) {
  return binary(a, b, kernel_table().subtract, [](auto x, auto y) { return x - y; });
}
Tensor multiply(const Tensor& a, const Tensor& b) {
  return binary(a, b, kernel_table().multiply, [](auto x, auto y) { return x * y; });
}

Tensor affine(const Tensor& x, double factor, double offset) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (is_fast(x.dtype())) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(x.count(), kGrain, [&](int64_t begin, int64_t end) {
      kernel_table().affine(px + begin, static_cast<float>(factor), static_cast<float>(offset), py + begin,
                            end - begin);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* px = x.data<T>();
    T* py = y.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) py[i] = static_cast<T>(factor) * px[i] + static_cast<T>(offset);
  });
  return y;
}

Tensor affine_columns(const Tensor& x, std::span<const double> scale, std::span<const double> offset) {
  const int64_t columns = x.shape().channels();
  const auto width = static_cast<size_t>(columns);
  FOVEA_CHECK(scale.size() == width && offset.size() == width, "{} factors, {} offsets for {}", scale.size(),
              offset.size(), x.shape().text());
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (x.count() == 0) return y;
  if (is_fast(x.dtype())) {
    // Several pixels to a row, so that rows of three channels fill the vector registers.
    const int64_t rows = x.count() / columns, folded = std::max<int64_t>(1, kShortRow / columns);
    const int64_t wide = folded * columns, grain = std::max<int64_t>(1, kGrain / wide) * folded;
    std::vector<float> center(static_cast<size_t>(wide), 0.0F), factor, shift;
    for (int64_t i = 0; i < folded; ++i) {
      factor.insert(factor.end(), scale.begin(), scale.end());
      shift.insert(shift.end(), offset.begin(), offset.end());
    }
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(rows, grain, [&](int64_t begin, int64_t end) {
      const int64_t whole = (end - begin) / folded, rest = (end - begin) % folded;
      const auto run = [&](int64_t first, int64_t count, int64_t length) {
        kernel_table().norm_forward(px + first * columns, count, length, center.data(), factor.data(), shift.data(),
                                    false, py + first * columns);
      };
      run(begin, whole, wide);
      run(end - rest, 1, rest * columns);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* px = x.data<T>();
    T* py = y.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) {
      const auto c = static_cast<size_t>(i % columns);
      py[i] = static_cast<T>(scale[c]) * px[i] + static_cast<T>(offset[c]);
    }
  });
  return y;
}

void add_into(const Tensor& x, Tensor& sum) {
  require_same(x, sum);
  if (is_fast(x.dtype())) {
    const float* px = x.data<float>();
    float* ps = sum.data<float>();
    parallel_blocks(x.count(), kGrain,
                    [&](int64_t begin, int64_t end) { kernel_table().add_into(px + begin, ps + begin, end - begin); });
    return;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* px = x.data<T>();
    T* ps = sum.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) ps[i] += px[i];
  });
}

Tensor add_row(const Tensor& x, const Tensor& row) {
  Tensor y = x.clone();
  add_row_into(row, false, y);
  return y;
}

void add_row_into(const Tensor& row, bool relu, Tensor& x) {
  const int64_t columns = x.shape().channels();
  FOVEA_CHECK(!row.defined() || (row.count() == columns && row.dtype() == x.dtype()), "row of {} for {}", row.count(),
              x.shape().text());
  if ((!row.defined() && !relu) || x.count() == 0) return;
  const int64_t rows = x.count() / columns;
  if (is_fast(x.dtype())) {
    const float* pr = row.defined() ? static_cast<const float*>(std::as_const(row).raw()) : nullptr;
    float* px = x.data<float>();
    parallel_blocks(rows, std::max<int64_t>(1, kGrain / columns), [&](int64_t begin, int64_t end) {
      kernel_table().add_row_into(pr, relu, px + begin * columns, end - begin, columns, columns);
    });
    return;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* pr = row.defined() ? row.data<T>() : nullptr;
    T* px = x.data<T>();
    for (int64_t i = 0; i < x.count(); ++i) {
      const T value = px[i] + (pr == nullptr ? T{0} : pr[i % columns]);
      px[i] = relu && value < 0 ? T{0} : value;
    }
  });
}

Tensor column_sums(const Tensor& x) {
  const int64_t columns = x.shape().channels();
  Tensor sums = Tensor::empty({columns}, x.dtype());
  const int64_t rows = columns == 0 ? 0 : x.count() / columns;
  if (!is_fast(x.dtype())) {
    by_type(x.dtype(), [&]<typename T>() { reference::column_sums(rows, columns, x.data<T>(), sums.data<T>()); });
    return sums;
  }
  constexpr int64_t kMinRows = 32, kColumnBlock = 1024;  // of wide rows, so that the partial sums stay few
  const int64_t grain = columns == 0 ? 1 : std::max(kMinRows, kSumBlock / columns);
  const int64_t blocks = std::max<int64_t>(1, (rows + grain - 1) / grain);
  Tensor partial = Tensor::zeros({blocks, columns}, DType::kF64);
  const float* px = x.data<float>();
  double* pp = partial.data<double>();
  parallel_blocks(rows, grain, [&](int64_t begin, int64_t end) {
    kernel_table().column_sums(px + begin * columns, end - begin, columns, pp + begin / grain * columns);
  });
  float* ps = sums.data<float>();
  parallel_blocks(columns, kColumnBlock, [&](int64_t begin, int64_t end) {
    for (int64_t c = begin; c < end; ++c) {
      double sum = 0;
      for (int64_t b = 0; b < blocks; ++b) sum += pp[b * columns + c];
      ps[c] = static_cast<float>(sum);
    }
  });
  return sums;
}

double total(const Tensor& x) {
  if (!is_fast(x.dtype())) {
    double sum = 0;
    for (int64_t i = 0; i < x.count(); ++i) sum += x.at(i);
    return sum;
  }
  const float* px = x.data<float>();
  std::vector<double> partial(static_cast<size_t>((x.count() + kSumBlock - 1) / kSumBlock));
  parallel_blocks(x.count(), kSumBlock, [&](int64_t begin, int64_t end) {
    partial[static_cast<size_t>(begin / kSumBlock)] = kernel_table().sum(px + begin, end - begin);
  });
  double sum = 0;
  for (const double part : partial) sum += part;
  return sum;
}

}  // namespace fovea::kernels
