#include "eval/cider.h"

#include <cmath>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr double kSigma = 6;

struct Weighted {
  std::array<std::vector<std::pair<Ngram, double>>, kMaxNgram> weights;  // sorted by n-gram
  std::array<double, kMaxNgram> norm{};
  double length = 0;  // bigrams
};

Weighted weigh(const WordIds& words, const DocumentFrequency& frequency) {
  Weighted result;
  for (int n = 1; n <= kMaxNgram; ++n) {
    const auto at = static_cast<size_t>(n) - 1;
    double squares = 0;
    for (const auto& [ngram, count] : count_ngrams(words, n)) {
      const double weight = count * frequency.inverse(ngram);
      result.weights[at].emplace_back(ngram, weight);
      squares += weight * weight;
      if (n == 2) result.length += count;
    }
    result.norm[at] = std::sqrt(squares);
  }
  return result;
}

// Sums over the n-grams that both have: plain and clipped products.
std::pair<double, double> products(const Weighted& a, const Weighted& b, size_t at) {
  double plain = 0, clipped = 0;
  auto i = a.weights[at].begin();
  auto j = b.weights[at].begin();
  while (i != a.weights[at].end() && j != b.weights[at].end()) {
    if (i->first < j->first) {
      ++i;
    } else if (j->first < i->first) {
      ++j;
    } else {
      plain += i->second * j->second;
      clipped += std::min(i->second, j->second) * j->second;
      ++i;
      ++j;
    }
  }
  return {plain, clipped};
}

}  // namespace

size_t DocumentFrequency::find(const Ngram& ngram) const {
  const size_t mask = slots_.size() - 1;
  size_t at = ngram.hash() & mask;
  while (slots_[at].count != 0 && slots_[at].ngram != ngram) at = (at + 1) & mask;
  return at;
}

void DocumentFrequency::grow() {
  std::vector<Slot> old(slots_.size() * 2);
  std::swap(old, slots_);
  for (const Slot& slot : old) {
    if (slot.count != 0) slots_[find(slot.ngram)] = slot;
  }
}

void DocumentFrequency::add(const std::vector<WordIds>& references) {
  std::vector<Ngram> seen;
  for (const WordIds& reference : references) {
    for (int n = 1; n <= kMaxNgram; ++n) {
      for (size_t i = 0; i + static_cast<size_t>(n) <= reference.size(); ++i)
        seen.push_back(make_ngram(&reference[i], n));
    }
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (const Ngram& ngram : seen) {
    if (2 * used_ >= slots_.size()) grow();
    Slot& slot = slots_[find(ngram)];
    if (slot.count == 0) ++used_;
    slot.ngram = ngram;
    ++slot.count;
  }
  ++images_;
}

double DocumentFrequency::inverse(const Ngram& ngram) const {
  const int32_t count = std::max(1, slots_[find(ngram)].count);
  return std::log(static_cast<double>(images_)) - std::log(static_cast<double>(count));
}

CiderScore cider_score(const CaptionCase& item, const DocumentFrequency& frequency) {
  FOVEA_CHECK(!item.references.empty(), "no reference");
  const Weighted own = weigh(item.hypothesis, frequency);
  CiderScore sum;
  for (const WordIds& reference : item.references) {
    const Weighted theirs = weigh(reference, frequency);
    const double difference = own.length - theirs.length;
    const double penalty = std::exp(-difference * difference / (2 * kSigma * kSigma));
    for (size_t at = 0; at < kMaxNgram; ++at) {
      const auto [plain, clipped] = products(own, theirs, at);
      const double scale = own.norm[at] != 0 && theirs.norm[at] != 0 ? 1 / (own.norm[at] * theirs.norm[at]) : 1;
      sum.cider += plain * scale;
      sum.cider_d += clipped * scale * penalty;
    }
  }
  const double factor = 10.0 / (kMaxNgram * static_cast<double>(item.references.size()));
  return {sum.cider * factor, sum.cider_d * factor};
}

}  // namespace fovea::eval
