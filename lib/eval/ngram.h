// Runs of one to four words, counted: the common ground of BLEU and CIDEr.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "eval/caption_corpus.h"

namespace fovea::eval {

inline constexpr int kMaxNgram = 4;

// Four words in 128 bits; those beyond its length are all ones.
struct Ngram {
  uint64_t head = ~uint64_t{0}, tail = ~uint64_t{0};
  bool operator==(const Ngram&) const = default;
  auto operator<=>(const Ngram&) const = default;  // NOLINT(modernize-use-nullptr): the rewritten comparison with 0
  size_t hash() const {
    uint64_t mixed = (head ^ 0x9e3779b97f4a7c15ULL) * 0xff51afd7ed558ccdULL;
    mixed = (mixed ^ mixed >> 32 ^ tail) * 0xc4ceb9fe1a85ec53ULL;
    return static_cast<size_t>(mixed ^ mixed >> 29);
  }
};

// The n words from `first` on.
inline Ngram make_ngram(const int32_t* first, int n) {
  std::array<uint32_t, kMaxNgram> words{~0U, ~0U, ~0U, ~0U};
  for (int i = 0; i < n; ++i) words[static_cast<size_t>(i)] = static_cast<uint32_t>(first[i]);
  return {uint64_t{words[0]} << 32 | words[1], uint64_t{words[2]} << 32 | words[3]};
}

using NgramCounts = std::vector<std::pair<Ngram, int32_t>>;  // sorted

// The n-grams of one length with how often each occurs.
inline NgramCounts count_ngrams(const WordIds& words, int n) {
  std::vector<Ngram> all;
  for (size_t i = 0; i + static_cast<size_t>(n) <= words.size(); ++i) all.push_back(make_ngram(&words[i], n));
  std::sort(all.begin(), all.end());
  NgramCounts counts;
  for (const Ngram& ngram : all) {
    if (counts.empty() || counts.back().first != ngram) counts.emplace_back(ngram, 0);
    ++counts.back().second;
  }
  return counts;
}

}  // namespace fovea::eval
