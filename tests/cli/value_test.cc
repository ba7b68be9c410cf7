#include "cli/value.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;
using namespace fovea::cli;

namespace {

std::string failure(const Option& option, std::string_view word) {
  try {
    parse_value(option.record(), word, "--x");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
    return std::string(error.what()) + (error.hint().empty() ? "" : " / " + error.hint());
  }
  return "none";
}

}  // namespace

TEST_CASE("parse_value: ranges with open and closed ends") {
  OptionTable table;
  double x = 0;
  int64_t n = 0;
  auto& momentum = table.add("momentum", x, "X", "Line.").range(0, 1).below(1);
  CHECK(failure(momentum, "1.5") == "--x: expected 0 <= x < 1, found 1.5");
  CHECK(failure(momentum, "1") == "--x: expected 0 <= x < 1, found 1");
  CHECK(failure(momentum, "0") == "none");
  CHECK(failure(momentum, "-1e-9") == "--x: expected 0 <= x < 1, found -1e-9");
  CHECK(failure(table.add("rate", x, "X", "Line.").above(0), "0") == "--x: expected x > 0, found 0");
  CHECK(failure(table.add("epochs", n, "N", "Line.").range(1, 1e6), "0") == "--x: expected 1 <= x <= 1000000, found 0");
  CHECK(failure(table.add("most", n, "N", "Line.").at_most(9), "10") == "--x: expected x <= 9, found 10");
}

TEST_CASE("parse_value: numbers are whole words in base ten") {
  OptionTable table;
  int64_t n = 0;
  int small = 0;
  uint64_t natural = 0;
  double x = 0;
  const auto& whole = table.add("n", n, "N", "Line.");
  CHECK(std::get<int64_t>(parse_value(whole.record(), "010", "--x")) == 10);
  CHECK(failure(whole, "1e3") == "--x: expected a whole number, found '1e3'");
  CHECK(failure(whole, "") == "--x: expected a whole number, found ''");
  CHECK(failure(table.add("small", small, "N", "Line."), "3000000000") ==
        "--x: expected a whole number, found '3000000000'");
  const auto& seed = table.add("seed", natural, "N", "Line.");
  CHECK(std::get<uint64_t>(parse_value(seed.record(), "18446744073709551615", "--x")) == UINT64_MAX);
  CHECK(failure(seed, "-1") == "--x: expected a whole number >= 0, found '-1'");
  const auto& real = table.add("x", x, "X", "Line.");
  for (const char* bad : {"nan", "inf", "0x1", "1,5", "abc"})
    CHECK(failure(real, bad) == fmt::format("--x: expected a number, found '{}'", bad));
  CHECK(failure(real, "\x1b[31m") == "--x: expected a number, found '\\x1b[31m'");
}

TEST_CASE("parse_value: choices propose the nearest, switches take words") {
  OptionTable table;
  std::string name;
  bool flag = false;
  const auto& format = table.add("format", name, "KIND", "Line.").choices({"table", "tsv", "jsonl"});
  CHECK(failure(format, "tvs") == "--x: expected table, tsv or jsonl, found 'tvs' / did you mean 'tsv'?");
  const auto& on = table.add("flag", flag, "Line.");
  CHECK(std::get<bool>(parse_value(on.record(), "on", "--x")));
  CHECK_FALSE(std::get<bool>(parse_value(on.record(), "0", "--x")));
  CHECK(failure(on, "maybe") == "--x: expected true or false, found 'maybe'");
}

TEST_CASE("parse_value: sizes and durations, and their bounds in the same units") {
  OptionTable table;
  int64_t bytes = 0;
  double seconds = 0;
  const auto& size = table.add("size", bytes, "SIZE", "Line.").as_size().range(1024, int64_t{1} << 30);
  CHECK(std::get<int64_t>(parse_value(size.record(), "4M", "--x")) == 4 << 20);
  CHECK(failure(size, "2G") == "--x: expected 1K <= x <= 1G, found 2G");
  CHECK(failure(size, "big") == "--x: expected a size such as 512M or 4G, found 'big'");
  const auto& time = table.add("time", seconds, "TIME", "Line.").as_duration().above(0);
  CHECK(std::get<double>(parse_value(time.record(), "1h30m", "--x")) == 5400);
  CHECK(failure(time, "soon") == "--x: expected a time such as 90s, 10m or 3h, found 'soon'");
}

TEST_CASE("exact_size, exact_duration: texts that read back to the same value") {
  OptionTable table;
  int64_t bytes = 0;
  double seconds = 0;
  const auto& size = table.add("size", bytes, "SIZE", "Line.").as_size();
  const auto& time = table.add("time", seconds, "TIME", "Line.").as_duration();
  for (const int64_t value : {int64_t{0}, int64_t{1}, int64_t{1536}, int64_t{3} << 30, int64_t{1} << 40, INT64_MAX}) {
    CHECK(std::get<int64_t>(parse_value(size.record(), exact_size(value), "")) == value);
  }
  for (const double value : {0.0, 0.25, 1.0, 61.0, 3600.0, 86399.0, 1e5, 123.456}) {
    CHECK(std::get<double>(parse_value(time.record(), exact_duration(value), "")) == value);
  }
  CHECK(exact_size(2048) == "2K");
  CHECK(exact_duration(5400) == "1h30m");
}

TEST_CASE("parse_values: lists split at commas unless they name files; the last word of a scalar counts") {
  OptionTable table;
  std::vector<double> numbers;
  std::vector<std::string> files;
  int64_t n = 0;
  CHECK(parse_values(table.add("numbers", numbers, "X", "Line.").record(), {"1,2", "3"}, "").size() == 3);
  CHECK(parse_values(table.add("files", files, "FILE", "Line.").is_input_path().record(), {"a,b", "c"}, "").size() ==
        2);
  CHECK(std::get<int64_t>(parse_values(table.add("n", n, "N", "Line.").record(), {"1", "2"}, "").at(0)) == 2);
  CHECK_THROWS_AS(parse_values(table.find("numbers")->record(), {"1,,2"}, "--numbers"), Error);
}
