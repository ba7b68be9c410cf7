#include "systems/requirement.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;

namespace {

const std::vector<std::string> kNames = {"map", "images", "nothing"};

bool holds(const std::string& text) {
  eval::Table table;
  table.columns = {{"name"}, {"images"}, {"map"}, {"nothing"}};
  table.rows = {{std::string("first"), int64_t{1}, 0.1, {}}, {std::string("last"), int64_t{70}, 0.75, {}}};
  return Requirement(text, kNames).holds(table);
}

}  // namespace

TEST_CASE("Requirement: compares the last row") {
  CHECK(holds("map>=0.75"));
  CHECK(!holds("map>0.75"));
  CHECK(holds("map<=0.75"));
  CHECK(!holds("map<0.75"));
  CHECK(!holds("map<=0.2"));
  CHECK(holds("images>69"));
}

TEST_CASE("Requirement: an absent number fulfils nothing") {
  CHECK(!holds("nothing>=0"));
  CHECK(!holds("nothing<=0"));
}

TEST_CASE("Requirement: other texts are usage errors that list the names") {
  for (const char* text : {"", "map", "map=1", "map>=", "map>=x", ">=1", "other>=1", "map>=1 "}) {
    CAPTURE(text);
    try {
      holds(text);
      FAIL("accepted");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kUsage);
      CHECK(error.hint() == "names: map images nothing");
    }
  }
}
