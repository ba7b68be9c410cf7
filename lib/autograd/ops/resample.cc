#include "autograd/ops/resample.h"

#include <algorithm>
#include <cstring>

#include "autograd/ops/check.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"

namespace fovea::ops {
namespace {

template <typename T>
void repeat(const Tensor& x, int64_t factor, Tensor& out) {
  const int64_t w = x.extent(2), c = x.extent(3), row = w * factor * c;
  const T* from = x.data<T>();
  T* to = out.data<T>();
  parallel_tasks(x.extent(0) * x.extent(1), [&](int64_t line) {
    T* first = to + line * factor * row;
    for (int64_t i = 0; i < w * factor; ++i) std::copy_n(from + (line * w + i / factor) * c, c, first + i * c);
    for (int64_t copy = 1; copy < factor; ++copy) std::copy_n(first, row, first + copy * row);
  });
}

template <typename T>
void add_up(const Tensor& dy, int64_t factor, Tensor& out) {
  const int64_t w = out.extent(2), c = out.extent(3), row = w * factor * c;
  const T* from = dy.data<T>();
  T* to = out.data<T>();
  parallel_tasks(out.extent(0) * out.extent(1), [&](int64_t line) {
    T* sums = to + line * w * c;
    std::fill(sums, sums + w * c, T{0});
    for (int64_t copy = 0; copy < factor; ++copy) {
      const T* values = from + (line * factor + copy) * row;
      for (int64_t i = 0; i < w * factor; ++i) {
        for (int64_t k = 0; k < c; ++k) sums[i / factor * c + k] += values[i * c + k];
      }
    }
  });
}

}  // namespace

// y[n,i,j,c] = x[n, i/f, j/f, c];  dx is the sum of dy over the f x f cells.
Var upsample(const Var& x, int64_t factor) {
  detail::require_rank(x.shape().rank() == 4, "upsample", x.shape(), "[N,H,W,C]");
  FOVEA_CHECK(factor >= 1, "upsample: factor {}", factor);
  const Shape& s = x.shape();
  Tensor y = Tensor::empty({s[0], s[1] * factor, s[2] * factor, s[3]}, x.dtype());
  kernels::by_type(x.dtype(), [&]<typename T>() { repeat<T>(x.value(), factor, y); });
  return record("upsample", std::move(y), {x}, [x, factor](const Tensor& dy) {
    Tensor dx = Tensor::empty(x.shape(), x.dtype());
    kernels::by_type(x.dtype(), [&]<typename T>() { add_up<T>(dy, factor, dx); });
    x.add_grad(std::move(dx));
  });
}

}  // namespace fovea::ops
