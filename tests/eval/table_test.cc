#include "eval/table.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

Table sample() {
  Table table;
  table.columns = {{"id"}, {"label"}, {"score", 3}, {"seen"}};
  table.rows = {{std::string("a\tb\\c\nd"), int64_t{7}, 0.1, true}, {std::string("né"), Cell(), 2.5f, false}};
  return table;
}

}  // namespace

TEST_CASE("table: TSV escapes, marks absent cells and round-trips numbers") {
  CHECK(sample().text(TableFormat::kTsv) ==
        "#id\tlabel\tscore\tseen\n"
        "a\\tb\\\\c\\nd\t7\t0.1\t1\n"
        "né\tNA\t2.5\t0\n");
}

TEST_CASE("table: JSON lines keep the column order and have no NaN") {
  Table table = sample();
  table.rows.push_back({std::string("\"\x01"), int64_t{1} << 60, std::nan(""), Cell()});
  CHECK(table.text(TableFormat::kJsonl) ==
        "{\"id\":\"a\\tb\\\\c\\nd\",\"label\":7,\"score\":0.1,\"seen\":true}\n"
        "{\"id\":\"né\",\"label\":null,\"score\":2.5,\"seen\":false}\n"
        "{\"id\":\"\\\"\\u0001\",\"label\":\"1152921504606846976\",\"score\":null,\"seen\":null}\n");
}

TEST_CASE("table: columns are aligned by characters, numbers on the right and rounded") {
  Table table = sample();
  table.rows[0][0] = std::string("long name");
  CHECK(table.text(TableFormat::kTable) ==
        "id         label  score  seen\n"
        "long name      7  0.100  yes\n"
        "né             -  2.500  no\n");
}

TEST_CASE("table: control characters can't reach the terminal") {
  Table table;
  table.columns = {{"name"}};
  table.rows = {{std::string("\x1b[31mred")}};
  CHECK(table.text(TableFormat::kTable) == "name\n\\x1b[31mred\n");
}

TEST_CASE("table: an empty TSV still has its header, empty JSON lines are empty") {
  Table table;
  table.columns = {{"step"}, {"loss"}};
  CHECK(table.text(TableFormat::kTsv) == "#step\tloss\n");
  CHECK(table.text(TableFormat::kJsonl).empty());
  CHECK(table.text(TableFormat::kTable) == "step  loss\n");
}

TEST_CASE("table: floats are as short as they read back as floats") {
  Table table;
  table.columns = {{"x"}};
  table.rows = {{0.1f}};
  CHECK(table.text(TableFormat::kTsv) == "#x\n0.1\n");
  CHECK(table.text(TableFormat::kJsonl) == "{\"x\":0.1}\n");
}

TEST_CASE("table: rows stream to the sink as they come, except in tables") {
  std::string out;
  TableWriter writer({{"n"}}, TableFormat::kTsv, [&](std::string_view text) { out += text; });
  writer.add({int64_t{1}});
  CHECK(out == "#n\n1\n");
  CHECK_THROWS_AS(writer.add({}), Error);
  writer.finish();
  CHECK(out == "#n\n1\n");
}

TEST_CASE("table: format names are parsed, others are refused with the nearest") {
  CHECK(parse_table_format("jsonl") == TableFormat::kJsonl);
  CHECK(parse_table_format("auto") == TableFormat::kAuto);
  CHECK(resolve(TableFormat::kTable) == TableFormat::kTable);
  CHECK(resolve(TableFormat::kAuto) != TableFormat::kAuto);
  try {
    parse_table_format("jsnl");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
    CHECK(error.hint() == "did you mean 'jsonl'?");
  }
}
