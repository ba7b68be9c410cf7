// METEOR-X: METEOR's score with exact, stem and synonym matches, but without its table of paraphrases. It is never
// called METEOR: values are a few points lower.
//   Denkowski & Lavie, "Meteor universal: language specific translation evaluation for any target language", 2014
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "eval/caption_corpus.h"

namespace fovea::eval {

// The English parameters of METEOR 1.5.
struct MeteorParameters {
  double alpha = 0.85, beta = 0.2, gamma = 0.6;
  double delta = 0.75;  // weight of content words; function words have 1 - delta
  double exact = 1.0, stem = 0.6, synonym = 0.8;
};

enum class MeteorModule : uint8_t { kExact, kStem, kSynonym };

struct MeteorMatch {
  int32_t hypothesis = 0, reference = 0;  // positions
  MeteorModule module = MeteorModule::kExact;
};

// Sums over images (of the best reference of each) are the statistics of the corpus.
struct MeteorStatistics {
  // Words with the weights delta and 1 - delta; matches with the module's weight besides.
  double hypothesis_weight = 0, reference_weight = 0, hypothesis_match = 0, reference_match = 0;
  double chunks = 0, matches = 0, hypothesis_words = 0, reference_words = 0;
};

// What METEOR-X knows of words. Built once for a table of words; scoring is then thread-safe.
class MeteorLexicon {
 public:
  using Stem = std::function<std::string(std::string_view word)>;
  using Synsets = std::function<std::vector<int64_t>(std::string_view word)>;  // sorted
  // `synsets` may be empty: no synonyms. The 59 function words are those of the project's definition.
  MeteorLexicon(const WordTable& words, const Stem& stem, const Synsets& synsets);

  bool is_function_word(int32_t word) const { return function_[static_cast<size_t>(word)]; }
  // Whether the words match at all, and by which module: the first of exact, stem, synonym.
  bool matches(int32_t a, int32_t b, MeteorModule& module) const;

 private:
  std::vector<int32_t> stems_;
  std::vector<std::vector<int64_t>> synsets_;
  std::vector<bool> function_;
};

// One to one; the greatest sum of weights (exact 1, stem and synonym 0.5), then fewest chunks, then the least sum of
// |i - j|, then lexicographically first. Found by a beam of 40 states over the hypothesis. A chunk is a run of matches
// whose positions follow one another on both sides.
std::vector<MeteorMatch> meteor_align(const WordIds& hypothesis, const WordIds& reference,
                                      const MeteorLexicon& lexicon);
int64_t count_chunks(const std::vector<MeteorMatch>& matches);

MeteorStatistics meteor_statistics(const WordIds& hypothesis, const WordIds& reference, const MeteorLexicon& lexicon,
                                   const MeteorParameters& parameters = {});
// Of the reference with the best score, the first of equals; `best` gets its number.
MeteorStatistics best_meteor_statistics(const CaptionCase& item, const MeteorLexicon& lexicon,
                                        const MeteorParameters& parameters = {}, size_t* best = nullptr);
// P and R = matched / total weight, F = P R / (alpha P + (1 - alpha) R), fragmentation = chunks / matches, but 0 if all
// words match in one chunk; F (1 - gamma fragmentation^beta).
double meteor_score(const MeteorStatistics& sum, const MeteorParameters& parameters = {});

}  // namespace fovea::eval
