#include "eval/bleu.h"

#include <cmath>
#include <cstdlib>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr double kTiny = 1e-15, kSmall = 1e-9;

int32_t count_of(const NgramCounts& counts, const Ngram& ngram) {
  const auto found = std::lower_bound(counts.begin(), counts.end(), ngram,
                                      [](const auto& entry, const Ngram& wanted) { return entry.first < wanted; });
  return found != counts.end() && found->first == ngram ? found->second : 0;
}

}  // namespace

BleuStatistics bleu_statistics(const CaptionCase& item) {
  FOVEA_CHECK(!item.references.empty(), "no reference");
  BleuStatistics result;
  const auto length = static_cast<int64_t>(item.hypothesis.size());
  result.hypothesis_length = static_cast<double>(length);
  int64_t closest = static_cast<int64_t>(item.references[0].size());
  for (const WordIds& reference : item.references) {
    const auto own = static_cast<int64_t>(reference.size());
    const int64_t distance = std::abs(own - length), best = std::abs(closest - length);
    if (distance < best || (distance == best && own < closest)) closest = own;
  }
  result.reference_length = static_cast<double>(closest);
  for (int n = 1; n <= kMaxNgram; ++n) {
    const auto at = static_cast<size_t>(n) - 1;
    result.guesses[at] = static_cast<double>(std::max<int64_t>(0, length - n + 1));
    const NgramCounts own = count_ngrams(item.hypothesis, n);
    std::vector<int32_t> most(own.size(), 0);
    for (const WordIds& reference : item.references) {
      const NgramCounts theirs = count_ngrams(reference, n);
      for (size_t i = 0; i < own.size(); ++i) most[i] = std::max(most[i], count_of(theirs, own[i].first));
    }
    for (size_t i = 0; i < own.size(); ++i) result.matches[at] += std::min(own[i].second, most[i]);
  }
  return result;
}

BleuScore bleu_score(const BleuStatistics& sum) {
  BleuScore score;
  score.ratio = (sum.hypothesis_length + kTiny) / (sum.reference_length + kSmall);
  score.penalty = score.ratio < 1 ? std::exp(1 - 1 / score.ratio) : 1;
  double product = 1;
  for (size_t k = 0; k < kMaxNgram; ++k) {
    product *= (sum.matches[k] + kTiny) / (sum.guesses[k] + kSmall);
    score.without_penalty[k] = std::pow(product, 1.0 / static_cast<double>(k + 1));
    score.with_penalty[k] = score.without_penalty[k] * score.penalty;
  }
  return score;
}

}  // namespace fovea::eval
