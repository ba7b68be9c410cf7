#include "base/rng.h"

#include <cmath>
#include <numbers>
#include <numeric>
#include <utility>

#include "base/error.h"

namespace fovea {

std::array<uint32_t, 4> philox4x32(std::array<uint32_t, 4> counter, std::array<uint32_t, 2> key) {
  constexpr uint64_t kMultiplier0 = 0xD2511F53, kMultiplier1 = 0xCD9E8D57;
  constexpr uint32_t kWeyl0 = 0x9E3779B9, kWeyl1 = 0xBB67AE85;
  for (int round = 0; round < 10; ++round) {
    const uint64_t product0 = kMultiplier0 * counter[0], product1 = kMultiplier1 * counter[2];
    counter = {static_cast<uint32_t>(product1 >> 32) ^ counter[1] ^ key[0], static_cast<uint32_t>(product1),
               static_cast<uint32_t>(product0 >> 32) ^ counter[3] ^ key[1], static_cast<uint32_t>(product0)};
    key[0] += kWeyl0;
    key[1] += kWeyl1;
  }
  return counter;
}

namespace {

std::array<uint32_t, 2> halves(uint64_t word) {
  return {static_cast<uint32_t>(word), static_cast<uint32_t>(word >> 32)};
}

}  // namespace

// Key = seed. The item and epoch fill the upper counter words through one extra Philox call, so that all of
// (purpose, epoch, item) in full width select the stream while 2^32 blocks remain for drawing.
Rng::Rng(uint64_t seed, RngPurpose purpose, uint64_t epoch, uint64_t item) : key_(halves(seed)) {
  const auto [item_low, item_high] = halves(item);
  const auto [epoch_low, epoch_high] = halves(epoch);
  const auto mixed =
      philox4x32({item_low, item_high, epoch_low, epoch_high ^ (static_cast<uint32_t>(purpose) << 16)}, key_);
  counter_ = {0, mixed[0], mixed[1], mixed[2]};
}

uint32_t Rng::bits() {
  if (used_ == 4) {
    block_ = philox4x32(counter_, key_);
    FOVEA_CHECK(++counter_[0] != 0, "random stream exhausted");
    used_ = 0;
  }
  return block_[static_cast<size_t>(used_++)];
}

float Rng::uniform() { return static_cast<float>(bits() >> 8) * 0x1p-24F; }

double Rng::uniform_double() {
  const uint64_t high = bits() >> 5, low = bits() >> 6;
  return static_cast<double>((high << 26) | low) * 0x1p-53;
}

// Lemire's multiply-and-reject: unbiased for every bound.
uint32_t Rng::below(uint32_t bound) {
  FOVEA_CHECK(bound > 0, "Rng::below: empty range");
  const uint32_t threshold = (0U - bound) % bound;
  for (;;) {
    const uint64_t product = static_cast<uint64_t>(bits()) * bound;
    if (static_cast<uint32_t>(product) >= threshold) return static_cast<uint32_t>(product >> 32);
  }
}

double Rng::normal() {
  if (std::exchange(has_spare_, false)) return spare_;
  const double radius = std::sqrt(-2.0 * std::log1p(-uniform_double()));
  const double angle = 2.0 * std::numbers::pi * uniform_double();
  spare_ = radius * std::sin(angle);
  has_spare_ = true;
  return radius * std::cos(angle);
}

std::vector<int64_t> permutation(int64_t count, uint64_t seed, RngPurpose purpose, uint64_t epoch) {
  FOVEA_CHECK(count >= 0 && count <= INT32_MAX, "permutation of {} items", count);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), int64_t{0});
  Rng rng(seed, purpose, epoch);
  for (size_t i = order.size(); i > 1; --i) std::swap(order[i - 1], order[rng.below(static_cast<uint32_t>(i))]);
  return order;
}

}  // namespace fovea
