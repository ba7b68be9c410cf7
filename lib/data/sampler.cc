#include "data/sampler.h"

#include <algorithm>
#include <array>
#include <cstdint>
#include <numeric>
#include <string>

#include "base/error.h"
#include "base/rng.h"
#include "base/text.h"

namespace fovea::data {
namespace {

constexpr int64_t kShards = 16;
constexpr std::array<std::string_view, 3> kNames = {"none", "shard", "full"};

// Fisher-Yates over order[begin, end).
void shuffle(std::vector<int64_t>& order, int64_t begin, int64_t end, Rng& rng) {
  for (int64_t i = end - 1; i > begin; --i) {
    const int64_t j = begin + static_cast<int64_t>(rng.below(static_cast<uint32_t>(i - begin + 1)));
    std::swap(order[static_cast<size_t>(i)], order[static_cast<size_t>(j)]);
  }
}

std::vector<int64_t> shard_order(int64_t count, uint64_t seed, uint64_t epoch) {
  // Item 0 of the stream orders the shards, item s + 1 shuffles within shard s.
  std::vector<int64_t> shards(kShards);
  std::iota(shards.begin(), shards.end(), 0);
  Rng rng(seed, RngPurpose::kShuffle, epoch, 0);
  shuffle(shards, 0, kShards, rng);
  std::vector<int64_t> order;
  order.reserve(static_cast<size_t>(count));
  for (const int64_t shard : shards) {
    const auto begin = static_cast<int64_t>(order.size());
    for (int64_t i = count * shard / kShards; i < count * (shard + 1) / kShards; ++i) order.push_back(i);
    Rng within(seed, RngPurpose::kShuffle, epoch, static_cast<uint64_t>(shard) + 1);
    shuffle(order, begin, static_cast<int64_t>(order.size()), within);
  }
  return order;
}

}  // namespace

ShuffleMode parse_shuffle_mode(std::string_view name) {
  for (size_t i = 0; i < kNames.size(); ++i) {
    if (name == kNames[i]) return static_cast<ShuffleMode>(i);
  }
  const std::string near = nearest(name, {kNames.begin(), kNames.end()});
  throw Error(ErrorKind::kUsage, fmt::format("shuffle: expected none, shard or full, found '{}'", printable(name)),
              near.empty() ? "" : "did you mean '" + near + "'?");
}

std::vector<int64_t> epoch_order(int64_t count, ShuffleMode mode, uint64_t seed, uint64_t epoch) {
  if (mode == ShuffleMode::kFull) return permutation(count, seed, RngPurpose::kShuffle, epoch);
  if (mode == ShuffleMode::kShard) return shard_order(count, seed, epoch);
  std::vector<int64_t> order(static_cast<size_t>(count));
  std::iota(order.begin(), order.end(), 0);
  return order;
}

Sampler::Sampler(const SamplerConfig& config) : config_(config) {
  if (config.count < 1) fail(ErrorKind::kUsage, "no items to train on");
  if (config.count > INT32_MAX) fail(ErrorKind::kUsage, "more than {} items", INT32_MAX);
  if (config.batch < 1) fail(ErrorKind::kUsage, "batch: expected >= 1, found {}", config.batch);
  if (config.drop_last && config.count < config.batch) {
    fail(ErrorKind::kUsage, "batch: expected <= {} (the number of items), found {}", config.count, config.batch);
  }
}

int64_t Sampler::batches_per_epoch() const {
  return config_.drop_last ? config_.count / config_.batch : (config_.count + config_.batch - 1) / config_.batch;
}

void Sampler::seek(uint64_t epoch, int64_t position) {
  if (position < 0 || position > batches_per_epoch()) {
    fail_data("sampler position", fmt::format("0..{}", batches_per_epoch()), std::to_string(position));
  }
  const bool over = position == batches_per_epoch();
  if (epoch + (over ? 1 : 0) != epoch_) have_order_ = false;
  epoch_ = epoch + (over ? 1 : 0);
  position_ = over ? 0 : position;
}

std::vector<int64_t> Sampler::next() {
  if (!have_order_) {
    order_ = epoch_order(config_.count, config_.mode, config_.seed, epoch_);
    have_order_ = true;
  }
  const auto begin = order_.begin() + position_ * config_.batch;
  std::vector<int64_t> batch(begin, begin + std::min(config_.batch, order_.end() - begin));
  if (++position_ == batches_per_epoch()) {
    position_ = 0;
    ++epoch_;
    have_order_ = false;
  }
  return batch;
}

std::vector<int64_t> Sampler::batch_at(int64_t step) {
  const int64_t position = step % batches_per_epoch();
  if (epoch_ != epoch_of(step) || position_ != position) seek(epoch_of(step), position);
  return next();
}

}  // namespace fovea::data
