// Caption scores against tests/vectors/caption: BLEU, ROUGE-L, CIDEr, CIDEr-D (agree with the COCO and CIDEr authors'
// evaluators) and METEOR-X, all to 1e-9.
#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "eval/bleu.h"
#include "eval/caption_scores.h"
#include "eval/cider.h"
#include "eval/meteor.h"
#include "eval/rouge.h"
#include "eval/stemmer.h"
#include "vectors/vectors.h"

namespace fovea::eval {
namespace {

using nlohmann::json;

// Split at single blanks.
WordIds ids_of(const std::string& text, WordTable& words) {
  std::vector<std::string> tokens;
  size_t begin = 0;
  while (begin < text.size()) {
    const size_t end = std::min(text.find(' ', begin), text.size());
    if (end > begin) tokens.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return words.ids(tokens);
}

CaptionCorpus corpus_of(const json& images, WordTable& words) {
  CaptionCorpus corpus;
  for (const json& image : images) {
    CaptionCase item{ids_of(image["hypothesis"], words), {}};
    for (const json& reference : image["references"]) item.references.push_back(ids_of(reference, words));
    corpus.push_back(std::move(item));
  }
  return corpus;
}

void check_near(double value, const json& expected) {
  CHECK(std::abs(value - expected.get<double>()) <= 1e-9 * std::max(1.0, std::abs(expected.get<double>())));
}

void check_bleu(const BleuStatistics& sum, const json& expected) {
  const BleuScore score = bleu_score(sum);
  for (size_t k = 0; k < kMaxNgram; ++k) {
    check_near(score.with_penalty[k], expected["with_bp"][k]);
    check_near(score.without_penalty[k], expected["no_bp"][k]);
  }
}

TEST_CASE("caption metrics: the vector's sets") {
  const json vector = vectors::load("caption/metrics.json");
  REQUIRE(vector["sets"].size() == 12);
  for (const json& set : vector["sets"]) {
    CAPTURE(set["name"].get<std::string>());
    WordTable words;
    const CaptionCorpus corpus = corpus_of(set["images"], words);
    DocumentFrequency frequency;
    for (const CaptionCase& item : corpus) frequency.add(item.references);
    const MeteorLexicon lexicon(words, english_stem, {});
    const auto images = caption_statistics(corpus, frequency, lexicon);
    const CaptionStatistics sum = sum_of(images);
    check_bleu(sum.bleu, set["bleu"]);
    CHECK(sum.bleu.hypothesis_length == set["bleu"]["hypothesis_length"].get<double>());
    CHECK(sum.bleu.reference_length == set["bleu"]["reference_length"].get<double>());
    for (size_t k = 0; k < kMaxNgram; ++k) {
      CHECK(sum.bleu.matches[k] == set["bleu"]["matches"][k].get<double>());
      CHECK(sum.bleu.guesses[k] == set["bleu"]["guesses"][k].get<double>());
    }
    for (size_t i = 0; i < corpus.size(); ++i) check_bleu(images[i].bleu, set["bleu_per_image"][i]);
    const auto scores = caption_scores(sum);
    const auto named = [&](const char* name) {
      const auto& names = caption_score_names();
      return scores[static_cast<size_t>(std::find(names.begin(), names.end(), name) - names.begin())];
    };
    check_near(named("rouge_l"), set["rouge_l"]);
    check_near(named("cider_d"), set["cider_d"]);
    check_near(named("cider"), set["cider"]);
    for (const auto& [key, member] :
         std::map<std::string, double CaptionStatistics::*>{{"rouge_l_per_image", &CaptionStatistics::rouge_l},
                                                            {"cider_d_per_image", &CaptionStatistics::cider_d},
                                                            {"cider_per_image", &CaptionStatistics::cider}}) {
      if (!set.contains(key)) continue;
      for (size_t i = 0; i < corpus.size(); ++i) check_near(images[i].*member, set[key][i]);
    }
  }
}

MeteorLexicon lexicon_of(const json& set, const WordTable& words) {
  const auto stem = [&](std::string_view word) {
    const auto found = set["stems"].find(std::string(word));
    return found == set["stems"].end() ? std::string(word) : found->get<std::string>();
  };
  const auto synsets = [&](std::string_view word) {
    std::vector<int64_t> found;
    for (size_t k = 0; k < set["synonym_sets"].size(); ++k) {
      for (const json& other : set["synonym_sets"][k]) {
        if (other.get<std::string>() == word) found.push_back(static_cast<int64_t>(k));
      }
    }
    return found;
  };
  return MeteorLexicon(words, stem, synsets);
}

void check_alignment(const std::vector<MeteorMatch>& matches, const json& expected) {
  static const std::map<std::string, MeteorModule> modules{
      {"exact", MeteorModule::kExact}, {"stem", MeteorModule::kStem}, {"synonym", MeteorModule::kSynonym}};
  REQUIRE(matches.size() == expected.size());
  for (size_t k = 0; k < matches.size(); ++k) {
    CHECK(matches[k].hypothesis == expected[k][0].get<int32_t>());
    CHECK(matches[k].reference == expected[k][1].get<int32_t>());
    CHECK(matches[k].module == modules.at(expected[k][2].get<std::string>()));
  }
}

TEST_CASE("caption metrics: METEOR-X alignments and scores") {
  const json vector = vectors::load("caption/meteor.json");
  REQUIRE(vector["sets"].size() == 5);
  for (const json& set : vector["sets"]) {
    CAPTURE(set["name"].get<std::string>());
    WordTable words;
    const CaptionCorpus corpus = corpus_of(set["images"], words);
    const MeteorLexicon lexicon = lexicon_of(set, words);
    CaptionStatistics sum;
    for (size_t i = 0; i < corpus.size(); ++i) {
      const json& expected = set["images"][i];
      CAPTURE(expected["hypothesis"].get<std::string>());
      size_t best = 0;
      CaptionStatistics own;
      own.meteor = best_meteor_statistics(corpus[i], lexicon, {}, &best);
      sum.add(own);
      check_near(meteor_score(own.meteor), expected["score"]);
      CHECK(best == expected["best_reference"].get<size_t>());
      const auto matches = meteor_align(corpus[i].hypothesis, corpus[i].references[best], lexicon);
      check_alignment(matches, expected["alignment"]);
      CHECK(count_chunks(matches) == expected["chunks"].get<int64_t>());
      check_near(own.meteor.hypothesis_match, expected["weighted"]["hypothesis_match"]);
      check_near(own.meteor.reference_weight, expected["weighted"]["reference_length"]);
      for (size_t r = 0; r < corpus[i].references.size(); ++r) {
        check_near(meteor_score(meteor_statistics(corpus[i].hypothesis, corpus[i].references[r], lexicon)),
                   expected["score_per_reference"][r]);
      }
    }
    check_near(meteor_score(sum.meteor), set["corpus"]);
    for (const auto& [word, stem] : set["stems"].items()) CHECK(english_stem(word) == stem.get<std::string>());
  }
}

}  // namespace
}  // namespace fovea::eval
