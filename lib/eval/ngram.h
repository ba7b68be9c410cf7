// Runs of one to four words, counted: the common ground of BLEU and CIDEr.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "eval/caption_corpus.h"

namespace fovea::eval {

inline constexpr int kMaxNgram = 4;

struct Ngram {
  std::array<int32_t, kMaxNgram> words{-1, -1, -1, -1};  // -1 beyond its length
  bool operator==(const Ngram&) const = default;
  auto operator<=>(const Ngram&) const = default;
};

struct NgramHash {
  size_t operator()(const Ngram& ngram) const {
    uint64_t hash = 0x9e3779b97f4a7c15ULL;
    for (const int32_t word : ngram.words) {
      hash = (hash ^ static_cast<uint32_t>(word)) * 0xff51afd7ed558ccdULL;
      hash ^= hash >> 32;
    }
    return static_cast<size_t>(hash);
  }
};

using NgramCounts = std::vector<std::pair<Ngram, int32_t>>;  // sorted

// The n-grams of one length with how often each occurs.
inline NgramCounts count_ngrams(const WordIds& words, int n) {
  std::vector<Ngram> all;
  for (size_t i = 0; i + static_cast<size_t>(n) <= words.size(); ++i) {
    Ngram ngram;
    std::copy_n(words.begin() + static_cast<std::ptrdiff_t>(i), n, ngram.words.begin());
    all.push_back(ngram);
  }
  std::sort(all.begin(), all.end());
  NgramCounts counts;
  for (const Ngram& ngram : all) {
    if (counts.empty() || counts.back().first != ngram) counts.emplace_back(ngram, 0);
    ++counts.back().second;
  }
  return counts;
}

}  // namespace fovea::eval
