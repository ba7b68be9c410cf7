// BLEU: how many of a caption's n-grams are in its references.
//   Papineni et al., "BLEU: a method for automatic evaluation of machine translation", ACL 2002; the constants and the
//   choice of the reference length are those of the COCO caption evaluator (Chen et al. 2015).
#pragma once

#include <array>
#include <cstdint>

#include "eval/caption_corpus.h"
#include "eval/ngram.h"

namespace fovea::eval {

// Sums over images are the statistics of the corpus.
struct BleuStatistics {
  std::array<double, kMaxNgram> matches{}, guesses{};
  double hypothesis_length = 0, reference_length = 0;  // words; of the reference of the closest length, ties: shorter
};

// matches_k = sum over distinct k-grams of min(count in the hypothesis, greatest count in a reference).
BleuStatistics bleu_statistics(const CaptionCase& item);

struct BleuScore {
  std::array<double, kMaxNgram> without_penalty{}, with_penalty{};  // BLEU-1..4; the paper reports the former
  double penalty = 1, ratio = 0;                                    // hypothesis length / reference length
};

// P_k = (matches + 1e-15) / (guesses + 1e-9); BLEU-n = (P_1 ... P_n)^(1/n), times exp(1 - 1/ratio) where the ratio is
// below 1.
BleuScore bleu_score(const BleuStatistics& sum);

}  // namespace fovea::eval
