#include "tensor/kernels/softmax.h"

#include <cmath>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {
namespace {

int64_t row_count(const Tensor& x) { return x.shape().channels() == 0 ? 0 : x.count() / x.shape().channels(); }

// Hard labels in f32: one pass for softmax and the logarithm of its denominator.
CrossEntropy fast_cross_entropy(const Tensor& logits, std::span<const int32_t> labels) {
  const int64_t rows = logits.extent(0), columns = logits.extent(1);
  CrossEntropy out{0, Tensor::empty(logits.shape())};
  Tensor normalizer = Tensor::empty({rows});
  const float* x = logits.data<float>();
  float *dx = out.dlogits.data<float>(), *log_sum = normalizer.data<float>();
  const float weight = rows == 0 ? 0.0F : 1.0F / static_cast<float>(rows);
  parallel_blocks(rows, std::max<int64_t>(1, 8192 / columns), [&](int64_t begin, int64_t end) {
    float* first = dx + begin * columns;
    kernel_table().softmax(x + begin * columns, first, end - begin, columns, log_sum + begin);
    for (int64_t r = begin; r < end; ++r) dx[r * columns + labels[static_cast<size_t>(r)]] -= 1.0F;
    for (int64_t i = 0; i < (end - begin) * columns; ++i) first[i] *= weight;
  });
  for (int64_t r = 0; r < rows; ++r) {
    out.loss += static_cast<double>(log_sum[r] - x[r * columns + labels[static_cast<size_t>(r)]]);
  }
  if (rows > 0) out.loss /= static_cast<double>(rows);
  return out;
}

}  // namespace

Tensor softmax(const Tensor& x, bool logarithm) {
  const int64_t columns = x.shape().channels(), rows = row_count(x);
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (is_fast(x.dtype()) && !logarithm) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(rows, std::max<int64_t>(1, 8192 / std::max<int64_t>(1, columns)), [&](int64_t begin, int64_t end) {
      kernel_table().softmax(px + begin * columns, py + begin * columns, end - begin, columns, nullptr);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() { reference::softmax(rows, columns, x.data<T>(), y.data<T>(), logarithm); });
  return y;
}

Tensor softmax_backward(const Tensor& y, const Tensor& dy, bool logarithm) {
  Tensor dx = Tensor::empty(y.shape(), y.dtype());
  by_type(y.dtype(), [&]<typename T>() {
    reference::softmax_backward(row_count(y), y.shape().channels(), y.data<T>(), dy.data<T>(), dx.data<T>(), logarithm);
  });
  return dx;
}

// loss_n = log sum exp(x_n) - (1-s) x_n[label] - s/K sum_c x_n[c];  dx = (softmax(x) - target) / N.
CrossEntropy cross_entropy(const Tensor& logits, std::span<const int32_t> labels, double smoothing,
                           bool need_gradient) {
  const int64_t rows = logits.extent(0), columns = logits.extent(1);
  CrossEntropy out;
  if (is_fast(logits.dtype()) && smoothing == 0) return fast_cross_entropy(logits, labels);
  if (need_gradient) out.dlogits = softmax(logits, false);
  const double weight = rows == 0 ? 0.0 : 1.0 / static_cast<double>(rows),
               rest = smoothing / static_cast<double>(columns);
  by_type(logits.dtype(), [&]<typename T>() {
    const T* x = logits.data<T>();
    T* dx = need_gradient ? out.dlogits.data<T>() : nullptr;
    for (int64_t r = 0; r < rows; ++r, x += columns) {
      const int64_t label = labels[static_cast<size_t>(r)];
      double others = 0;
      if (smoothing > 0) {
        for (int64_t c = 0; c < columns; ++c) others += static_cast<double>(x[c]);
      }
      out.loss += weight * (reference::log_sum_exp(columns, x) - (1 - smoothing) * static_cast<double>(x[label]) -
                            rest * others);
      if (!need_gradient) continue;
      for (int64_t c = 0; c < columns; ++c, ++dx) {
        const double target = rest + (c == label ? 1 - smoothing : 0.0);
        *dx = static_cast<T>((static_cast<double>(*dx) - target) * weight);
      }
    }
  });
  return out;
}

Tensor row_cross_entropy(const Tensor& logits, std::span<const int32_t> labels, double factor, bool need_gradient,
                         std::span<double> losses) {
  const int64_t rows = logits.extent(0), columns = logits.extent(1);
  Tensor slope = Tensor::empty(logits.shape(), logits.dtype());
  if (is_fast(logits.dtype())) {
    const float* x = logits.data<float>();
    float* dx = slope.data<float>();
    const auto scale = static_cast<float>(factor);
    parallel_tasks(rows, [&](int64_t r) {
      const auto i = static_cast<size_t>(r);
      float normalizer = 0;
      float* row = dx + r * columns;
      kernel_table().softmax(x + r * columns, row, 1, columns, &normalizer);
      losses[i] = static_cast<double>(normalizer) - static_cast<double>(x[r * columns + labels[i]]);
      if (!need_gradient) return;
      row[labels[i]] -= 1.0F;
      for (int64_t c = 0; c < columns; ++c) row[c] *= scale;
    });
    return need_gradient ? slope : Tensor();
  }
  by_type(logits.dtype(), [&]<typename T>() {
    const T* x = logits.data<T>();
    T* dx = slope.data<T>();
    for (size_t r = 0; r < static_cast<size_t>(rows); ++r, x += columns, dx += columns) {
      const double normalizer = reference::log_sum_exp(columns, x);
      losses[r] = normalizer - static_cast<double>(x[labels[r]]);
      for (int64_t c = 0; c < columns; ++c) {
        dx[c] =
            static_cast<T>(factor * (std::exp(static_cast<double>(x[c]) - normalizer) - (c == labels[r] ? 1.0 : 0.0)));
      }
    }
  });
  return need_gradient ? slope : Tensor();
}

}  // namespace fovea::kernels
