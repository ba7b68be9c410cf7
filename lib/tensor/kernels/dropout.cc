#include "tensor/kernels/dropout.h"

#include "base/parallel.h"
#include "base/rng.h"
#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {
namespace {

// The key and counter of Rng(seed, kDropout, step, layer), for the vectorised generator.
PhiloxStream stream_of(uint64_t seed, uint64_t layer, uint64_t step) {
  const auto low = [](uint64_t word) { return static_cast<uint32_t>(word); };
  const auto high = [](uint64_t word) { return static_cast<uint32_t>(word >> 32); };
  const uint32_t purpose = static_cast<uint32_t>(RngPurpose::kDropout) << 16;
  const auto mixed = philox4x32({low(layer), high(layer), low(step), high(step) ^ purpose}, {low(seed), high(seed)});
  return {{low(seed), high(seed)}, {mixed[0], mixed[1], mixed[2]}};
}

constexpr int64_t kGrain = 1 << 14;

}  // namespace

Tensor dropout(const Tensor& x, double rate, uint64_t seed, uint64_t layer, uint64_t step) {
  Tensor y = Tensor::empty(x.shape(), x.dtype());
  if (is_fast(x.dtype())) {
    FOVEA_CHECK(x.count() / 4 < INT64_C(0xFFFFFFFF), "dropout of {}: random stream exhausted", x.shape().text());
    const PhiloxStream stream = stream_of(seed, layer, step);
    const float* px = x.data<float>();
    float* py = y.data<float>();
    parallel_blocks(x.count(), kGrain, [&](int64_t begin, int64_t end) {
      kernel_table().dropout(stream, static_cast<uint32_t>(begin / 4), static_cast<float>(rate),
                             static_cast<float>(1 / (1 - rate)), px + begin, py + begin, end - begin);
    });
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* px = x.data<T>();
    T* py = y.data<T>();
    Rng rng(seed, RngPurpose::kDropout, step, layer);
    const float threshold = static_cast<float>(rate);
    const T scale = static_cast<T>(1 / (1 - rate));
    for (int64_t i = 0; i < x.count(); ++i) py[i] = rng.uniform() >= threshold ? px[i] * scale : T{0};
  });
  return y;
}

}  // namespace fovea::kernels
