#include "autograd/ops/norm.h"

#include <cmath>

#include "autograd/ops/check.h"
#include "tensor/kernels/norm.h"

namespace fovea::ops {
namespace {

void check_batch_norm(const Var& x, const Var& gamma, const Var& beta, BatchNormMode mode) {
  const int64_t columns = x.shape().channels();
  detail::require_fit(x.shape().rank() >= 2 && gamma.value().count() == columns, "batch_norm: gamma", x.shape(),
                      gamma.shape());
  detail::require_fit(beta.value().count() == columns, "batch_norm: beta", x.shape(), beta.shape());
  if (mode == BatchNormMode::kFrozen || columns == 0) return;
  if (const int64_t m = x.value().count() / columns; m < 2) {
    fail(ErrorKind::kData, "batch_norm: {} value per feature in {}: batch statistics need at least 2", m,
         x.shape().text());
  }
}

// Moments of the rows of all processes: first the mean, then the squares of deviations from it. Returns their number.
double merge_moments(kernels::Moments& m, double rows, const SumOverProcesses& sum) {
  const auto columns = static_cast<size_t>(m.mean.count());
  double *mean = m.mean.data<double>(), *variance = m.variance.data<double>();
  std::vector<double> sums(columns + 1), squares(columns);
  for (size_t c = 0; c < columns; ++c) sums[c] = rows * mean[c];
  sums[columns] = rows;
  sum(sums);
  const double all = sums[columns];
  for (size_t c = 0; c < columns; ++c) {
    const double shift = mean[c] - sums[c] / all;
    squares[c] = rows * (variance[c] + shift * shift);
    mean[c] = sums[c] / all;
  }
  sum(squares);
  for (size_t c = 0; c < columns; ++c) variance[c] = squares[c] / all;
  return all;
}

kernels::Moments moments(const Var& x, const Tensor& running_mean, const Tensor& running_variance,
                         const BatchNormConfig& config, double& rows) {
  const int64_t columns = x.shape().channels();
  const int64_t own_rows = columns == 0 ? 0 : x.value().count() / columns;
  rows = static_cast<double>(own_rows);
  if (config.mode != BatchNormMode::kFrozen) {
    kernels::Moments m = kernels::column_moments(x.value());
    if (config.sum) rows = merge_moments(m, rows, config.sum);
    return m;
  }
  FOVEA_CHECK(running_mean.count() == columns && running_variance.count() == columns,
              "batch_norm: running statistics for {}", x.shape().text());
  return {running_mean.to(DType::kF64), running_variance.to(DType::kF64)};
}

Tensor inverse_deviation(const Tensor& variance, double eps) {
  Tensor out = Tensor::empty(variance.shape(), DType::kF64);
  const double* v = variance.data<double>();
  double* o = out.data<double>();
  for (int64_t c = 0; c < variance.count(); ++c) o[c] = 1 / std::sqrt(v[c] + eps);
  return out;
}

}  // namespace

// Ioffe & Szegedy 2015, Algorithm 1, per column of x [.., C] with m rows:
//   mu = mean(x);  var = mean((x - mu)^2);  x_hat = (x - mu) / sqrt(var + eps);  y = gamma x_hat + beta
// Backward, from the chain rule of section 3 with both sums taken out:
//   dbeta = sum(dy);  dgamma = sum(dy x_hat)
//   dx = gamma / (m sqrt(var + eps)) (m dy - dbeta - x_hat dgamma)
// With constant statistics (frozen, naive) only the first term stays: dx = gamma / sqrt(var + eps) dy.
// With several processes both sums and m are those of all rows in the formula for dx; dgamma and dbeta stay those of
// this process, since gradients of parameters are summed later. With the fused ReLU, dy is first masked by y > 0; the
// mask is computed again from x, so y is not kept.
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Tensor& running_mean,
               const Tensor& running_variance, const BatchNormConfig& config, BatchStatistics* statistics) {
  check_batch_norm(x, gamma, beta, config.mode);
  const bool relu = config.activation == Activation::kRelu;
  double rows = 0;
  const kernels::Moments m = moments(x, running_mean, running_variance, config, rows);
  if (statistics != nullptr && config.mode != BatchNormMode::kFrozen) {
    *statistics = {m.mean.to(x.dtype()), m.variance.to(x.dtype()), static_cast<int64_t>(rows)};
  }
  const kernels::NormParameters p{m.mean, inverse_deviation(m.variance, config.eps), gamma.value(), beta.value(), relu};
  const kernels::StatisticsGradient through{config.mode == BatchNormMode::kBatch, rows, config.sum};
  const Var z = record("batch_norm", kernels::batch_norm_forward(x.value(), p), {x, gamma, beta},
                       [x, gamma, beta, p, through](const Tensor& dy) {
                         auto [dx, dgamma, dbeta] =
                             kernels::batch_norm_backward(x.value(), dy, p, through, x.needs_grad());
                         if (gamma.needs_grad()) gamma.add_grad(dgamma.reshape(gamma.shape()));
                         if (beta.needs_grad()) beta.add_grad(dbeta.reshape(beta.shape()));
                         if (x.needs_grad()) x.add_grad(std::move(dx));
                       });
  return relu ? z : activate(z, config.activation);
}

Var local_response_norm(const Var& x, const LrnConfig& config) {
  detail::require_rank(x.shape().rank() >= 2, "local_response_norm", x.shape(), "[N,..,C]");
  if (config.size < 1 || config.size % 2 == 0)
    fail(ErrorKind::kData, "local_response_norm: size must be odd, found {}", config.size);
  const kernels::LrnParameters p{config.size, config.alpha, config.beta, config.k};
  return record("local_response_norm", kernels::lrn_forward(x.value(), p), {x},
                [x, p](const Tensor& dy) { x.add_grad(kernels::lrn_backward(x.value(), dy, p)); });
}

}  // namespace fovea::ops
