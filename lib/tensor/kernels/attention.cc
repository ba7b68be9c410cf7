#include "tensor/kernels/attention.h"

#include <cmath>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {
namespace {

// tanh(p + q) = 1 - 2 / (exp(2p) exp(2q) + 1) needs both factors and their product within the range of float:
// |2p|, |2q| <= 42. Beyond that the sum is formed first.
constexpr float kLargest = 21;
constexpr uint64_t kTableKey = 0x617474656e642e32ULL;  // "attend.2"

std::shared_ptr<const ArenaBlock> exp_table(const Tensor& projected, int64_t images, int64_t values) {
  return projected.derived(kTableKey, [&] {
    auto block = std::make_shared<ArenaBlock>(images * (values + 1) * static_cast<int64_t>(sizeof(float)));
    auto* out = static_cast<float*>(block->data);
    const float* p = projected.data<float>();
    parallel_tasks(images, [&](int64_t i) {
      kernel_table().exp_twice(p + i * values, out + i * values, values);
      out[images * values + i] = kernel_table().largest_size(p + i * values, values);
    });
    return std::shared_ptr<const ArenaBlock>(std::move(block));
  });
}

}  // namespace

template <typename T>
AttentionScorer<T>::AttentionScorer(const Tensor& projected, const Tensor& v, Unary activation)
    : projected_(projected),
      v_(v),
      activation_(activation),
      images_(projected.extent(0)),
      places_(projected.extent(1)),
      units_(projected.extent(2)) {
  FOVEA_CHECK(v.count() == units_, "{} score weights for {} units", v.count(), units_);
  if (is_fast(dtype_of<T>) && activation == Unary::kTanh) table_ = exp_table(projected, images_, places_ * units_);
}

template <typename T>
bool AttentionScorer<T>::use_products(int64_t image, const T* q) const {
  if constexpr (std::is_same_v<T, float>) {
    if (table_ == nullptr) return false;
    const auto* table = static_cast<const float*>(table_->data);
    return table[images_ * places_ * units_ + image] <= kLargest && kernel_table().largest_size(q, units_) <= kLargest;
  }
  return false;
}

template <typename T>
void AttentionScorer<T>::direct_row(const T* p, const T* q, T* sum, T* y) const {
  for (int64_t k = 0; k < units_; ++k) sum[k] = p[k] + q[k];
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32)) return kernel_table().unary(activation_, sum, y, units_);
  }
  for (int64_t k = 0; k < units_; ++k) y[k] = reference::unary(activation_, sum[k]);
}

template <typename T>
void AttentionScorer<T>::scores(int64_t image, const T* q, T* e) const {
  const T* v = v_.data<T>();
  const int64_t values = places_ * units_;
  if constexpr (std::is_same_v<T, float>) {
    if (use_products(image, q)) {
      std::vector<float> exp_q(static_cast<size_t>(units_));
      kernel_table().exp_twice(q, exp_q.data(), units_);
      return kernel_table().attention_scores(static_cast<const float*>(table_->data) + image * values, exp_q.data(), v,
                                             places_, units_, e);
    }
  }
  std::vector<T> sum(static_cast<size_t>(units_)), y(sum);
  const T* p = projected_.data<T>() + image * values;
  for (int64_t l = 0; l < places_; ++l, p += units_) {
    direct_row(p, q, sum.data(), y.data());
    double total = 0;
    for (int64_t k = 0; k < units_; ++k)
      total += static_cast<double>(v[k]) * static_cast<double>(y[static_cast<size_t>(k)]);
    e[l] = static_cast<T>(total);
  }
}

