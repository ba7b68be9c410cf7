// Beam search over one sentence, as the authors' code does it (spec section 8): finished hypotheses shrink the beam.
#pragma once

#include <cstdint>
#include <vector>

namespace fovea::caption {

struct BeamOptions {
  int64_t width = 5;
  int64_t max_length = 50;        // words, the end word included
  bool suppress_unknown = false;  // word 1 is forbidden
};

// One emitted word: where it hangs in the tree of hypotheses.
struct BeamNode {
  int32_t word = -1;
  int64_t parent = -1;  // node of the word before; -1: the first word
  int64_t slot = 0;     // which live hypothesis of its step it continued
  int64_t step = 0;
  double log_probability = 0;  // of the sentence up to here
};

struct Hypothesis {
  std::vector<int32_t> words;  // ends in 0 if finished
  std::vector<int64_t> slots;  // the live hypothesis that each word continued, step after step
  double log_probability = 0;
  bool finished = false;
  double cost() const { return -log_probability; }
  double cost_per_word() const { return words.empty() ? cost() : cost() / static_cast<double>(words.size()); }
};

class Beam {
 public:
  explicit Beam(const BeamOptions& options);

  // Hypotheses that wait for their next word: one at first, none when the search is over.
  int64_t live() const { return static_cast<int64_t>(live_.size()); }
  int32_t last_word(int64_t hypothesis) const;  // -1 at first
  // Which hypothesis of the step before each live one continues.
  int64_t slot_before(int64_t hypothesis) const;

  // log_probabilities [live,words]; -inf forbids a word. Keeps the (width - finished) cheapest continuations of all;
  // ties: lower hypothesis, lower word. Those that end in word 0 are finished.
  template <typename T>
  void extend(const T* log_probabilities, int64_t words);

  // Finished and, when the search ended early, unfinished hypotheses, by rising cost (per word if by_length); equal
  // ones in the order in which they were found.
  std::vector<Hypothesis> ranked(bool by_length) const;

 private:
  Hypothesis trace(int64_t node) const;

  BeamOptions options_;
  int64_t step_ = 0;
  std::vector<BeamNode> nodes_;
  std::vector<int64_t> live_, finished_;  // nodes; -1 stands for the empty sentence
};

}  // namespace fovea::caption
