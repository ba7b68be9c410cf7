// Batch normalisation and local response normalisation over tensors.
#pragma once

#include <functional>
#include <span>

#include "tensor/tensor.h"

namespace fovea::kernels {

// Mean and biased variance [C] (f64) of the columns of x [...,C]: two passes per block of rows, blocks combined in
// order by the update of Chan, Golub & LeVeque 1979. REQUIRES at least one row.
struct Moments {
  Tensor mean, variance;
};
Moments column_moments(const Tensor& x);

// What forward and backward share. mean, inv_std f64 [C]; gamma, beta [C] of the type of x.
struct NormParameters {
  Tensor mean, inv_std, gamma, beta;
  bool relu = false;  // y = max(., 0) behind the affine map
};

// y = gamma (x - mean) inv_std + beta
Tensor batch_norm_forward(const Tensor& x, const NormParameters& p);

struct NormGradients {
  Tensor dx, dgamma, dbeta;
};
// Replaces values by their sums over the processes of a job; each process must call it equally often.
using SumOverProcesses = std::function<void(std::span<double>)>;

// Whether mean and inv_std are functions of x (training) or constants. `sum`, if given, sums over the processes whose
// `rows` together made them.
struct StatisticsGradient {
  bool through = true;
  double rows = 0;
  SumOverProcesses sum;
};
// dx only if need_dx.
NormGradients batch_norm_backward(const Tensor& x, const Tensor& dy, const NormParameters& p,
                                  const StatisticsGradient& statistics, bool need_dx);

struct LrnParameters {
  int64_t size = 5;
  double alpha = 1e-4, beta = 0.75, k = 1;
};
Tensor lrn_forward(const Tensor& x, const LrnParameters& p);
Tensor lrn_backward(const Tensor& x, const Tensor& dy, const LrnParameters& p);

}  // namespace fovea::kernels
