// What a decoder trains and is measured on: captions as numbers beside the annotation vectors of their images.
#pragma once

#include <cstdint>
#include <future>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include "data/caption_set.h"
#include "io/grid_features_file.h"
#include "systems/caption/decoder.h"
#include "systems/caption/model_file.h"

namespace fovea::caption {

// Annotation vectors read when needed and kept within a bound: the newest used stay. Thread-safe.
class FeatureStore {
 public:
  FeatureStore(const io::GridFeaturesReader& reader, int64_t cache_bytes);
  ~FeatureStore();

  // [I,L,D] of these items of the file.
  Tensor fetch(const std::vector<int64_t>& items);
  // Reads items on a thread of its own, into the cache; the next fetch() waits for it.
  void prefetch(std::vector<int64_t> items);
  int64_t cached_bytes() const;

 private:
  void read_one(int64_t item, float* out);

  using Entry = std::pair<int64_t, std::shared_ptr<const std::vector<float>>>;
  const io::GridFeaturesReader& reader_;
  int64_t capacity_;  // items
  mutable std::mutex mutex_;
  std::list<Entry> newest_;  // first: used last
  std::unordered_map<int64_t, std::list<Entry>::iterator> index_;
  std::future<void> pending_;
};

struct CaptionSample {
  int64_t item = 0;     // of the features
  int64_t image = 0;    // of the caption set
  int64_t caption = 0;  // of the caption set: what draws are keyed by
  std::vector<int32_t> words;
};

struct SampleCounts {
  int64_t too_long = 0, empty = 0, without_features = 0;
};

// The captions of a split. Captions of more than `max_length` words are left out and counted, as are empty ones.
// Throws Error(kData) if an image has no features, unless `allow_missing`.
std::vector<CaptionSample> collect_samples(const data::CaptionSet& set, const std::string& split,
                                           const ModelContext& context, const io::GridFeaturesReader& features,
                                           int64_t max_length, bool allow_missing, SampleCounts& counts);

// The tokenised captions of a split, for the vocabulary.
std::vector<std::vector<std::string>> split_tokens(const data::CaptionSet& set, const std::string& split,
                                                   data::TokenizerKind tokenizer, bool keep_punctuation);

// Batches of an epoch, as indices of samples by falling length: a pure function of (seed, epoch).
// Grouped: a batch has captions of one length; lengths come in turn, in an order drawn for the epoch (arctic-captions).
class BatchPlan {
 public:
  BatchPlan(const std::vector<CaptionSample>& samples, int64_t batch, bool grouped, uint64_t seed);
  int64_t batches() const { return batches_; }  // of every epoch
  std::vector<std::vector<int64_t>> epoch(uint64_t epoch) const;

 private:
  const std::vector<CaptionSample>& samples_;
  int64_t batch_;
  bool grouped_;
  uint64_t seed_;
  int64_t batches_ = 0;
};

// The distinct items of some samples in order of first use, and the place of each sample's item among them.
struct BatchItems {
  std::vector<int64_t> items, image;
};
BatchItems batch_items(const std::vector<CaptionSample>& samples, const std::vector<int64_t>& batch);

}  // namespace fovea::caption
