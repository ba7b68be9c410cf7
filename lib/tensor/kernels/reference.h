// Reference kernels for pointwise functions, sums, products and softmax: plain loops, f32 and f64, long sums in double.
// They are the oracle of the fast paths and the only path for f64.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

#include "tensor/kernels/unary.h"

namespace fovea::kernels::reference {

template <typename T>
T unary(Unary kind, T x) {
  switch (kind) {
    case Unary::kRelu:
      return x < 0 ? T{0} : x;  // keeps NaN
    case Unary::kSigmoid:
      return T{1} / (T{1} + std::exp(-x));
    case Unary::kTanh:
      return std::tanh(x);
  }
  return x;
}

// The derivative as a function of the output y.
template <typename T>
T unary_slope(Unary kind, T y) {
  switch (kind) {
    case Unary::kRelu:
      return y > 0 ? T{1} : T{0};
    case Unary::kSigmoid:
      return y * (T{1} - y);
    case Unary::kTanh:
      return T{1} - y * y;
  }
  return T{1};
}

// C [m,n] = op(A) op(B), or += if accumulate. op(A) is [m,k]: A is stored [k,m] if transpose_a; B likewise [n,k].
template <typename T>
void gemm(bool transpose_a, bool transpose_b, int64_t m, int64_t n, int64_t k, const T* a, const T* b, T* c,
          bool accumulate) {
  std::vector<double> row(static_cast<size_t>(n));
  for (int64_t i = 0; i < m; ++i) {
    std::fill(row.begin(), row.end(), 0.0);
    for (int64_t p = 0; p < k; ++p) {
      const double factor = static_cast<double>(transpose_a ? a[p * m + i] : a[i * k + p]);
      for (int64_t j = 0; j < n; ++j) {
        row[static_cast<size_t>(j)] += factor * static_cast<double>(transpose_b ? b[j * k + p] : b[p * n + j]);
      }
    }
    for (int64_t j = 0; j < n; ++j) {
      T& out = c[i * n + j];
      out = static_cast<T>(row[static_cast<size_t>(j)] + (accumulate ? static_cast<double>(out) : 0.0));
    }
  }
}

template <typename T>
void column_sums(int64_t rows, int64_t columns, const T* x, T* sums) {
  std::vector<double> total(static_cast<size_t>(columns), 0.0);
  for (int64_t r = 0; r < rows; ++r) {
    for (int64_t c = 0; c < columns; ++c) total[static_cast<size_t>(c)] += static_cast<double>(x[r * columns + c]);
  }
  for (int64_t c = 0; c < columns; ++c) sums[c] = static_cast<T>(total[static_cast<size_t>(c)]);
}

// log(sum(exp(x))) of one row, shifted by the largest value.
template <typename T>
double log_sum_exp(int64_t columns, const T* x) {
  const double shift = static_cast<double>(*std::max_element(x, x + columns));
  double sum = 0;
  for (int64_t c = 0; c < columns; ++c) sum += std::exp(static_cast<double>(x[c]) - shift);
  return shift + std::log(sum);
}

template <typename T>
void softmax(int64_t rows, int64_t columns, const T* x, T* y, bool logarithm) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    const double normalizer = log_sum_exp(columns, x);
    for (int64_t c = 0; c < columns; ++c) {
      const double log_probability = static_cast<double>(x[c]) - normalizer;
      y[c] = static_cast<T>(logarithm ? log_probability : std::exp(log_probability));
    }
  }
}

// dx = y (dy - sum(dy y)) for softmax;  dx = dy - exp(y) sum(dy) for log-softmax.
template <typename T>
void softmax_backward(int64_t rows, int64_t columns, const T* y, const T* dy, T* dx, bool logarithm) {
  for (int64_t r = 0; r < rows; ++r, y += columns, dy += columns, dx += columns) {
    double sum = 0;
    for (int64_t c = 0; c < columns; ++c)
      sum += static_cast<double>(dy[c]) * (logarithm ? 1.0 : static_cast<double>(y[c]));
    for (int64_t c = 0; c < columns; ++c) {
      const double slope = static_cast<double>(dy[c]), value = static_cast<double>(y[c]);
      dx[c] = static_cast<T>(logarithm ? slope - std::exp(value) * sum : value * (slope - sum));
    }
  }
}

}  // namespace fovea::kernels::reference
