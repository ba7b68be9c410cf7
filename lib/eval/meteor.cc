#include "eval/meteor.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <tuple>
#include <unordered_map>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr size_t kBeam = 40;

// [ours] Closed-class words of captions; METEOR's own list comes from corpus frequencies.
constexpr std::array<std::string_view, 59> kFunctionWords{
    "a",    "an",    "the",  "this",  "that",  "these", "those", "and",  "or",   "but",   "nor",  "if",
    "of",   "in",    "on",   "at",    "to",    "from",  "by",    "with", "for",  "as",    "into", "onto",
    "over", "under", "near", "is",    "are",   "was",   "were",  "be",   "been", "being", "am",   "has",
    "have", "had",   "do",   "does",  "did",   "it",    "its",   "he",   "she",  "his",   "her",  "him",
    "they", "their", "them", "there", "which", "who",   "while", "up",   "down", "out",   "off"};

double alignment_weight(MeteorModule module) { return module == MeteorModule::kExact ? 1.0 : 0.5; }

// Which words of the reference are taken. References of more than 64 words are rare enough for a slower kind.
struct ShortMask {
  uint64_t bits = 0;
  explicit ShortMask(size_t) {}
  bool has(int32_t j) const { return (bits >> j & 1U) != 0; }
  void set(int32_t j) { bits |= uint64_t{1} << j; }
  bool same_within(const ShortMask& other, const ShortMask& mask) const {
    return ((bits ^ other.bits) & mask.bits) == 0;
  }
};

struct LongMask {
  std::vector<uint64_t> bits;
  explicit LongMask(size_t size) : bits(size / 64 + 1, 0) {}
  bool has(int32_t j) const { return (bits[static_cast<size_t>(j) / 64] >> (j % 64) & 1U) != 0; }
  void set(int32_t j) { bits[static_cast<size_t>(j) / 64] |= uint64_t{1} << (j % 64); }
  bool same_within(const LongMask& other, const LongMask& mask) const {
    for (size_t k = 0; k < bits.size(); ++k) {
      if (((bits[k] ^ other.bits[k]) & mask.bits[k]) != 0) return false;
    }
    return true;
  }
};

struct Candidate {
  int32_t reference;
  MeteorModule module;
};

constexpr int32_t kNowhere = -2;

// A partial alignment of the hypothesis' first words.
template <typename Mask>
struct State {
  Mask used;
  double weight = 0;
  int64_t chunks = 0, distance = 0;
  int64_t order = 0;  // rank of the partial alignment in lexicographic order
  int32_t last = kNowhere, parent = -1;
};

// Where the word of a step went, and the state before.
struct Step {
  int32_t last, parent;
};

template <typename Mask>
class Aligner {
 public:
  Aligner(const WordIds& hypothesis, const WordIds& reference, const MeteorLexicon& lexicon)
      : candidates_(hypothesis.size()),
        later_(hypothesis.size() + 1, Mask(reference.size())),
        empty_(reference.size()) {
    for (size_t i = hypothesis.size(); i-- > 0;) {
      later_[i] = later_[i + 1];
      for (size_t j = 0; j < reference.size(); ++j) {
        MeteorModule module{};
        if (!lexicon.matches(hypothesis[i], reference[j], module)) continue;
        candidates_[i].push_back({static_cast<int32_t>(j), module});
        later_[i].set(static_cast<int32_t>(j));
      }
    }
  }

  std::vector<MeteorMatch> run() {
    std::vector<State<Mask>> states{State<Mask>{empty_}}, next;
    std::vector<std::vector<Step>> steps;
    for (size_t i = 0; i < candidates_.size(); ++i) {
      next.clear();
      for (size_t s = 0; s < states.size(); ++s) extend(states[s], static_cast<int32_t>(s), i, next);
      prune(next, i);
      std::vector<Step>& step = steps.emplace_back();
      for (const State<Mask>& state : next) step.push_back({state.last, state.parent});
      std::swap(states, next);
    }
    return trace(steps);
  }