template <typename T>
void AttentionScorer<T>::backward_query(int64_t image, const T* q, const T* de, T* dq, T* dv) const {
  const T* v = v_.data<T>();
  const int64_t values = places_ * units_;
  if constexpr (std::is_same_v<T, float>) {
    if (use_products(image, q)) {
      std::vector<float> exp_q(static_cast<size_t>(units_)), slope(static_cast<size_t>(units_), 0.0F);
      kernel_table().exp_twice(q, exp_q.data(), units_);
      kernel_table().attention_scores_backward(static_cast<const float*>(table_->data) + image * values, exp_q.data(),
                                               de, places_, units_, slope.data(), dv);
      for (int64_t k = 0; k < units_; ++k) dq[k] = 4.0F * v[k] * slope[static_cast<size_t>(k)];
      return;
    }
  }
  std::vector<T> sum(static_cast<size_t>(units_)), y(sum);
  std::fill(dq, dq + units_, T{0});
  const T* p = projected_.data<T>() + image * values;
  for (int64_t l = 0; l < places_; ++l, p += units_) {
    direct_row(p, q, sum.data(), y.data());
    for (int64_t k = 0; k < units_; ++k) {
      const T value = y[static_cast<size_t>(k)];
      dq[k] += de[l] * v[k] * reference::unary_slope(activation_, value);
      dv[k] += de[l] * value;
    }
  }
}

template <typename T>
void AttentionScorer<T>::backward_places(int64_t image, const std::vector<Step>& steps, T* dp) const {
  const T* v = v_.data<T>();
  const int64_t values = places_ * units_;
  const auto units = static_cast<size_t>(units_);
  std::vector<float> exp_q(steps.size() * units);
  std::vector<bool> products(steps.size(), false);
  for (size_t s = 0; s < steps.size(); ++s) {
    products[s] = use_products(image, steps[s].q);
    if constexpr (std::is_same_v<T, float>) {
      if (products[s]) kernel_table().exp_twice(steps[s].q, exp_q.data() + s * units, units_);
    }
  }
  const T* p = projected_.data<T>() + image * values;
  std::vector<T> sum(units), y(units);
  for (int64_t l = 0; l < places_; ++l, p += units_, dp += units_) {
    std::fill(dp, dp + units_, T{0});
    for (size_t s = 0; s < steps.size(); ++s) {
      const T de = steps[s].de[l];
      if constexpr (std::is_same_v<T, float>) {
        if (products[s]) {
          const float* exp_p = static_cast<const float*>(table_->data) + image * values + l * units_;
          kernel_table().attention_place_backward(exp_p, exp_q.data() + s * units, 4.0F * de, units_, dp);
          continue;
        }
      }
      direct_row(p, steps[s].q, sum.data(), y.data());
      for (int64_t k = 0; k < units_; ++k) dp[k] += de * reference::unary_slope(activation_, y[static_cast<size_t>(k)]);
    }
    for (int64_t k = 0; k < units_; ++k) dp[k] *= v[k];
  }
}

template <typename T>
void weighted_rows(const T* rows, const T* weights, int64_t count, int64_t width, T* sum) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32)) return kernel_table().weighted_rows(rows, weights, count, width, sum);
  }
  std::fill(sum, sum + width, T{0});
  for (int64_t l = 0; l < count; ++l) {
    for (int64_t d = 0; d < width; ++d) sum[d] += weights[l] * rows[l * width + d];
  }
}

template <typename T>
void row_dots(const T* rows, const T* x, int64_t count, int64_t width, T* dots) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32)) return kernel_table().row_dots(rows, x, count, width, dots);
  }
  for (int64_t l = 0; l < count; ++l) {
    double total = 0;
    for (int64_t d = 0; d < width; ++d) total += static_cast<double>(rows[l * width + d]) * static_cast<double>(x[d]);
    dots[l] = static_cast<T>(total);
  }
}

template class AttentionScorer<float>;
template class AttentionScorer<double>;
template void weighted_rows(const float*, const float*, int64_t, int64_t, float*);
template void weighted_rows(const double*, const double*, int64_t, int64_t, double*);
template void row_dots(const float*, const float*, int64_t, int64_t, float*);
template void row_dots(const double*, const double*, int64_t, int64_t, double*);

}  // namespace fovea::kernels
