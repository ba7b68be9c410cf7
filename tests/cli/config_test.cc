#include "cli/config.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;
using namespace fovea::cli;

namespace {
std::string failure(std::string_view text) {
  try {
    parse_config(text, "f.toml");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
    return error.what();
  }
  return "none";
}
using Words = std::vector<std::string>;
}  // namespace

TEST_CASE("parse_config: TOML values, sections, comments, arrays over several lines") {
  const auto entries = parse_config(
      "\xEF\xBB\xBFseed = 7 # comment\r\n\n[train]\n"
      "  data = [\"a # b.h5\", 'c\\d', # inside\n    \"e\\u00e9\\n\",\n  ]\n"
      "rate=0.1\nname = \"x=1;y\"\n\"quoted-key\" = true\nempty = []\n",
      "f.toml");
  REQUIRE(entries.size() == 6);
  CHECK(entries[0].section.empty());
  CHECK(entries[0].words == Words{"7"});
  CHECK(entries[0].place == "f.toml:1");
  CHECK(entries[1].section == "train");
  CHECK(entries[1].words == Words{"a # b.h5", "c\\d", "e\xC3\xA9\n"});
  CHECK(entries[1].array);
  CHECK(entries[1].place == "f.toml:4");
  CHECK(entries[2].words == Words{"0.1"});
  CHECK(entries[2].place == "f.toml:7");
  CHECK(entries[3].words == Words{"x=1;y"});
  CHECK(entries[4].key == "quoted-key");
  CHECK(entries[5].words.empty());
}

TEST_CASE("parse_config: INI lines work as well") {
  const auto entries = parse_config("; comment\n[eval]\nformat = tsv\npath = some where/x.h5\n", "f.ini");
  REQUIRE(entries.size() == 2);
  CHECK(entries[0].words == Words{"tsv"});
  CHECK(entries[1].words == Words{"some where/x.h5"});
}

TEST_CASE("parse_config: what cannot be read is named with its line") {
  CHECK(failure("a = 1\nb\n") == "f.toml:2: expected '=' after 'b', found the end of the line");
  CHECK(failure("[train\n") == "f.toml:1: expected ']', found the end of the line");
  CHECK(failure("a = \"x\n") == "f.toml:1: expected a closing quote, found the end of the line");
  CHECK(failure("a = \"x\" y\n") == "f.toml:1: expected the end of the line, found 'y'");
  CHECK(failure("a = [1, 2\n") == "f.toml:2: expected ',' or ']', found the end of the line");
  CHECK(failure("a = [1 \"x\"]\n") == "f.toml:1: expected a value without a quote inside, found '1 \"x\"]'");
  CHECK(failure("a = {b = 1}\n") == "f.toml:1: expected no inline table, found '{b = 1}'");
  CHECK(failure("a = \"\"\"x\"\"\"\n").find("a string on one line") != std::string::npos);
  CHECK(failure("a =\n") == "f.toml:1: expected a value, found the end of the line");
  CHECK(failure("a = 1\n\na = 2\n") == "f.toml:3: a: given twice");
  CHECK(failure("a = \"\\ud800\"\n").find("a Unicode character") != std::string::npos);
  CHECK(failure("\x89HDF\r\n\x1a\n").find('\x1a') == std::string::npos);
  CHECK(failure("") == "none");
}

TEST_CASE("toml_quote: reads back") {
  for (const std::string text : {"", "a\"b\\c", "new\nline\ttab\x01", "\xC3\xA9"}) {
    CHECK(parse_config("k = " + toml_quote(text), "f").at(0).words.at(0) == text);
  }
}
