#include "base/text.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace fovea;

TEST_CASE("parse_int: base ten, whole word") {
  CHECK(parse_int("010") == 10);
  CHECK(parse_int("-9223372036854775808") == INT64_MIN);
  CHECK(parse_int("+7") == 7);
  for (const char* bad : {"", "+", "+-3", "0x10", "1.0", " 1", "1 ", "9223372036854775808", "1e3"})
    CHECK_FALSE(parse_int(bad));
}

TEST_CASE("parse_double: finite decimal numbers only") {
  CHECK(parse_double("1e-5") == 1e-5);
  CHECK(parse_double("-.5") == -0.5);
  for (const char* bad : {"", "nan", "inf", "-inf", "1,5", "0x1p3", "1.0f", "1e999", " 1"})
    CHECK_FALSE(parse_double(bad));
}

TEST_CASE("parse_size: units of 1024") {
  CHECK(parse_size("512M") == int64_t{512} << 20);
  CHECK(parse_size("4G") == int64_t{4} << 30);
  CHECK(parse_size("100") == 100);
  for (const char* bad : {"", "M", "-1", "1.5G", "1g", "1MB", "9999999999T"}) CHECK_FALSE(parse_size(bad));
}

TEST_CASE("parse_duration: units fall, each at most once") {
  CHECK(parse_duration("90s") == 90.0);
  CHECK(parse_duration("1h30m") == 5400.0);
  CHECK(parse_duration("2d") == 172800.0);
  CHECK(parse_duration("1.5") == 1.5);
  for (const char* bad : {"", "m", "30m1h", "1h1h", "-5", "5x", "1h30"}) CHECK_FALSE(parse_duration(bad));
}

TEST_CASE("format_number: shortest text that reads back") {
  CHECK(format_number(0.1) == "0.1");
  CHECK(format_number(0.1F) == "0.1");
  CHECK(format_number(1e-5) == "1e-05");
  CHECK(format_number(std::numeric_limits<double>::infinity()) == "inf");
  CHECK(format_number(-std::nan("")) == "nan");
  for (const double x : {1.0 / 3, 5e-324, 1.7976931348623157e308, -0.0}) CHECK(*parse_double(format_number(x)) == x);
}

TEST_CASE("split, trim, join: keep empty fields") {
  CHECK(split("a,,b", ',') == std::vector<std::string>{"a", "", "b"});
  CHECK(split("", ',') == std::vector<std::string>{""});
  CHECK(trim(" \ta b\r\n") == "a b");
  CHECK(trim("  ").empty());
  CHECK(join({"a", "", "b"}, ", ") == "a, , b");
}

TEST_CASE("is_valid_utf8: refuses overlong forms, surrogates and cut sequences") {
  CHECK(is_valid_utf8("a\xC3\xA9\xE2\x82\xAC\xF0\x9F\x98\x80"));
  for (const char* bad : {"\xC0\x80", "\xED\xA0\x80", "\xE2\x82", "\xFF", "\xF5\x80\x80\x80", "\x80"})
    CHECK_FALSE(is_valid_utf8(bad));
}

TEST_CASE("printable: control characters are shown and the length is bounded") {
  CHECK(printable("a\nb\x1b[0m") == "a\\x0ab\\x1b[0m");
  CHECK(printable("\xFFz") == "\\xffz");
  CHECK(printable(std::string(100, 'x'), 10) == "xxxxxxxxxx...");
  CHECK(printable("caf\xC3\xA9") == "caf\xC3\xA9");
}

TEST_CASE("escape_tsv: tab, newline and backslash") { CHECK(escape_tsv("a\tb\nc\\") == "a\\tb\\nc\\\\"); }

TEST_CASE("nearest: one typing error is found, a stranger is not") {
  const std::vector<std::string> words = {"epochs", "momentum", "threads"};
  CHECK(nearest("epoch", words) == "epochs");
  CHECK(nearest("mometnum", words) == "momentum");
  CHECK(nearest("zzzzzz", words).empty());
  CHECK(edit_distance("ab", "ba") == 1);
  CHECK(edit_distance("kitten", "sitting") == 3);
}

TEST_CASE("format_bytes, format_duration: for people") {
  CHECK(format_bytes(512) == "512 B");
  CHECK(format_bytes(1536) == "1.5 KiB");
  CHECK(format_duration(41) == "41s");
  CHECK(format_duration(7380) == "2h03m");
}
