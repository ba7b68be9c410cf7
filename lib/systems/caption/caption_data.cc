#include "systems/caption/caption_data.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "base/error.h"
#include "base/rng.h"
#include "base/signals.h"
#include "base/text.h"

namespace fovea::caption {

FeatureStore::FeatureStore(const io::GridFeaturesReader& reader, int64_t cache_bytes)
    : reader_(reader),
      capacity_(std::max<int64_t>(1, cache_bytes / (reader.layout().values() * static_cast<int64_t>(sizeof(float))))) {}

FeatureStore::~FeatureStore() {
  if (pending_.valid()) pending_.wait();
}

void FeatureStore::read_one(int64_t item, float* out) {
  std::shared_ptr<const std::vector<float>> values;
  {
    const std::lock_guard lock(mutex_);
    if (const auto found = index_.find(item); found != index_.end()) {
      newest_.splice(newest_.begin(), newest_, found->second);
      values = found->second->second;
    }
  }
  if (values == nullptr) {
    auto fresh = std::make_shared<std::vector<float>>(static_cast<size_t>(reader_.layout().values()));
    reader_.read(item, *fresh);
    values = std::move(fresh);
    const std::lock_guard lock(mutex_);
    if (index_.find(item) == index_.end()) {
      newest_.emplace_front(item, values);
      index_[item] = newest_.begin();
      while (static_cast<int64_t>(newest_.size()) > capacity_) {
        index_.erase(newest_.back().first);
        newest_.pop_back();
      }
    }
  }
  if (out != nullptr) std::copy(values->begin(), values->end(), out);
}

Tensor FeatureStore::fetch(const std::vector<int64_t>& items) {
  if (pending_.valid()) pending_.get();
  const io::GridLayout& layout = reader_.layout();
  Tensor out = Tensor::empty({static_cast<int64_t>(items.size()), layout.places(), layout.dimension});
  float* values = out.data<float>();
  for (size_t i = 0; i < items.size(); ++i) read_one(items[i], values + static_cast<int64_t>(i) * layout.values());
  return out;
}

void FeatureStore::prefetch(std::vector<int64_t> items) {
  if (pending_.valid()) pending_.get();
  if (static_cast<int64_t>(items.size()) > capacity_) return;  // they would push each other out
  const signals::BlockedScope blocked;                         // for the thread that is started here
  pending_ = std::async(std::launch::async, [this, items = std::move(items)] {
    for (const int64_t item : items) read_one(item, nullptr);
  });
}

int64_t FeatureStore::cached_bytes() const {
  const std::lock_guard lock(mutex_);
  return static_cast<int64_t>(newest_.size()) * reader_.layout().values() * static_cast<int64_t>(sizeof(float));
}

std::vector<CaptionSample> collect_samples(const data::CaptionSet& set, const std::string& split,
                                           const ModelContext& context, const io::GridFeaturesReader& features,
                                           int64_t max_length, bool allow_missing, SampleCounts& counts) {
  std::vector<CaptionSample> out;
  for (const int64_t image : set.images_of(split)) {
    const int64_t item = features.find(set.ids[static_cast<size_t>(image)]);
    if (item < 0) {
      ++counts.without_features;
      if (allow_missing) continue;
      fail_data(features.path() + ": item_id",
                fmt::format("'{}' of {}", printable(set.ids[static_cast<size_t>(image)]), set.path), "no such item",
                "make features of the whole split, or give --allow-missing");
    }
    for (int64_t k = set.offsets[static_cast<size_t>(image)]; k < set.offsets[static_cast<size_t>(image) + 1]; ++k) {
      const auto tokens =
          data::tokenize(set.captions[static_cast<size_t>(k)], context.tokenizer, context.keep_punctuation);
      if (tokens.empty()) {
        ++counts.empty;
      } else if (static_cast<int64_t>(tokens.size()) > max_length) {
        ++counts.too_long;
      } else {
        out.push_back({item, image, k, context.vocabulary.encode(tokens)});
      }
    }
  }
  return out;
}

std::vector<std::vector<std::string>> split_tokens(const data::CaptionSet& set, const std::string& split,
                                                   data::TokenizerKind tokenizer, bool keep_punctuation) {
  std::vector<std::vector<std::string>> out;
  for (const int64_t image : set.images_of(split)) {
    for (const std::string& caption : set.captions_of(image))
      out.push_back(data::tokenize(caption, tokenizer, keep_punctuation));
  }
  return out;
}

BatchPlan::BatchPlan(const std::vector<CaptionSample>& samples, int64_t batch, bool grouped, uint64_t seed)
    : samples_(samples), batch_(batch), grouped_(grouped), seed_(seed) {
  if (!grouped) {
    batches_ = (static_cast<int64_t>(samples.size()) + batch - 1) / batch;
    return;
  }
  std::map<size_t, int64_t> lengths;
  for (const CaptionSample& sample : samples) ++lengths[sample.words.size()];
  for (const auto& [length, count] : lengths) batches_ += (count + batch - 1) / batch;
}

std::vector<std::vector<int64_t>> BatchPlan::epoch(uint64_t epoch) const {
  const auto order = permutation(static_cast<int64_t>(samples_.size()), seed_, RngPurpose::kShuffle, epoch);
  const auto length = [&](int64_t i) { return samples_[static_cast<size_t>(i)].words.size(); };
  std::vector<std::vector<int64_t>> out;
  if (!grouped_) {
    for (size_t begin = 0; begin < order.size(); begin += static_cast<size_t>(batch_)) {
      const size_t end = std::min(order.size(), begin + static_cast<size_t>(batch_));
      out.emplace_back(order.begin() + static_cast<std::ptrdiff_t>(begin),
                       order.begin() + static_cast<std::ptrdiff_t>(end));
      std::stable_sort(out.back().begin(), out.back().end(),
                       [&](int64_t a, int64_t b) { return length(a) > length(b); });
    }
    return out;
  }
  std::map<size_t, std::vector<int64_t>> by_length;
  for (const int64_t i : order) by_length[length(i)].push_back(i);
  std::vector<const std::vector<int64_t>*> groups;
  for (const auto& [size, group] : by_length) groups.push_back(&group);
  const auto turn = permutation(static_cast<int64_t>(groups.size()), seed_, RngPurpose::kShuffle, ~epoch);
  for (size_t round = 0; static_cast<int64_t>(out.size()) < batches_; ++round) {
    for (const int64_t g : turn) {
      const auto& group = *groups[static_cast<size_t>(g)];
      const size_t begin = round * static_cast<size_t>(batch_),
                   end = std::min(group.size(), begin + static_cast<size_t>(batch_));
      if (begin < end)
        out.emplace_back(group.begin() + static_cast<std::ptrdiff_t>(begin),
                         group.begin() + static_cast<std::ptrdiff_t>(end));
    }
  }
  return out;
}

BatchItems batch_items(const std::vector<CaptionSample>& samples, const std::vector<int64_t>& batch) {
  BatchItems out;
  std::unordered_map<int64_t, int64_t> seen;
  for (const int64_t i : batch) {
    const int64_t item = samples[static_cast<size_t>(i)].item;
    const auto [at, fresh] = seen.emplace(item, static_cast<int64_t>(out.items.size()));
    if (fresh) out.items.push_back(item);
    out.image.push_back(at->second);
  }
  return out;
}

}  // namespace fovea::caption
