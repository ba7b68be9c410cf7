#include "tensor/kernels/fft.h"

#include <cmath>
#include <map>
#include <memory>
#include <mutex>
#include <numbers>
#include <vector>

#include "base/error.h"

namespace fovea::kernels {
namespace {

struct OwnedPlan {
  FftPlan plan;
  std::vector<float> twiddles;
};

// Radices in the order of the passes; empty if another prime is left or there is one pass only.
std::vector<int> radices(int64_t length) {
  std::vector<int> out;
  for (const int radix : {5, 3, 4, 2}) {
    while (length % radix == 0) {
      out.push_back(radix);
      length /= radix;
    }
  }
  if (length != 1 || out.size() < 2 || out.size() > FftPlan::kMaxPasses) out.clear();
  return out;
}

// Pass after pass, the factors w_n^(p j) for p < m and j = 1..r-1.
std::unique_ptr<OwnedPlan> make_plan(int64_t length) {
  auto owned = std::make_unique<OwnedPlan>();
  FftPlan& plan = owned->plan;
  plan.length = length;
  const std::vector<int> passes = radices(length);
  FOVEA_CHECK(!passes.empty(), "no transform of length {}", length);
  std::vector<size_t> starts;
  int64_t n = length;
  for (const int radix : passes) {
    starts.push_back(owned->twiddles.size());
    const int64_t m = n / radix;
    for (int64_t p = 0; p < m; ++p) {
      for (int j = 1; j < radix; ++j) {
        const double angle = -2 * std::numbers::pi * static_cast<double>(p * j) / static_cast<double>(n);
        owned->twiddles.push_back(static_cast<float>(std::cos(angle)));
        owned->twiddles.push_back(static_cast<float>(std::sin(angle)));
      }
    }
    plan.radix[plan.passes++] = radix;
    n = m;
  }
  for (int i = 0; i < plan.passes; ++i) plan.twiddle[i] = owned->twiddles.data() + starts[static_cast<size_t>(i)];
  return owned;
}

}  // namespace

int64_t fft_length(int64_t n) {
  while (radices(n).empty()) ++n;
  return n;
}

const FftPlan& fft_plan(int64_t length) {
  static std::mutex mutex;
  static std::map<int64_t, std::unique_ptr<OwnedPlan>> plans;
  const std::lock_guard lock(mutex);
  auto& plan = plans[length];
  if (!plan) plan = make_plan(length);
  return plan->plan;
}

}  // namespace fovea::kernels
