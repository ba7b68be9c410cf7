#include "tensor/kernels/norm.h"

#include <algorithm>
#include <vector>

#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference_norm.h"

namespace fovea::kernels {
namespace {

constexpr int64_t kBlock = 1 << 16;    // values per block: 256 KiB, so that the second pass finds them in L2
constexpr int64_t kFoldedWidth = 512;  // see Folding

int64_t row_count(const Tensor& x) { return x.shape().channels() == 0 ? 0 : x.count() / x.shape().channels(); }

// `fold` pixels are taken as one row of fold * channels columns, so that short rows don't waste the vector units.
struct Folding {
  int64_t fold = 1, rows = 0, columns = 0, grain = 1, blocks = 1;
};

Folding fold_rows(int64_t rows, int64_t channels) {
  Folding f;
  while (f.fold * 2 * channels <= kFoldedWidth && rows % (f.fold * 2) == 0) f.fold *= 2;
  f.rows = rows / f.fold;
  f.columns = channels * f.fold;
  f.grain = std::max<int64_t>(1, kBlock / std::max<int64_t>(1, f.columns));
  f.blocks = (f.rows + f.grain - 1) / f.grain;
  return f;
}

// Parameters of each folded column. center is the mean rounded to float; shift makes up for the rest, so that a large
// mean costs no digits: gamma (x - mean) inv_std + beta = (x - center) scale + shift.
struct Columns {
  std::vector<float> center, scale, shift;
};

Columns spread(const NormParameters& p, int64_t fold) {
  const int64_t channels = p.mean.count();
  const double *mean = p.mean.data<double>(), *inv_std = p.inv_std.data<double>();
  const float *gamma = p.gamma.data<float>(), *beta = p.beta.data<float>();
  const auto size = static_cast<size_t>(channels * fold);
  Columns out{std::vector<float>(size), std::vector<float>(size), std::vector<float>(size)};
  for (int64_t c = 0; c < channels; ++c) {
    const float center = static_cast<float>(mean[c]);
    const double scale = static_cast<double>(gamma[c]) * inv_std[c];
    const double shift = static_cast<double>(beta[c]) + (static_cast<double>(center) - mean[c]) * scale;
    for (int64_t j = 0; j < fold; ++j) {
      const auto i = static_cast<size_t>(j * channels + c);
      out.center[i] = center;
      out.scale[i] = static_cast<float>(scale);
      out.shift[i] = static_cast<float>(shift);
    }
  }
  return out;
}

// Mean and sum of squared deviations of a growing sample.
struct Sample {
  double count = 0, mean = 0, squares = 0;
  void merge(double other_count, double other_mean, double other_squares) {
    const double total = count + other_count, delta = other_mean - mean;
    squares += other_squares + delta * delta * count * other_count / total;
    mean += delta * other_count / total;
    count = total;
  }
};

void fast_moments(const Tensor& x, Moments& moments) {
  const int64_t channels = x.shape().channels();
  const Folding f = fold_rows(row_count(x), channels);
  Tensor means = Tensor::empty({f.blocks, f.columns}, DType::kF64),
         squares = Tensor::empty({f.blocks, f.columns}, DType::kF64);
  const float* px = x.data<float>();
  double *pm = means.data<double>(), *ps = squares.data<double>();
  parallel_blocks(f.rows, f.grain, [&](int64_t begin, int64_t end) {
    const int64_t at = begin / f.grain * f.columns;
    kernel_table().block_moments(px + begin * f.columns, end - begin, f.columns, pm + at, ps + at);
  });
  double *mean = moments.mean.data<double>(), *variance = moments.variance.data<double>();
  for (int64_t c = 0; c < channels; ++c) {
    Sample sample;
    for (int64_t b = 0; b < f.blocks; ++b) {
      const double count = static_cast<double>(std::min(f.grain, f.rows - b * f.grain));
      for (int64_t i = b * f.columns + c; i < (b + 1) * f.columns; i += channels) sample.merge(count, pm[i], ps[i]);
    }
    mean[c] = sample.mean;
    variance[c] = sample.squares / sample.count;
  }
}

// Sums over rows of g and g (x - center), per channel.
struct SlopeSums {
  std::vector<double> g, gx;
};

SlopeSums slope_sums(const Tensor& x, const Tensor& dy, const Folding& f, const Columns& columns, bool relu) {
  const int64_t channels = x.shape().channels();
  Tensor partial = Tensor::zeros({std::max<int64_t>(1, f.blocks), 2, f.columns}, DType::kF64);
  const float *px = x.data<float>(), *pdy = dy.data<float>();
  double* pp = partial.data<double>();
  parallel_blocks(f.rows, f.grain, [&](int64_t begin, int64_t end) {
    double* sums = pp + begin / f.grain * 2 * f.columns;
    kernel_table().norm_sums(px + begin * f.columns, pdy + begin * f.columns, end - begin, f.columns,
                             columns.center.data(), columns.scale.data(), columns.shift.data(), relu, sums,
                             sums + f.columns);
  });
  SlopeSums out{std::vector<double>(static_cast<size_t>(channels)), std::vector<double>(static_cast<size_t>(channels))};
  for (int64_t b = 0; b < f.blocks; ++b) {
    const double* sums = pp + b * 2 * f.columns;
    for (int64_t j = 0; j < f.fold; ++j) {
      for (int64_t c = 0; c < channels; ++c) {
        out.g[static_cast<size_t>(c)] += sums[j * channels + c];
        out.gx[static_cast<size_t>(c)] += sums[f.columns + j * channels + c];
      }
    }
  }
  return out;
}

// dx = scale (g - sum_g/m - x_hat sum_gx_hat/m), written as scale g + b (x - center) + k.
void fast_backward(const Tensor& x, const Tensor& dy, const NormParameters& p, const StatisticsGradient& statistics,
                   NormGradients& out) {
  const int64_t channels = x.shape().channels();
  const Folding f = fold_rows(row_count(x), channels);
  const Columns columns = spread(p, f.fold);
  const SlopeSums sums = slope_sums(x, dy, f, columns, p.relu);
  const double *mean = p.mean.data<double>(), *inv_std = p.inv_std.data<double>();
  float *dgamma = out.dgamma.data<float>(), *dbeta = out.dbeta.data<float>();
  std::vector<double> totals(static_cast<size_t>(2 * channels));  // sums of g and of g x_hat
  const auto offset = [&](int64_t c) {                            // x_hat at x = center
    return (static_cast<double>(columns.center[static_cast<size_t>(c)]) - mean[c]) * inv_std[c];
  };
  for (int64_t c = 0; c < channels; ++c) {
    const auto i = static_cast<size_t>(c);
    totals[i] = sums.g[i];
    totals[static_cast<size_t>(channels) + i] = sums.gx[i] * inv_std[c] + offset(c) * sums.g[i];
    dgamma[c] = static_cast<float>(totals[static_cast<size_t>(channels) + i]);
    dbeta[c] = static_cast<float>(sums.g[i]);
  }
  if (!out.dx.defined()) return;
  if (statistics.through && statistics.sum) statistics.sum(totals);
  std::vector<float> b(static_cast<size_t>(f.columns)), k(static_cast<size_t>(f.columns));
  const double m = std::max(1.0, statistics.rows);
  for (int64_t c = 0; c < channels && statistics.through; ++c) {
    const auto i = static_cast<size_t>(c);
    const double scale = static_cast<double>(columns.scale[i]), sum_g = totals[i],
                 sum_x_hat = totals[static_cast<size_t>(channels) + i];
    for (int64_t j = 0; j < f.fold; ++j) {
      b[static_cast<size_t>(j * channels + c)] = static_cast<float>(-scale * inv_std[c] * sum_x_hat / m);
      k[static_cast<size_t>(j * channels + c)] = static_cast<float>(-scale * (sum_g + offset(c) * sum_x_hat) / m);
    }
  }
  const float *px = x.data<float>(), *pdy = dy.data<float>();
  float* pdx = out.dx.data<float>();
  parallel_blocks(f.rows, f.grain, [&](int64_t begin, int64_t end) {
    const int64_t at = begin * f.columns;
    kernel_table().norm_backward(px + at, pdy + at, end - begin, f.columns, columns.center.data(), columns.scale.data(),
                                 columns.shift.data(), p.relu, b.data(), k.data(), pdx + at);
  });
}

int64_t lrn_grain(int64_t channels) { return std::max<int64_t>(1, (1 << 14) / std::max<int64_t>(1, channels)); }
bool lrn_is_fast(const Tensor& x, const LrnParameters& p) { return is_fast(x.dtype()) && p.size <= 63; }

}  // namespace

Moments column_moments(const Tensor& x) {
  const int64_t columns = x.shape().channels(), rows = row_count(x);
  FOVEA_CHECK(rows > 0, "moments of {}", x.shape().text());
  Moments moments{Tensor::empty({columns}, DType::kF64), Tensor::empty({columns}, DType::kF64)};
  if (is_fast(x.dtype())) {
    fast_moments(x, moments);
    return moments;
  }
  by_type(x.dtype(), [&]<typename T>() {
    reference::column_moments(rows, columns, x.data<T>(), moments.mean.data<double>(), moments.variance.data<double>());
  });
  return moments;
}

Tensor batch_norm_forward(const Tensor& x, const NormParameters& p) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (is_fast(x.dtype())) {
    const Folding f = fold_rows(row_count(x), x.shape().channels());
    const Columns columns = spread(p, f.fold);
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(f.rows, f.grain, [&](int64_t begin, int64_t end) {
      kernel_table().norm_forward(px + begin * f.columns, end - begin, f.columns, columns.center.data(),
                                  columns.scale.data(), columns.shift.data(), p.relu, py + begin * f.columns);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    reference::batch_norm_forward(row_count(x), x.shape().channels(), x.data<T>(), p.mean.data<double>(),
                                  p.inv_std.data<double>(), p.gamma.data<T>(), p.beta.data<T>(), p.relu, y.data<T>());
  });
  return y;
}

NormGradients batch_norm_backward(const Tensor& x, const Tensor& dy, const NormParameters& p,
                                  const StatisticsGradient& statistics, bool need_dx) {
  NormGradients g{need_dx ? Tensor::empty(x.shape(), x.dtype()) : Tensor(), Tensor::empty(p.gamma.shape(), x.dtype()),
                  Tensor::empty(p.beta.shape(), x.dtype())};
  if (is_fast(x.dtype())) {
    fast_backward(x, dy, p, statistics, g);
    return g;
  }
  by_type(x.dtype(), [&]<typename T>() {
    reference::batch_norm_backward(row_count(x), x.shape().channels(), x.data<T>(), dy.data<T>(), p.mean.data<double>(),
                                   p.inv_std.data<double>(), p.gamma.data<T>(), p.beta.data<T>(), p.relu,
                                   statistics.through, statistics.rows, statistics.sum,
                                   need_dx ? g.dx.data<T>() : nullptr, g.dgamma.data<T>(), g.dbeta.data<T>());
  });
  return g;
}

Tensor lrn_forward(const Tensor& x, const LrnParameters& p) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  const int64_t channels = x.shape().channels();
  if (lrn_is_fast(x, p)) {
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(row_count(x), lrn_grain(channels), [&](int64_t begin, int64_t end) {
      kernel_table().lrn_forward(px + begin * channels, end - begin, channels, p.size,
                                 static_cast<float>(p.alpha / static_cast<double>(p.size)), static_cast<float>(p.beta),
                                 static_cast<float>(p.k), py + begin * channels);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    reference::lrn_forward(row_count(x), channels, x.data<T>(), p.size, p.alpha, p.beta, p.k, y.data<T>());
  });
  return y;
}

Tensor lrn_backward(const Tensor& x, const Tensor& dy, const LrnParameters& p) {
  Tensor dx = Tensor::empty(x.shape(), x.dtype());
  const int64_t channels = x.shape().channels();
  if (lrn_is_fast(x, p)) {
    const float *px = x.data<float>(), *pdy = dy.data<float>();
    float* pdx = dx.data<float>();
    parallel_blocks(row_count(x), lrn_grain(channels), [&](int64_t begin, int64_t end) {
      kernel_table().lrn_backward(px + begin * channels, pdy + begin * channels, end - begin, channels, p.size,
                                  static_cast<float>(p.alpha / static_cast<double>(p.size)), static_cast<float>(p.beta),
                                  static_cast<float>(p.k), pdx + begin * channels);
    });
    return dx;
  }
  by_type(x.dtype(), [&]<typename T>() {
    reference::lrn_backward(row_count(x), channels, x.data<T>(), dy.data<T>(), p.size, p.alpha, p.beta, p.k,
                            dx.data<T>());
  });
  return dx;
}

}  // namespace fovea::kernels
