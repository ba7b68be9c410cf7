#include "data/wordnet.h"

#include <doctest/doctest.h>

#include "io/h5_fixtures.h"

namespace fovea::data {
namespace {

constexpr std::string_view kNouns =
    "  1 This is a licence.\n"
    "dog n 2 1 @ 2 1 02084071 10114209\n"
    "domestic_dog n 1 1 @ 1 0 02084071\n"
    "goose n 1 2 @ ~ 1 0 01855672\n"
    "man n 1 1 @ 1 1 10287213\n"
    "adult_male n 1 1 @ 1 1 10287213\n"
    "gander n 1 1 @ 1 0 01855672\n";

bool share(const WordNet& words, std::string_view a, std::string_view b) {
  const auto left = words.synsets(a), right = words.synsets(b);
  for (const int64_t one : left) {
    for (const int64_t other : right) {
      if (one == other) return true;
    }
  }
  return false;
}

TEST_CASE("wordnet: words share synsets through base forms and exceptions") {
  WordNet words;
  words.add_index(kNouns, "x", 0);
  words.add_exceptions("geese goose\n", "x", 0);
  words.add_index("run v 1 1 @ 1 1 00000007\njog v 1 1 @ 1 1 00000007\nrace v 1 0 1 1 00000009\n", "x", 1);
  words.add_exceptions("ran run\n", "x", 1);
  CHECK(words.synsets("dog").size() == 2);
  CHECK(words.synsets("horse").empty());
  CHECK(share(words, "dogs", "domestic_dog"));
  CHECK(share(words, "geese", "ganders"));
  CHECK(share(words, "men", "adult_male"));
  CHECK(share(words, "ran", "jogs"));
  CHECK(share(words, "raced", "racing"));
  CHECK_FALSE(share(words, "man", "goose"));
  CHECK_FALSE(share(words, "run", "race"));
}

TEST_CASE("wordnet: lines that are none, and a folder without an index") {
  const auto message = [](std::string_view text) {
    return test::error_of([&] { WordNet().add_index(text, "index.noun", 0); });
  };
  CHECK(std::string(message("dog n 1 1 @ 1 1 00000007\ndog n x\n").what()).starts_with("index.noun:2: expected"));
  CHECK(message("dog n 999999999999 1 @ 1 1 1\n").kind() == ErrorKind::kData);
  CHECK(message("dog n 1 1 @ 1 1 zz\n").kind() == ErrorKind::kData);
  const TemporaryFolder folder;
  CHECK(test::error_of([&] { WordNet(folder / "none"); }).kind() == ErrorKind::kNoInput);
}

}  // namespace
}  // namespace fovea::data
