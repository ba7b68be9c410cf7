#include "io/json.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "io/h5_fixtures.h"

namespace fovea::io {
namespace {

using test::error_of;

TEST_CASE("json: canonical text is sorted, short and has no NaN") {
  const Json value = {{"b", 0.1},
                      {"a", {1, -2, true, nullptr}},
                      {"Z", std::nan("")},
                      {"big", uint64_t{1} << 60},
                      {"edge", int64_t{1} << 53},
                      {"small", -(int64_t{1} << 60)},
                      {"text", "tab\t\"Zürich\""},
                      {"empty", Json::object()}};
  CHECK(canonical_json(value) ==
        "{\"Z\":null,\"a\":[1,-2,true,null],\"b\":0.1,\"big\":\"1152921504606846976\",\"edge\":9007199254740992,"
        "\"empty\":{},\"small\":\"-1152921504606846976\",\"text\":\"tab\\t\\\"Zürich\\\"\"}");
  CHECK(canonical_json(parse_json(canonical_json(value), "x")) == canonical_json(value));
}

TEST_CASE("json: invalid UTF-8 is replaced, not thrown") {
  CHECK(canonical_json(Json("a\xff")) == "\"a\xef\xbf\xbd\"");
}

TEST_CASE("json: pretty text keeps the order") {
  CHECK(pretty_json({{"b", 1}, {"a", {1, 2}}}) == "{\n  \"b\": 1,\n  \"a\": [1, 2]\n}\n");
}

TEST_CASE("json: errors name file, line and column") {
  const auto message = [](const char* text) {
    return std::string(error_of([&] { parse_json(text, "a.json"); }).what());
  };
  CHECK(message("{\n  \"a\": oops\n}").starts_with("a.json:2:8: expected valid JSON, found \"o"));
  CHECK(message("{\"a\": 1").find("found the end") != std::string::npos);
  CHECK(message("").starts_with("a.json:1:1: "));
  CHECK(message("[1e999]").find("float64") != std::string::npos);
  CHECK(message("[1] x").starts_with("a.json:1:5"));
}

TEST_CASE("json: depth is bounded") {
  CHECK_NOTHROW(parse_json(std::string(60, '[') + std::string(60, ']'), "x"));
  const Error error = error_of([] { parse_json(std::string(100000, '['), "x"); });
  CHECK(error.kind() == ErrorKind::kData);
}

TEST_CASE("json: members are typed") {
  const Json value = parse_json(R"({"s":"x","i":5,"big":"9007199254740993","f":1.5})", "x");
  CHECK(json_text(value, "s", "x") == "x");
  CHECK(json_int(value, "i", "x") == 5);
  CHECK(json_int(value, "big", "x") == 9007199254740993);
  CHECK(json_number(value, "f", "x") == 1.5);
  CHECK(std::string(error_of([&] { json_int(value, "f", "a.json"); }).what()) ==
        "a.json: f: expected an integer, found a fraction");
  CHECK(std::string(error_of([&] { json_text(value, "t", "a.json"); }).what()) ==
        "a.json: t: expected a value, found nothing");
}

}  // namespace
}  // namespace fovea::io
