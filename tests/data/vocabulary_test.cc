#include "data/vocabulary.h"

#include <doctest/doctest.h>

#include "base/error.h"

namespace fovea::data {
namespace {

const std::vector<std::vector<std::string>> kCaptions{
    {"a", "dog", "runs"}, {"a", "cat", "sits"}, {"the", "dog", "<end>", "<unk>"}, {}};

TEST_CASE("vocabulary: falling frequency, ties by byte order, after <end> and <unk>") {
  const Vocabulary all = Vocabulary::build(kCaptions, 0, 1);
  CHECK(all.words() == std::vector<std::string>{"<end>", "<unk>", "a", "dog", "cat", "runs", "sits", "the"});
  CHECK(all.size() == 8);
  CHECK(all.id("dog") == 3);
  CHECK(all.id("horse") == Vocabulary::kUnknown);
  CHECK(all.word(4) == "cat");
  CHECK(Vocabulary::build(kCaptions, 5, 1).words().size() == 5);
  CHECK(Vocabulary::build(kCaptions, 0, 2).words() == std::vector<std::string>{"<end>", "<unk>", "a", "dog"});
  CHECK(Vocabulary::build({}, 0, 1).size() == 2);
  CHECK_THROWS_AS(Vocabulary::build(kCaptions, 2, 1), Error);
}

TEST_CASE("vocabulary: captions become numbers and words again") {
  const Vocabulary words = Vocabulary::build(kCaptions, 0, 1);
  CHECK(words.encode({"the", "horse", "<end>", "runs"}) == std::vector<int32_t>{7, 1, 1, 5});
  CHECK(words.decode({7, 3, 1, 0, 5}) == "the dog <unk>");
  CHECK(Vocabulary(words.words()).words() == words.words());
}

TEST_CASE("vocabulary: a stored list must begin with <end>, <unk> and repeat nothing") {
  CHECK_THROWS_AS(Vocabulary(std::vector<std::string>{}), Error);
  CHECK_THROWS_AS(Vocabulary(std::vector<std::string>{"<unk>", "<end>"}), Error);
  CHECK_THROWS_AS(Vocabulary(std::vector<std::string>{"<end>", "<unk>", "a", "a"}), Error);
  CHECK_THROWS_AS(Vocabulary(std::vector<std::string>{"<end>", "<unk>", ""}), Error);
}

}  // namespace
}  // namespace fovea::data