 private:
  std::vector<std::vector<Candidate>> candidates_;
  std::vector<Mask> later_;  // places that the words from i on could take
  Mask empty_;

  // Leaves the word out, or matches it with a free candidate: the one that goes on the chunk, and the first ones.
  void extend(const State<Mask>& from, int32_t number, size_t i, std::vector<State<Mask>>& next) const {
    size_t taken = 0;
    for (const Candidate& candidate : candidates_[i]) {
      const int32_t j = candidate.reference;
      const bool goes_on = from.last >= 0 && j == from.last + 1;
      if (from.used.has(j) || (taken >= kBeam && !goes_on)) continue;
      ++taken;
      State<Mask>& to = next.emplace_back(from);
      to.parent = number;
      to.weight += alignment_weight(candidate.module);
      to.chunks += goes_on ? 0 : 1;
      to.distance += std::abs(static_cast<int64_t>(i) - j);
      to.last = j;
      to.used.set(j);
    }
    State<Mask>& skip = next.emplace_back(from);
    skip.parent = number;
    skip.last = kNowhere;
  }

  // Of states that leave the same choices to the words after i only the best can win. Then the beam.
  void prune(std::vector<State<Mask>>& states, size_t i) const {
    if (states.size() == 1) return;
    // A match at this word comes before none, and an earlier place before a later one.
    const auto place = [](const State<Mask>& state) { return state.last < 0 ? INT32_MAX : state.last; };
    std::sort(states.begin(), states.end(), [&](const auto& a, const auto& b) {
      return std::tuple(a.order, place(a)) < std::tuple(b.order, place(b));
    });
    for (size_t k = 0; k < states.size(); ++k) states[k].order = static_cast<int64_t>(k);
    std::sort(states.begin(), states.end(), [](const auto& a, const auto& b) {
      return std::tuple(-a.weight, a.chunks, a.distance, a.order) <
             std::tuple(-b.weight, b.chunks, b.distance, b.order);
    });
    const Mask& open = later_[i + 1];
    size_t kept = 0;
    for (size_t k = 0; k < states.size() && kept < kBeam; ++k) {
      const bool lost = std::any_of(
          states.begin(), states.begin() + static_cast<std::ptrdiff_t>(kept),
          [&](const auto& s) { return s.last == states[k].last && s.used.same_within(states[k].used, open); });
      if (lost) continue;
      if (kept != k) states[kept] = std::move(states[k]);
      ++kept;
    }
    states.erase(states.begin() + static_cast<std::ptrdiff_t>(kept), states.end());
  }

  std::vector<MeteorMatch> trace(const std::vector<std::vector<Step>>& steps) const {
    std::vector<MeteorMatch> matches;
    int32_t number = 0;  // the best
    for (size_t i = candidates_.size(); i-- > 0;) {
      const Step& step = steps[i][static_cast<size_t>(number)];
      if (step.last >= 0) {
        const auto found = std::find_if(candidates_[i].begin(), candidates_[i].end(),
                                        [&](const Candidate& candidate) { return candidate.reference == step.last; });
        matches.push_back({static_cast<int32_t>(i), step.last, found->module});
      }
      number = step.parent;
    }
    std::reverse(matches.begin(), matches.end());
    return matches;
  }
};

}  // namespace

MeteorLexicon::MeteorLexicon(const WordTable& words, const Stem& stem, const Synsets& synsets) {
  std::unordered_map<std::string, int32_t> numbers;
  for (int32_t id = 0; id < words.size(); ++id) {
    const std::string& word = words.word(id);
    stems_.push_back(numbers.emplace(stem(word), static_cast<int32_t>(numbers.size())).first->second);
    if (synsets) synsets_.push_back(synsets(word));
    function_.push_back(std::find(kFunctionWords.begin(), kFunctionWords.end(), word) != kFunctionWords.end());
  }
}

