#include "cli/parse.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "cli/fake_program.h"

using namespace fovea;
using namespace fovea::cli;

namespace {

ParsedWords parse(const std::vector<std::string>& arguments) {
  const Program program = fake::program();
  const auto job = program.commands[0].make_job();
  return parse_words(job->table, arguments);
}

// "message / hint"
std::string failure(const std::vector<std::string>& arguments) {
  try {
    parse(arguments);
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
    return std::string(error.what()) + " / " + error.hint();
  }
  return "none";
}

using Words = std::vector<std::string>;

}  // namespace

TEST_CASE("parse_words: options and operands mix, all spellings of a value") {
  const auto parsed = parse({"a.h5", "--epochs", "3", "b.h5", "--momentum=0.5", "-o", "x", "-e7", "c"});
  CHECK(parsed.operands == Words{"a.h5", "b.h5", "c"});
  CHECK(parsed.words.at("epochs") == Words{"3", "7"});
  CHECK(parsed.words.at("momentum") == Words{"0.5"});
  CHECK(parsed.words.at("output") == Words{"x"});
  CHECK_FALSE(parsed.has("seed"));
}

TEST_CASE("parse_words: - is an operand, -- ends the options") {
  CHECK(parse({"-", "--", "--epochs", "-x", "--"}).operands == Words{"-", "--epochs", "-x", "--"});
  CHECK(parse({"-o", "--", "a"}).words.at("output") == Words{"--"});  // as getopt does
}

TEST_CASE("parse_words: values are taken as they stand") {
  CHECK(parse({"--mode="}).words.at("mode") == Words{""});
  CHECK(parse({"--mode", ""}).words.at("mode") == Words{""});
  CHECK(parse({"--mode=a=b"}).words.at("mode") == Words{"a=b"});
  CHECK(parse({"--momentum", "-1"}).words.at("momentum") == Words{"-1"});
  CHECK(parse({"--mode", "--epochs=3"}).words.at("mode") == Words{"--epochs=3"});
  CHECK(parse({"--data", "[a,b]", "--data", "c, d"}).words.at("data") == Words{"[a,b]", "c, d"});
  CHECK(parse({"[a,b]", "new\nline", "sp ace"}).operands == Words{"[a,b]", "new\nline", "sp ace"});
}

TEST_CASE("parse_words: switches, negations, counts, clusters of short names") {
  CHECK(parse({"--shuffle", "--no-shuffle"}).words.at("shuffle") == Words{"true", "false"});
  CHECK(parse({"--deterministic=off"}).words.at("deterministic") == Words{"off"});
  CHECK(parse({"--clobber"}).words.at("no-clobber") == Words{"false"});
  CHECK(parse({"-vv", "--verbose"}).words.at("verbose").size() == 3);
  const auto cluster = parse({"-qvox"});
  CHECK(cluster.has("quiet"));
  CHECK(cluster.words.at("output") == Words{"x"});
}

TEST_CASE("parse_words: no abbreviations; the nearest name is proposed") {
  CHECK(failure({"--epoch", "3"}) == "unknown option '--epoch' / did you mean '--epochs'?");
  CHECK(failure({"--epoch=3"}) == "unknown option '--epoch' / did you mean '--epochs'?");
  CHECK(failure({"--no-shufle"}) == "unknown option '--no-shufle' / did you mean '--no-shuffle'?");
  CHECK(failure({"--zzzzzzzz"}) == "unknown option '--zzzzzzzz' / ");
  CHECK(failure({"-x"}).starts_with("unknown option '-x' / "));
  CHECK(failure({"a", "--\x1b[0m"}).find('\x1b') == std::string::npos);
}

TEST_CASE("parse_words: a missing value is named") {
  CHECK(failure({"a", "--epochs"}) == "--epochs: expected a value N, found nothing / ");
  CHECK(failure({"-vo"}) == "--output: expected a value FILE, found nothing / ");
}
