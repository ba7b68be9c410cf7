// Batch normalisation (Ioffe & Szegedy 2015) and local response normalisation (Krizhevsky et al. 2012).
#pragma once

#include "autograd/ops/activation.h"
#include "autograd/var.h"
#include "tensor/kernels/norm.h"

namespace fovea::ops {

enum class BatchNormMode {
  kBatch,   // training: statistics of this batch, gradients through them
  kFrozen,  // inference or fine-tuning: the given running statistics, gradients to x, gamma, beta
  kNaive,   // section 6 of the spec: batch statistics, but treated as constants in backward
};

using kernels::SumOverProcesses;

struct BatchNormConfig {
  double eps = 1e-5;  // inside the square root  // [ours] the paper leaves it open
  BatchNormMode mode = BatchNormMode::kBatch;
  Activation activation = Activation::kNone;  // kNone or kRelu, fused behind the affine map
  SumOverProcesses sum = {};                  // if given, statistics and their gradients are those of all processes
};

struct BatchStatistics {  // of the last kBatch/kNaive call; [C] each, the dtype of x
  Tensor mean, variance;  // biased variance, divided by m
  int64_t samples = 0;    // m = N H W: the effective batch (spec section 1)
};

// x [N,...,C], gamma and beta [C]. Statistics over all rows (N H W). To get the per-activation variant, reshape x to
// [N,HWC]. kBatch/kNaive need m > 1 in each process: Error(kData). `running_mean`, `running_variance` [C] are read in
// kFrozen only; `statistics` (may be null) receives the batch statistics otherwise.
Var batch_norm(const Var& x, const Var& gamma, const Var& beta, const Tensor& running_mean,
               const Tensor& running_variance, const BatchNormConfig& config, BatchStatistics* statistics = nullptr);

struct LrnConfig {
  int size = 5;  // window over channels, odd
  double alpha = 1e-4, beta = 0.75, k = 1;
};

// y_i = x_i / (k + alpha/size sum_{j in window(i)} x_j^2)^beta   (Caffe's and PyTorch's scaling of alpha)
Var local_response_norm(const Var& x, const LrnConfig& config);

}  // namespace fovea::ops