bool MeteorLexicon::matches(int32_t a, int32_t b, MeteorModule& module) const {
  if (a == b) {
    module = MeteorModule::kExact;
    return true;
  }
  const auto left = static_cast<size_t>(a), right = static_cast<size_t>(b);
  if (stems_[left] == stems_[right]) {
    module = MeteorModule::kStem;
    return true;
  }
  if (synsets_.empty()) return false;
  auto i = synsets_[left].begin();
  auto j = synsets_[right].begin();
  while (i != synsets_[left].end() && j != synsets_[right].end()) {
    if (*i == *j) {
      module = MeteorModule::kSynonym;
      return true;
    }
    *i < *j ? static_cast<void>(++i) : static_cast<void>(++j);
  }
  return false;
}

std::vector<MeteorMatch> meteor_align(const WordIds& hypothesis, const WordIds& reference,
                                      const MeteorLexicon& lexicon) {
  if (reference.size() <= 64) return Aligner<ShortMask>(hypothesis, reference, lexicon).run();
  return Aligner<LongMask>(hypothesis, reference, lexicon).run();
}

int64_t count_chunks(const std::vector<MeteorMatch>& matches) {
  int64_t chunks = 0;
  for (size_t k = 0; k < matches.size(); ++k) {
    const bool goes_on = k > 0 && matches[k].hypothesis == matches[k - 1].hypothesis + 1 &&
                         matches[k].reference == matches[k - 1].reference + 1;
    if (!goes_on) ++chunks;
  }
  return chunks;
}

MeteorStatistics meteor_statistics(const WordIds& hypothesis, const WordIds& reference, const MeteorLexicon& lexicon,
                                   const MeteorParameters& parameters) {
  MeteorStatistics sum;
  const auto weight = [&](int32_t word) {
    return lexicon.is_function_word(word) ? 1 - parameters.delta : parameters.delta;
  };
  for (const int32_t word : hypothesis) sum.hypothesis_weight += weight(word);
  for (const int32_t word : reference) sum.reference_weight += weight(word);
  const auto matches = meteor_align(hypothesis, reference, lexicon);
  for (const MeteorMatch& match : matches) {
    const double factor = match.module == MeteorModule::kExact  ? parameters.exact
                          : match.module == MeteorModule::kStem ? parameters.stem
                                                                : parameters.synonym;
    sum.hypothesis_match += factor * weight(hypothesis[static_cast<size_t>(match.hypothesis)]);
    sum.reference_match += factor * weight(reference[static_cast<size_t>(match.reference)]);
  }
  sum.chunks = static_cast<double>(count_chunks(matches));
  sum.matches = static_cast<double>(matches.size());
  sum.hypothesis_words = static_cast<double>(hypothesis.size());
  sum.reference_words = static_cast<double>(reference.size());
  return sum;
}

MeteorStatistics best_meteor_statistics(const CaptionCase& item, const MeteorLexicon& lexicon,
                                        const MeteorParameters& parameters, size_t* best) {
  FOVEA_CHECK(!item.references.empty(), "no reference");
  MeteorStatistics found;
  double highest = -1;
  for (size_t r = 0; r < item.references.size(); ++r) {
    const MeteorStatistics own = meteor_statistics(item.hypothesis, item.references[r], lexicon, parameters);
    const double score = meteor_score(own, parameters);
    if (score <= highest) continue;
    highest = score;
    found = own;
    if (best != nullptr) *best = r;
  }
  return found;
}

double meteor_score(const MeteorStatistics& sum, const MeteorParameters& parameters) {
  if (sum.hypothesis_match <= 0 || sum.reference_match <= 0) return 0;
  const double precision = sum.hypothesis_match / sum.hypothesis_weight;
  const double recall = sum.reference_match / sum.reference_weight;
  const double mean = 1 / ((1 - parameters.alpha) / precision + parameters.alpha / recall);
  const bool whole = sum.matches == sum.hypothesis_words && sum.matches == sum.reference_words && sum.chunks == 1;
  const double fragmentation = whole ? 0 : sum.chunks / sum.matches;
  return mean * (1 - parameters.gamma * std::pow(fragmentation, parameters.beta));
}

}  // namespace fovea::eval
