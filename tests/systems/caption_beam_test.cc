// Beam search on a table of first-order word probabilities.
#include <doctest/doctest.h>

#include <cmath>

#include "caption_vectors.h"
#include "systems/caption/beam.h"

using namespace fovea;
using namespace fovea::caption;

namespace {

Beam search(const Tensor& transition, const BeamOptions& options) {
  const int64_t words = transition.extent(1);
  Beam beam(options);
  while (beam.live() > 0) {
    std::vector<double> rows;
    for (int64_t i = 0; i < beam.live(); ++i) {
      const int32_t last = std::max(0, beam.last_word(i));
      for (int64_t w = 0; w < words; ++w) rows.push_back(std::log(transition.at(last * words + w)));
    }
    beam.extend(rows.data(), words);
  }
  return beam;
}

TEST_CASE("beam: the six settings of beam_search.json") {
  const io::Json json = testing::caption_vector("beam_search");
  const Tensor transition = testing::to_tensor(json["transition"]);
  for (const io::Json& one : json["cases"]) {
    const Beam beam = search(transition, {one["beam"].get<int64_t>(), one["max_length"].get<int64_t>(), false});
    const auto by_cost = beam.ranked(false), per_word = beam.ranked(true);
    CAPTURE(one["beam"].get<int64_t>());
    REQUIRE(by_cost.size() == one["hypotheses"].size());
    std::vector<bool> seen(by_cost.size(), false);
    int64_t finished = 0;
    for (const Hypothesis& found : by_cost) {
      finished += found.finished ? 1 : 0;
      for (size_t k = 0; k < seen.size(); ++k) {
        const io::Json& expected = one["hypotheses"][k];
        if (seen[k] || expected["words"].get<std::vector<int32_t>>() != found.words) continue;
        seen[k] = true;
        CHECK(std::abs(expected["cost"].get<double>() - found.cost()) < 1e-12);
        CHECK(std::abs(expected["cost_per_word"].get<double>() - found.cost_per_word()) < 1e-12);
        CHECK(expected["finished"].get<bool>() == found.finished);
        break;
      }
    }
    CHECK(std::count(seen.begin(), seen.end(), true) == static_cast<int64_t>(seen.size()));
    CHECK(finished == one["finished"].get<int64_t>());
    CHECK(by_cost[0].words ==
          one["hypotheses"][one["best_by_cost"].get<size_t>()]["words"].get<std::vector<int32_t>>());
    CHECK(per_word[0].words ==
          one["hypotheses"][one["best_by_cost_per_word"].get<size_t>()]["words"].get<std::vector<int32_t>>());
  }
}

// All sentences of at most `left` words below a prefix.
void enumerate(const Tensor& t, int32_t last, double log_p, int64_t left, std::vector<int32_t>& words,
               std::pair<double, std::vector<int32_t>>& best) {
  for (int32_t w = 0; w < t.extent(1); ++w) {
    const double total = log_p + std::log(t.at(last * t.extent(1) + w));
    words.push_back(w);
    if (w == 0 || left == 1) {
      if (total > best.first) best = {total, words};
    } else {
      enumerate(t, w, total, left - 1, words, best);
    }
    words.pop_back();
  }
}

TEST_CASE("beam: as wide as all sentences, it finds the most probable one") {
  const Tensor transition = testing::to_tensor(testing::caption_vector("beam_search")["transition"]);
  for (const int64_t length : {2, 3, 4}) {
    std::pair<double, std::vector<int32_t>> best{-1e300, {}};
    std::vector<int32_t> words;
    enumerate(transition, 0, 0, length, words, best);
    const auto ranked = search(transition, {625, length, false}).ranked(false);
    CHECK(ranked[0].words == best.second);
    CHECK(std::abs(ranked[0].log_probability - best.first) < 1e-12);
  }
}

TEST_CASE("beam: the unknown word can be forbidden, ties go to the lower word, the limit ends a sentence") {
  const Tensor even = Tensor::full({4, 4}, 0.25, DType::kF64);
  CHECK(search(even, {1, 3, false}).ranked(false)[0].words == std::vector<int32_t>{0});
  Tensor likely = Tensor::full({3, 3}, 0.1, DType::kF64);
  for (int64_t row = 0; row < 3; ++row) likely.data<double>()[row * 3 + 1] = 0.8;
  const auto free = search(likely, {2, 4, false}).ranked(false),
             suppressed = search(likely, {2, 4, true}).ranked(false);
  CHECK(free[0].words == std::vector<int32_t>{1, 1, 1, 1});
  CHECK_FALSE(free[0].finished);
  for (const Hypothesis& hypothesis : suppressed)
    CHECK(std::count(hypothesis.words.begin(), hypothesis.words.end(), 1) == 0);
}

}  // namespace
