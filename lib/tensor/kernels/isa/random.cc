// Dropout from counter-based random numbers, and pixels to floats.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

using kernels::PhiloxStream;

constexpr int64_t kLanes = 64;          // blocks at a time
constexpr int64_t kBatch = 4 * kLanes;  // draws at a time

// One round of Philox on `lanes` counters, held word by word. A loop of unknown length: a constant one would be
// unrolled before it could be vectorised.
__attribute__((noinline)) void philox_round(uint32_t* __restrict c0, uint32_t* __restrict c1, uint32_t* __restrict c2,
                                            uint32_t* __restrict c3, uint32_t key0, uint32_t key1, int64_t lanes) {
  for (int64_t i = 0; i < lanes; ++i) {
    const uint64_t p0 = uint64_t{0xD2511F53} * c0[i], p1 = uint64_t{0xCD9E8D57} * c2[i];
    c0[i] = static_cast<uint32_t>(p1 >> 32) ^ c1[i] ^ key0;
    c2[i] = static_cast<uint32_t>(p0 >> 32) ^ c3[i] ^ key1;
    c1[i] = static_cast<uint32_t>(p1);
    c3[i] = static_cast<uint32_t>(p0);
  }
}

// The draws of the blocks first .. first + kLanes - 1, in order. Philox 4x32-10, as in base/rng.cc.
void philox_batch(const PhiloxStream& stream, uint32_t first, uint32_t* __restrict draws) {
  uint32_t c0[kLanes], c1[kLanes], c2[kLanes], c3[kLanes];
  for (int64_t i = 0; i < kLanes; ++i) {
    c0[i] = first + static_cast<uint32_t>(i);
    c1[i] = stream.counter[0];
    c2[i] = stream.counter[1];
    c3[i] = stream.counter[2];
  }
  uint32_t key0 = stream.key[0], key1 = stream.key[1];
  for (int round = 0; round < 10; ++round) {
    philox_round(c0, c1, c2, c3, key0, key1, kLanes);
    key0 += 0x9E3779B9U;
    key1 += 0xBB67AE85U;
  }
  for (int64_t i = 0; i < kLanes; ++i) {
    draws[4 * i] = c0[i];
    draws[4 * i + 1] = c1[i];
    draws[4 * i + 2] = c2[i];
    draws[4 * i + 3] = c3[i];
  }
}

void dropout(const PhiloxStream& stream, uint32_t first_block, float rate, float scale, const float* __restrict x,
             float* __restrict y, int64_t n) {
  uint32_t draws[kBatch];
  for (int64_t begin = 0; begin < n; begin += kBatch) {
    philox_batch(stream, first_block + static_cast<uint32_t>(begin / 4), draws);
    const int64_t count = n - begin < kBatch ? n - begin : kBatch;
    for (int64_t i = 0; i < count; ++i) {
      const float draw = static_cast<float>(static_cast<int32_t>(draws[i] >> 8)) * 0x1p-24F;
      y[begin + i] = draw >= rate ? x[begin + i] * scale : 0.0F;
    }
  }
}

// A run of pixels whose values are a whole number of vectors, with mean and inv_std repeated to its length.
void normalize(const uint8_t* __restrict x, float* __restrict y, int64_t pixels, int64_t channels, const float* mean,
               const float* inv_std) {
  constexpr int64_t kPattern = 192;
  const int64_t run = channels <= kPattern ? kPattern / channels : 0;  // pixels of one pattern
  float means[kPattern], factors[kPattern];
  for (int64_t i = 0; i < run * channels; ++i) {
    means[i] = mean[i % channels];
    factors[i] = inv_std[i % channels];
  }
  int64_t p = 0;
  for (; run > 0 && p + run <= pixels; p += run) {
    for (int64_t i = 0; i < run * channels; ++i)
      y[p * channels + i] = (static_cast<float>(x[p * channels + i]) - means[i]) * factors[i];
  }
  for (; p < pixels; ++p) {
    for (int64_t c = 0; c < channels; ++c)
      y[p * channels + c] = (static_cast<float>(x[p * channels + c]) - mean[c]) * inv_std[c];
  }
}

}  // namespace

void fill_random(kernels::KernelTable& table);
void fill_random(kernels::KernelTable& table) {
  table.dropout = dropout;
  table.normalize = normalize;
}

}  // namespace fovea::FOVEA_ISA
