#include "systems/caption/beam.h"

#include <algorithm>
#include <limits>

#include "base/error.h"

namespace fovea::caption {
namespace {

struct Candidate {
  double log_probability;
  int64_t slot;
  int32_t word;
  // Better: larger probability; then the lower hypothesis; then the lower word.
  bool operator<(const Candidate& other) const {
    if (log_probability != other.log_probability) return log_probability > other.log_probability;
    return slot != other.slot ? slot < other.slot : word < other.word;
  }
};

}  // namespace

Beam::Beam(const BeamOptions& options) : options_(options), live_{-1} {
  FOVEA_CHECK(options.width > 0 && options.max_length > 0, "beam {} of length {}", options.width, options.max_length);
}

int32_t Beam::last_word(int64_t hypothesis) const {
  const int64_t node = live_[static_cast<size_t>(hypothesis)];
  return node < 0 ? -1 : nodes_[static_cast<size_t>(node)].word;
}

int64_t Beam::slot_before(int64_t hypothesis) const {
  const int64_t node = live_[static_cast<size_t>(hypothesis)];
  return node < 0 ? 0 : nodes_[static_cast<size_t>(node)].slot;
}

// Candidates arrive in the order of ties, so that a new one must be strictly better than the worst that is kept.
template <typename T>
void Beam::extend(const T* log_probabilities, int64_t words) {
  const auto wanted = static_cast<size_t>(options_.width - static_cast<int64_t>(finished_.size()));
  std::vector<Candidate> best;  // a heap with the worst on top
  for (int64_t slot = 0; slot < live(); ++slot, log_probabilities += words) {
    const int64_t node = live_[static_cast<size_t>(slot)];
    const double before = node < 0 ? 0.0 : nodes_[static_cast<size_t>(node)].log_probability;
    for (int64_t word = 0; word < words; ++word) {
      if (options_.suppress_unknown && word == 1) continue;
      const double total = before + static_cast<double>(log_probabilities[word]);
      if (best.size() == wanted && !(total > best.front().log_probability)) continue;
      if (!(total > -std::numeric_limits<double>::infinity())) continue;  // forbidden
      if (best.size() == wanted) {
        std::pop_heap(best.begin(), best.end());
        best.pop_back();
      }
      best.push_back({total, slot, static_cast<int32_t>(word)});
      std::push_heap(best.begin(), best.end());
    }
  }
  std::sort(best.begin(), best.end());
  std::vector<int64_t> next;
  for (const Candidate& candidate : best) {
    nodes_.push_back(
        {candidate.word, live_[static_cast<size_t>(candidate.slot)], candidate.slot, step_, candidate.log_probability});
    const auto node = static_cast<int64_t>(nodes_.size()) - 1;
    (candidate.word == 0 ? finished_ : next).push_back(node);
  }
  live_ = std::move(next);
  ++step_;
  if (step_ < options_.max_length && static_cast<int64_t>(finished_.size()) < options_.width) return;
  finished_.insert(finished_.end(), live_.begin(), live_.end());  // unfinished ones are appended
  live_.clear();
}

Hypothesis Beam::trace(int64_t node) const {
  Hypothesis out;
  out.log_probability = nodes_[static_cast<size_t>(node)].log_probability;
  out.finished = nodes_[static_cast<size_t>(node)].word == 0;
  for (int64_t at = node; at >= 0; at = nodes_[static_cast<size_t>(at)].parent) {
    out.words.push_back(nodes_[static_cast<size_t>(at)].word);
    out.slots.push_back(nodes_[static_cast<size_t>(at)].slot);
  }
  std::reverse(out.words.begin(), out.words.end());
  std::reverse(out.slots.begin(), out.slots.end());
  return out;
}

std::vector<Hypothesis> Beam::ranked(bool by_length) const {
  std::vector<Hypothesis> out;
  for (const int64_t node : finished_) out.push_back(trace(node));
  std::stable_sort(out.begin(), out.end(), [by_length](const Hypothesis& a, const Hypothesis& b) {
    return by_length ? a.cost_per_word() < b.cost_per_word() : a.cost() < b.cost();
  });
  return out;
}

template void Beam::extend(const float*, int64_t);
template void Beam::extend(const double*, int64_t);

}  // namespace fovea::caption
