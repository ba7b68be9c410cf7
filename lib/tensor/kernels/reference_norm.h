// Reference batch normalisation and local response normalisation.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <functional>
#include <span>
#include <vector>

namespace fovea::kernels::reference {

template <typename T>
void column_moments(int64_t rows, int64_t columns, const T* x, double* mean, double* variance) {
  const double m = static_cast<double>(rows);
  for (int64_t c = 0; c < columns; ++c) {
    double sum = 0, squares = 0;
    for (int64_t r = 0; r < rows; ++r) sum += static_cast<double>(x[r * columns + c]);
    mean[c] = sum / m;
    for (int64_t r = 0; r < rows; ++r) {
      const double deviation = static_cast<double>(x[r * columns + c]) - mean[c];
      squares += deviation * deviation;
    }
    variance[c] = squares / m;
  }
}

template <typename T>
void batch_norm_forward(int64_t rows, int64_t columns, const T* x, const double* mean, const double* inv_std,
                        const T* gamma, const T* beta, bool relu, T* y) {
  for (int64_t i = 0; i < rows * columns; ++i) {
    const int64_t c = i % columns;
    const double x_hat = (static_cast<double>(x[i]) - mean[c]) * inv_std[c];
    const double value = static_cast<double>(gamma[c]) * x_hat + static_cast<double>(beta[c]);
    y[i] = static_cast<T>(relu && value < 0 ? 0.0 : value);
  }
}

// dx may be null. m: the rows behind the statistics; `sum`, if given, sums over the processes that have them.
template <typename T>
void batch_norm_backward(int64_t rows, int64_t columns, const T* x, const T* dy, const double* mean,
                         const double* inv_std, const T* gamma, const T* beta, bool relu, bool through_statistics,
                         double m, const std::function<void(std::span<double>)>& sum, T* dx, T* dgamma, T* dbeta) {
  const auto x_hat = [&](int64_t r, int64_t c) {
    return (static_cast<double>(x[r * columns + c]) - mean[c]) * inv_std[c];
  };
  const auto slope = [&](int64_t r, int64_t c) {
    const double y = static_cast<double>(gamma[c]) * x_hat(r, c) + static_cast<double>(beta[c]);
    return relu && !(y > 0) ? 0.0 : static_cast<double>(dy[r * columns + c]);
  };
  std::vector<double> sums(static_cast<size_t>(2 * columns));  // of dy, and of dy x_hat
  double *sum_dy = sums.data(), *sum_dy_x = sums.data() + columns;
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      sum_dy[c] += slope(r, c);
      sum_dy_x[c] += slope(r, c) * x_hat(r, c);
    }
    dgamma[c] = static_cast<T>(sum_dy_x[c]);
    dbeta[c] = static_cast<T>(sum_dy[c]);
  }
  if (dx == nullptr) return;
  if (through_statistics && sum) sum(sums);
  for (int64_t c = 0; c < columns; ++c) {
    for (int64_t r = 0; r < rows; ++r) {
      const double correction = through_statistics ? (sum_dy[c] + x_hat(r, c) * sum_dy_x[c]) / m : 0.0;
      dx[r * columns + c] = static_cast<T>(static_cast<double>(gamma[c]) * inv_std[c] * (slope(r, c) - correction));
    }
  }
}

// Calls visit(i, begin, end): the window [begin, end) of channel i.
template <typename Visit>
void for_each_lrn_window(int64_t channels, int64_t size, Visit&& visit) {
  for (int64_t i = 0; i < channels; ++i) {
    visit(i, std::max<int64_t>(0, i - size / 2), std::min(channels, i + size / 2 + 1));
  }
}

template <typename T>
void lrn_forward(int64_t rows, int64_t channels, const T* x, int64_t size, double alpha, double beta, double k, T* y) {
  for (int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    for_each_lrn_window(channels, size, [&](int64_t i, int64_t begin, int64_t end) {
      double sum = 0;
      for (int64_t j = begin; j < end; ++j) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
      y[i] = static_cast<T>(static_cast<double>(x[i]) * std::pow(k + alpha / static_cast<double>(size) * sum, -beta));
    });
  }
}

// s_i = k + alpha/size sum_j x_j^2.  dx_i = dy_i s_i^-beta - 2 alpha beta / size x_i sum_{j: i in window(j)} dy_j x_j
// s_j^(-beta-1). Windows are symmetric, so "i in window(j)" is "j in window(i)".
template <typename T>
void lrn_backward(int64_t rows, int64_t channels, const T* x, const T* dy, int64_t size, double alpha, double beta,
                  double k, T* dx) {
  std::vector<double> s(static_cast<size_t>(channels)), ratio(s.size());
  const double factor = alpha / static_cast<double>(size);
  for (int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    for_each_lrn_window(channels, size, [&](int64_t i, int64_t begin, int64_t end) {
      double sum = 0;
      for (int64_t j = begin; j < end; ++j) sum += static_cast<double>(x[j]) * static_cast<double>(x[j]);
      const double scale = k + factor * sum;
      s[static_cast<size_t>(i)] = std::pow(scale, -beta);
      ratio[static_cast<size_t>(i)] =
          static_cast<double>(dy[i]) * static_cast<double>(x[i]) * std::pow(scale, -beta - 1);
    });
    for_each_lrn_window(channels, size, [&](int64_t i, int64_t begin, int64_t end) {
      double sum = 0;
      for (int64_t j = begin; j < end; ++j) sum += ratio[static_cast<size_t>(j)];
      dx[i] = static_cast<T>(static_cast<double>(dy[i]) * s[static_cast<size_t>(i)] -
                             2 * factor * beta * static_cast<double>(x[i]) * sum);
    });
  }
}

}  // namespace fovea::kernels::reference
