// All measures of a set of generated captions, their confidence, and comparisons of two systems.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "eval/bleu.h"
#include "eval/caption_corpus.h"
#include "eval/cider.h"
#include "eval/meteor.h"

namespace fovea::eval {

// Of one image; sums over images are the statistics of a set.
struct CaptionStatistics {
  BleuStatistics bleu;
  MeteorStatistics meteor;
  double rouge_l = 0, cider_d = 0, cider = 0;
  double exact = 0;  // 1: the caption is one of the references, word by word
  double images = 1;
  void add(const CaptionStatistics& other);
};

// bleu_1..bleu_4 (with the brevity penalty), bleu_1_no_penalty..bleu_4_no_penalty, length_ratio, meteor_x, rouge_l,
// cider_d, cider, exact_match.
const std::vector<std::string>& caption_score_names();
// In the order of the names.
std::vector<double> caption_scores(const CaptionStatistics& sum);

// Of every image. Parallel; the result does not depend on the threads.
std::vector<CaptionStatistics> caption_statistics(const CaptionCorpus& corpus, const DocumentFrequency& frequency,
                                                  const MeteorLexicon& lexicon);
CaptionStatistics sum_of(const std::vector<CaptionStatistics>& images);

struct ScoreInterval {
  double low = 0, high = 0;
};
// 95 % percentile intervals of every score over `resamples` sets of as many images drawn with replacement.
//   Efron & Tibshirani, "An introduction to the bootstrap", 1993; Koehn, EMNLP 2004 for scores of a corpus
std::vector<ScoreInterval> bootstrap_intervals(const std::vector<CaptionStatistics>& images, int64_t resamples,
                                               uint64_t seed);

struct ScoreDifference {
  double difference = 0;  // first minus second
  ScoreInterval interval;
  double p = 1;  // two-sided: twice the smaller share of resamples on either side of 0, at most 1
};
// The same draws of images for both. REQUIRES equal counts.
std::vector<ScoreDifference> paired_bootstrap(const std::vector<CaptionStatistics>& first,
                                              const std::vector<CaptionStatistics>& second, int64_t resamples,
                                              uint64_t seed);

}  // namespace fovea::eval
