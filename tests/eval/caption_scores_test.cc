#include "eval/caption_scores.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "base/parallel.h"
#include "base/rng.h"
#include "eval/stemmer.h"

namespace fovea::eval {
namespace {

struct Scored {
  WordTable words;
  CaptionCorpus corpus;
  DocumentFrequency frequency;
  std::vector<CaptionStatistics> images;
};

// Captions of which each word is that of the reference with probability `skill`.
Scored score(int count, double skill, uint64_t seed) {
  Scored made;
  for (int i = 0; i < count; ++i) {
    Rng reference_rng(1, RngPurpose::kTest, 0, static_cast<uint64_t>(i));
    Rng rng(seed, RngPurpose::kTest, 1, static_cast<uint64_t>(i));
    std::vector<std::string> truth, guess;
    for (int t = 0; t < 9; ++t) {
      truth.push_back("w" + std::to_string(reference_rng.below(30)));
      guess.push_back(rng.uniform_double() < skill ? truth.back() : "w" + std::to_string(rng.below(30)));
    }
    made.corpus.push_back({made.words.ids(guess), {made.words.ids(truth)}});
    made.frequency.add(made.corpus.back().references);
  }
  made.images = caption_statistics(made.corpus, made.frequency, MeteorLexicon(made.words, english_stem, {}));
  return made;
}

size_t at(const char* name) {
  const auto& names = caption_score_names();
  return static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin());
}

TEST_CASE("caption_scores: perfect captions, empty captions, one image") {
  const Scored perfect = score(5, 1, 1);
  const auto scores = caption_scores(sum_of(perfect.images));
  CHECK(scores.size() == caption_score_names().size());
  CHECK(scores[at("exact_match")] == 1);
  CHECK(scores[at("bleu_4")] == doctest::Approx(1).epsilon(1e-8));
  CHECK(scores[at("rouge_l")] == doctest::Approx(1));
  CHECK(scores[at("cider_d")] == doctest::Approx(10));
  Scored empty = score(5, 1, 1);
  for (CaptionCase& item : empty.corpus) item.hypothesis.clear();
  const MeteorLexicon lexicon(empty.words, english_stem, {});
  for (const double value : caption_scores(sum_of(caption_statistics(empty.corpus, empty.frequency, lexicon)))) {
    CHECK(value == doctest::Approx(0).epsilon(1e-4));
  }
  CHECK(caption_scores(score(1, 1, 1).images[0])[at("cider_d")] == 0);
}

TEST_CASE("caption_scores: intervals hold the value, and shrink with more images") {
  const Scored few = score(40, 0.6, 3), many = score(640, 0.6, 3);
  const auto value = caption_scores(sum_of(few.images));
  const auto narrow = bootstrap_intervals(many.images, 200, 1), wide = bootstrap_intervals(few.images, 200, 1);
  for (const char* name : {"bleu_4", "cider_d", "rouge_l", "meteor_x"}) {
    CAPTURE(name);
    const ScoreInterval& interval = wide[at(name)];
    CHECK(interval.low < value[at(name)]);
    CHECK(interval.high > value[at(name)]);
    const double ratio = (interval.high - interval.low) / (narrow[at(name)].high - narrow[at(name)].low);
    CHECK(ratio > 2.5);  // 4 on the average
    CHECK(ratio < 6.5);
  }
}

TEST_CASE("caption_scores: a paired bootstrap tells better from equal, whatever the threads") {
  const Scored good = score(100, 0.7, 5), bad = score(100, 0.5, 6);
  set_thread_count(1);
  const auto one = paired_bootstrap(good.images, bad.images, 300, 1);
  set_thread_count(2);
  const auto two = paired_bootstrap(good.images, bad.images, 300, 1);
  set_thread_count(0);
  for (size_t k = 0; k < one.size(); ++k) {
    CHECK(one[k].interval.low == two[k].interval.low);
    CHECK(one[k].p == two[k].p);
  }
  const ScoreDifference& clear = one[at("cider_d")];
  CHECK(clear.interval.low > 0);
  CHECK(clear.p < 0.05);
  const auto same = paired_bootstrap(good.images, good.images, 100, 1);
  CHECK(same[at("cider_d")].difference == 0);
  CHECK(same[at("cider_d")].p == 1);
}

TEST_CASE("meteor: long runs of one word are aligned in place, in good time") {
  WordTable words;
  const WordIds run(700, words.id("a"));
  const MeteorLexicon lexicon(words, english_stem, {});
  const auto matches = meteor_align(run, run, lexicon);
  REQUIRE(matches.size() == 700);
  CHECK(count_chunks(matches) == 1);
  CHECK(matches[699].reference == 699);
}

}  // namespace
}  // namespace fovea::eval
