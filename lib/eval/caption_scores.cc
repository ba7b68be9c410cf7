#include "eval/caption_scores.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "eval/rouge.h"

namespace fovea::eval {
namespace {

constexpr int64_t kGrain = 64;

CaptionStatistics sum_of_draw(const std::vector<CaptionStatistics>& images, uint64_t seed, int64_t draw) {
  Rng rng(seed, RngPurpose::kBootstrap, 0, static_cast<uint64_t>(draw));
  CaptionStatistics sum;
  sum.images = 0;
  for (size_t i = 0; i < images.size(); ++i) sum.add(images[rng.below(static_cast<uint32_t>(images.size()))]);
  return sum;
}

// Between the order statistics, as numpy's default.
double quantile(const std::vector<double>& sorted, double share) {
  const double at = share * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<size_t>(std::floor(at)), high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - std::floor(at)) * (sorted[high] - sorted[low]);
}

ScoreInterval interval_of(std::vector<double>& values) {
  std::sort(values.begin(), values.end());
  return {quantile(values, 0.025), quantile(values, 0.975)};
}

// values[score][draw]
std::vector<std::vector<double>> by_score(const std::vector<std::vector<double>>& draws) {
  std::vector<std::vector<double>> values(caption_score_names().size());
  for (const auto& draw : draws) {
    for (size_t k = 0; k < values.size(); ++k) values[k].push_back(draw[k]);
  }
  return values;
}

}  // namespace

void CaptionStatistics::add(const CaptionStatistics& other) {
  for (size_t k = 0; k < kMaxNgram; ++k) {
    bleu.matches[k] += other.bleu.matches[k];
    bleu.guesses[k] += other.bleu.guesses[k];
  }
  bleu.hypothesis_length += other.bleu.hypothesis_length;
  bleu.reference_length += other.bleu.reference_length;
  meteor.hypothesis_weight += other.meteor.hypothesis_weight;
  meteor.reference_weight += other.meteor.reference_weight;
  meteor.hypothesis_match += other.meteor.hypothesis_match;
  meteor.reference_match += other.meteor.reference_match;
  meteor.chunks += other.meteor.chunks;
  meteor.matches += other.meteor.matches;
  meteor.hypothesis_words += other.meteor.hypothesis_words;
  meteor.reference_words += other.meteor.reference_words;
  rouge_l += other.rouge_l;
  cider_d += other.cider_d;
  cider += other.cider;
  exact += other.exact;
  images += other.images;
}

const std::vector<std::string>& caption_score_names() {
  static const std::vector<std::string> names{"bleu_1",
                                              "bleu_2",
                                              "bleu_3",
                                              "bleu_4",
                                              "bleu_1_no_penalty",
                                              "bleu_2_no_penalty",
                                              "bleu_3_no_penalty",
                                              "bleu_4_no_penalty",
                                              "length_ratio",
                                              "meteor_x",
                                              "rouge_l",
                                              "cider_d",
                                              "cider",
                                              "exact_match"};
  return names;
}

std::vector<double> caption_scores(const CaptionStatistics& sum) {
  const BleuScore bleu = bleu_score(sum.bleu);
  std::vector<double> scores(bleu.with_penalty.begin(), bleu.with_penalty.end());
  scores.insert(scores.end(), bleu.without_penalty.begin(), bleu.without_penalty.end());
  const double images = std::max(1.0, sum.images);
  scores.insert(scores.end(), {bleu.ratio, meteor_score(sum.meteor), sum.rouge_l / images, sum.cider_d / images,
                               sum.cider / images, sum.exact / images});
  return scores;
}

std::vector<CaptionStatistics> caption_statistics(const CaptionCorpus& corpus, const DocumentFrequency& frequency,
                                                  const MeteorLexicon& lexicon) {
  std::vector<CaptionStatistics> result(corpus.size());
  parallel_blocks(static_cast<int64_t>(corpus.size()), kGrain, [&](int64_t begin, int64_t end) {
    for (auto i = static_cast<size_t>(begin); i < static_cast<size_t>(end); ++i) {
      const CaptionCase& item = corpus[i];
      CaptionStatistics& own = result[i];
      own.bleu = bleu_statistics(item);
      own.meteor = best_meteor_statistics(item, lexicon);
      own.rouge_l = rouge_l(item);
      const CiderScore cider = cider_score(item, frequency);
      own.cider_d = cider.cider_d;
      own.cider = cider.cider;
      const auto& all = item.references;
      own.exact = std::find(all.begin(), all.end(), item.hypothesis) != all.end() ? 1 : 0;
    }
  });
  return result;
}

CaptionStatistics sum_of(const std::vector<CaptionStatistics>& images) {
  CaptionStatistics sum;
  sum.images = 0;
  for (const CaptionStatistics& image : images) sum.add(image);
  return sum;
}

std::vector<ScoreInterval> bootstrap_intervals(const std::vector<CaptionStatistics>& images, int64_t resamples,
                                               uint64_t seed) {
  FOVEA_CHECK(!images.empty() && resamples > 0, "{} images, {} resamples", images.size(), resamples);
  std::vector<std::vector<double>> draws(static_cast<size_t>(resamples));
  parallel_tasks(resamples, [&](int64_t draw) {
    draws[static_cast<size_t>(draw)] = caption_scores(sum_of_draw(images, seed, draw));
  });
  std::vector<ScoreInterval> intervals;
  for (std::vector<double>& values : by_score(draws)) intervals.push_back(interval_of(values));
  return intervals;
}

std::vector<ScoreDifference> paired_bootstrap(const std::vector<CaptionStatistics>& first,
                                              const std::vector<CaptionStatistics>& second, int64_t resamples,
                                              uint64_t seed) {
  FOVEA_CHECK(first.size() == second.size() && !first.empty() && resamples > 0, "{} and {} images", first.size(),
              second.size());
  std::vector<std::vector<double>> draws(static_cast<size_t>(resamples));
  parallel_tasks(resamples, [&](int64_t draw) {
    std::vector<double>& own = draws[static_cast<size_t>(draw)];
    own = caption_scores(sum_of_draw(first, seed, draw));
    const std::vector<double> other = caption_scores(sum_of_draw(second, seed, draw));
    for (size_t k = 0; k < own.size(); ++k) own[k] -= other[k];
  });
  const std::vector<double> a = caption_scores(sum_of(first)), b = caption_scores(sum_of(second));
  std::vector<ScoreDifference> result;
  for (std::vector<double>& values : by_score(draws)) {
    const auto count = [&](auto&& is) {
      return static_cast<double>(std::count_if(values.begin(), values.end(), is)) / static_cast<double>(resamples);
    };
    const double below = count([](double v) { return v <= 0; }), above = count([](double v) { return v >= 0; });
    const size_t k = result.size();
    result.push_back({a[k] - b[k], interval_of(values), std::min(1.0, 2 * std::min(below, above))});
  }
  return result;
}

}  // namespace fovea::eval
