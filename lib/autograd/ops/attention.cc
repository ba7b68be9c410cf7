#include "autograd/ops/attention.h"

#include <cmath>

#include "autograd/ops/check.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/reference.h"

namespace fovea::ops {

Var mean_places(const Var& annotations) {
  detail::require_rank(annotations.shape().rank() == 3 && annotations.extent(1) > 0, "mean_places", annotations.shape(),
                       "[I,L,D] with L > 0");
  const int64_t images = annotations.extent(0), places = annotations.extent(1), width = annotations.extent(2);
  Tensor y = Tensor::empty({images, width}, annotations.dtype());
  kernels::by_type(annotations.dtype(), [&]<typename T>() {
    parallel_tasks(images, [&](int64_t i) {
      T* out = y.data<T>() + i * width;
      kernels::reference::column_sums(places, width, annotations.value().data<T>() + i * places * width, out);
      for (int64_t d = 0; d < width; ++d) out[d] /= static_cast<T>(places);
    });
  });
  return record("mean_places", std::move(y), {annotations}, [annotations, images, places, width](const Tensor& dy) {
    Tensor da = Tensor::empty(annotations.shape(), annotations.dtype());
    kernels::by_type(annotations.dtype(), [&]<typename T>() {
      const T* from = dy.data<T>();
      T* to = da.data<T>();
      for (int64_t i = 0; i < images; ++i, from += width) {
        for (int64_t l = 0; l < places; ++l, to += width) {
          for (int64_t d = 0; d < width; ++d) to[d] = from[d] / static_cast<T>(places);
        }
      }
    });
    annotations.add_grad(std::move(da));
  });
}

Var gather_rows(const Var& x, const std::vector<int64_t>& rows) {
  detail::require_rank(x.shape().rank() == 2, "gather_rows", x.shape(), "[I,D]");
  const int64_t width = x.extent(1);
  for (const int64_t row : rows) {
    if (row < 0 || row >= x.extent(0))
      fail(ErrorKind::kData, "gather_rows: expected a row in 0..{}, found {}", x.extent(0) - 1, row);
  }
  Tensor y = Tensor::empty({static_cast<int64_t>(rows.size()), width}, x.dtype());
  kernels::by_type(x.dtype(), [&]<typename T>() {
    T* to = y.data<T>();
    const T* from = x.value().data<T>();
    for (const int64_t row : rows) to = std::copy(from + row * width, from + (row + 1) * width, to);
  });
  return record("gather_rows", std::move(y), {x}, [x, rows, width](const Tensor& dy) {
    Tensor dx = Tensor::zeros(x.shape(), x.dtype());
    kernels::by_type(x.dtype(), [&]<typename T>() {
      const T* from = dy.data<T>();
      T* to = dx.data<T>();
      for (const int64_t row : rows) {
        for (int64_t d = 0; d < width; ++d) to[row * width + d] += from[d];
        from += width;
      }
    });
    x.add_grad(std::move(dx));
  });
}

Var doubly_stochastic_penalty(const Var& alpha, const PackedSteps& steps, double target,
                              std::vector<double>* per_sequence) {
  detail::require_rank(alpha.shape().rank() == 2 && alpha.extent(0) == steps.rows(), "doubly_stochastic_penalty",
                       alpha.shape(), "[R,L]");
  const int64_t places = alpha.extent(1), sequences = steps.sequences();
  std::vector<double> missing(static_cast<size_t>(sequences * places), target);  // target - sum_t alpha
  double value = 0;
  if (per_sequence != nullptr) per_sequence->assign(static_cast<size_t>(sequences), 0.0);
  kernels::by_type(alpha.dtype(), [&]<typename T>() {
    const T* row = alpha.value().data<T>();
    for (const int64_t count : steps.active) {
      for (int64_t i = 0; i < count * places; ++i) missing[static_cast<size_t>(i)] -= static_cast<double>(row[i]);
      row += count * places;
    }
  });
  for (size_t i = 0; i < missing.size(); ++i) {
    value += missing[i] * missing[i];
    if (per_sequence != nullptr) (*per_sequence)[i / static_cast<size_t>(places)] += missing[i] * missing[i];
  }
  if (sequences > 0) value /= static_cast<double>(sequences);
  return record("doubly_stochastic_penalty", Tensor::full({1}, value, alpha.dtype()), {alpha},
                [alpha, active = steps.active, missing, places, sequences](const Tensor& dy) {
                  Tensor da = Tensor::empty(alpha.shape(), alpha.dtype());
                  kernels::by_type(alpha.dtype(), [&]<typename T>() {
                    T* to = da.data<T>();
                    const double factor = -2 * dy.item() / static_cast<double>(std::max<int64_t>(1, sequences));
                    for (const int64_t count : active) {
                      for (int64_t i = 0; i < count * places; ++i)
                        *to++ = static_cast<T>(factor * missing[static_cast<size_t>(i)]);
                    }
                  });
                  alpha.add_grad(std::move(da));
                });
}

Var hard_attention_loss(const Var& scores, const PackedSteps& steps, const std::vector<int32_t>& places,
                        const HardAttentionTerms& terms) {
  const int64_t rows = steps.rows(), count = scores.shape().channels(), sequences = steps.sequences();
  const bool fits = scores.shape().rank() == 2 && scores.extent(0) == rows &&
                    static_cast<int64_t>(places.size()) == rows &&
                    static_cast<int64_t>(terms.advantage.size()) == sequences;
  detail::require_rank(fits, "hard_attention_loss", scores.shape(),
                       "[R,L] with a place for each row and an advantage for each sequence");
  Tensor slope = Tensor::empty(scores.shape(), scores.dtype());
  const double share = sequences > 0 ? 1 / static_cast<double>(sequences) : 0;
  double value = 0;
  kernels::by_type(scores.dtype(), [&]<typename T>() {
    const T* e = scores.value().data<T>();
    T* out = slope.data<T>();
    size_t r = 0;
    for (const int64_t active : steps.active) {
      for (int64_t b = 0; b < active; ++b, ++r, e += count, out += count) {
        const double normalizer = kernels::reference::log_sum_exp(count, e);
        double entropy = 0;
        for (int64_t l = 0; l < count; ++l) {
          const double log_alpha = static_cast<double>(e[l]) - normalizer;
          entropy -= std::exp(log_alpha) * log_alpha;
        }
        const int32_t place = places[r];
        const double weight = place >= 0 ? terms.lambda_r * terms.advantage[static_cast<size_t>(b)] : 0.0;
        if (place >= 0) value -= share * weight * (static_cast<double>(e[place]) - normalizer);
        value -= share * terms.lambda_e * entropy;
        for (int64_t l = 0; l < count; ++l) {
          const double log_alpha = static_cast<double>(e[l]) - normalizer, alpha = std::exp(log_alpha);
          const double bracket =
              weight * ((l == place ? 1.0 : 0.0) - alpha) - terms.lambda_e * alpha * (log_alpha + entropy);
          out[l] = static_cast<T>(-share * bracket);
        }
      }
    }
  });
  return record("hard_attention_loss", Tensor::full({1}, value, scores.dtype()), {scores},
                [scores, slope](const Tensor& dy) { scores.add_grad(kernels::affine(slope, dy.item(), 0)); });
}

}  // namespace fovea::ops
