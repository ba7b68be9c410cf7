#include "tensor/kernels/reflect.h"

#include <cstring>
#include <type_traits>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

// The pixel of [0, extent) that position `at` of the padded axis shows, counted from the first inner one.
int64_t mirrored(int64_t at, int64_t extent) {
  if (at < 0) return -at;
  return at < extent ? at : 2 * (extent - 1) - at;
}

template <typename T>
void add_values(const T* from, T* to, int64_t count) {
  if constexpr (std::is_same_v<T, float>) {
    kernel_table().add_into(from, to, count);
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] += from[i];
  }
}

}  // namespace

Tensor reflect_pad(const Tensor& x, const Margins& m) {
  const int64_t n = x.extent(0), h = x.extent(1), w = x.extent(2);
  const int64_t out_h = m.top + h + m.bottom, out_w = m.left + w + m.right;
  Tensor y = Tensor::empty({n, out_h, out_w, x.extent(3)}, x.dtype());
  const int64_t pixel = x.extent(3) * dtype_size(x.dtype());
  const char* from = static_cast<const char*>(x.raw());
  char* to = static_cast<char*>(y.raw());
  if (y.count() == 0) return y;
  constexpr int64_t kGrain = 16;  // rows: tens of kilobytes
  parallel_blocks(n * out_h, kGrain, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      const int64_t source = row / out_h * h + mirrored(row % out_h - m.top, h);
      const char* in = from + source * w * pixel;
      char* out = to + row * out_w * pixel;
      const auto copy = [&](int64_t column, int64_t pixels) {
        std::memcpy(out + column * pixel, in + mirrored(column - m.left, w) * pixel,
                    static_cast<size_t>(pixels * pixel));
      };
      for (int64_t column = 0; column < m.left; ++column) copy(column, 1);
      copy(m.left, w);
      for (int64_t column = m.left + w; column < out_w; ++column) copy(column, 1);
    }
  });
  return y;
}

Tensor reflect_pad_backward(const Tensor& dy, const Margins& m) {
  const int64_t n = dy.extent(0), out_h = dy.extent(1), out_w = dy.extent(2), c = dy.extent(3);
  const int64_t h = out_h - m.top - m.bottom, w = out_w - m.left - m.right;
  Tensor dx = Tensor::zeros({n, h, w, c}, dy.dtype());
  if (dx.count() == 0) return dx;
  by_type(dy.dtype(), [&]<typename T>() {
    const T* from = dy.data<T>();
    T* to = dx.data<T>();
    parallel_tasks(n, [&](int64_t image) {
      for (int64_t row = 0; row < out_h; ++row) {
        const T* in = from + (image * out_h + row) * out_w * c;
        T* out = to + (image * h + mirrored(row - m.top, h)) * w * c;
        const auto add = [&](int64_t column, int64_t pixels) {
          add_values(in + column * c, out + mirrored(column - m.left, w) * c, pixels * c);
        };
        for (int64_t column = 0; column < m.left; ++column) add(column, 1);
        add(m.left, w);
        for (int64_t column = m.left + w; column < out_w; ++column) add(column, 1);
      }
    });
  });
  return dx;
}

}  // namespace fovea::kernels
