// Rows of floats against a vector of doubles.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

// Sixteen sums: enough to hide the latency of the additions, in an order that is the same on every call.
double dot_wide(const float* __restrict x, const double* __restrict w, int64_t n, const float* ahead) {
  constexpr int kLanes = 16;  // floats of a cache line
  double sums[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    __builtin_prefetch(ahead + i, 0, 2);
    for (int lane = 0; lane < kLanes; ++lane) sums[lane] += static_cast<double>(x[i + lane]) * w[i + lane];
  }
  double total = 0;
  for (; i < n; ++i) total += static_cast<double>(x[i]) * w[i];
  for (const double sum : sums) total += sum;
  return total;
}

void add_scaled_wide(double a, const float* __restrict x, double* __restrict w, int64_t n) {
  for (int64_t i = 0; i < n; ++i) w[i] += a * static_cast<double>(x[i]);
}

}  // namespace

void fill_wide(kernels::KernelTable& table) {
  table.dot_wide = dot_wide;
  table.add_scaled_wide = add_scaled_wide;
}

}  // namespace fovea::FOVEA_ISA
