// The order in which training sees its items: a pure function of (seed, epoch), resumable at any batch.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace fovea::data {

enum class ShuffleMode {
  kNone,   // file order
  kShard,  // 16 consecutive shards in random order, each shuffled within (spec bn section 8.3, item 6)
  kFull,   // one permutation of everything
};
// "none", "shard", "full"; throws Error(kUsage) with the nearest name.
ShuffleMode parse_shuffle_mode(std::string_view name);

// The items 0..count-1 in the order of one epoch.
std::vector<int64_t> epoch_order(int64_t count, ShuffleMode mode, uint64_t seed, uint64_t epoch);

struct SamplerConfig {
  int64_t count = 0;  // items; must be >= 1
  int64_t batch = 1;  // must be >= 1
  ShuffleMode mode = ShuffleMode::kFull;
  uint64_t seed = 1;
  bool drop_last = true;  // leave out a ragged last batch; then count >= batch is required
};

// Hands out batches. State on disk is (epoch, position): everything else is recomputed.
class Sampler {
 public:
  explicit Sampler(const SamplerConfig& config);  // throws Error(kUsage) on a bad count or batch
  int64_t batches_per_epoch() const;
  uint64_t epoch() const { return epoch_; }       // of the next batch
  int64_t position() const { return position_; }  // index of the next batch within its epoch
  // Continues at a stored state. Throws Error(kData) if position is outside 0..batches_per_epoch().
  void seek(uint64_t epoch, int64_t position);
  // Items of the next batch; moves on, into the next epoch after the last batch.
  std::vector<int64_t> next();
  // Those of batch `step` of all epochs, wherever it was before.
  uint64_t epoch_of(int64_t step) const { return static_cast<uint64_t>(step / batches_per_epoch()); }
  std::vector<int64_t> batch_at(int64_t step);

 private:
  SamplerConfig config_;
  uint64_t epoch_ = 0;
  int64_t position_ = 0;
  bool have_order_ = false;
  std::vector<int64_t> order_;
};

}  // namespace fovea::data
