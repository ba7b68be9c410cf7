#include "eval/stemmer.h"

#include <doctest/doctest.h>

#include <map>

namespace fovea::eval {
namespace {

TEST_CASE("stemmer: examples of the algorithm's description") {
  const std::map<std::string, std::string> examples{{"consign", "consign"},
                                                    {"consigned", "consign"},
                                                    {"consistency", "consist"},
                                                    {"consolations", "consol"},
                                                    {"conspicuous", "conspicu"},
                                                    {"knightly", "knight"},
                                                    {"kneeling", "kneel"},
                                                    {"knives", "knive"},
                                                    {"knots", "knot"},
                                                    {"hopping", "hop"},
                                                    {"hoping", "hope"},
                                                    {"fluently", "fluentli"},
                                                    {"generate", "generat"},
                                                    {"generally", "general"},
                                                    {"communism", "communism"},
                                                    {"arsenal", "arsenal"},
                                                    {"ties", "tie"},
                                                    {"cries", "cri"},
                                                    {"gas", "gas"},
                                                    {"this", "this"},
                                                    {"gaps", "gap"},
                                                    {"kiwis", "kiwi"},
                                                    {"skis", "ski"},
                                                    {"dying", "die"},
                                                    {"news", "news"},
                                                    {"inning", "inning"},
                                                    {"exceed", "exceed"},
                                                    {"by", "by"},
                                                    {"say", "say"},
                                                    {"cry", "cri"},
                                                    {"luxuriating", "luxuri"},
                                                    {"disabled", "disabl"},
                                                    {"national", "nation"},
                                                    {"relational", "relat"},
                                                    {"hopefulness", "hope"},
                                                    {"adjustment", "adjust"},
                                                    {"replacement", "replac"},
                                                    {"adoption", "adopt"},
                                                    {"controlling", "control"},
                                                    {"bed", "bed"},
                                                    {"dog's", "dog"},
                                                    {"'tis", "tis"},
                                                    {"yes", "yes"},
                                                    {"boyish", "boyish"},
                                                    {"running", "run"},
                                                    {"people", "peopl"},
                                                    {"grassy", "grassi"},
                                                    {"playing", "play"}};
  for (const auto& example : examples) {
    CAPTURE(example.first);
    CHECK(english_stem(example.first) == example.second);
  }
  CHECK(english_stem("") == "");
  CHECK(english_stem("caf\u00e9s") == "caf\u00e9");  // a vowel before the last letter but one: the s goes
}

}  // namespace
}  // namespace fovea::eval
