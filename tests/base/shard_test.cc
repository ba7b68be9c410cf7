#include "base/shard.h"

#include <doctest/doctest.h>

#include <cstdlib>

#include "base/error.h"

using namespace fovea;

namespace {
void set_slurm(const char* id, const char* first, const char* last, const char* count, const char* step) {
  const auto set = [](const char* name, const char* value) {
    value != nullptr ? setenv(name, value, 1) : unsetenv(name);
  };
  set("SLURM_ARRAY_TASK_ID", id);
  set("SLURM_ARRAY_TASK_MIN", first);
  set("SLURM_ARRAY_TASK_MAX", last);
  set("SLURM_ARRAY_TASK_COUNT", count);
  set("SLURM_ARRAY_TASK_STEP", step);
}
}  // namespace

TEST_CASE("Shard: ranges join without gap, also with more shards than items") {
  for (const int count : {1, 3, 7, 100}) {
    int64_t next = 0;
    for (int i = 0; i < count; ++i) {
      const auto [begin, end] = Shard{i, count}.range(50);
      CHECK(begin == next);
      CHECK(begin == static_cast<int64_t>(i) * 50 / count);
      next = end;
    }
    CHECK(next == 50);
  }
  CHECK(Shard{999999, 1000000}.range(INT64_MAX).second == INT64_MAX);  // no overflow
}

TEST_CASE("parse_shard: i/n with 0 <= i < n") {
  CHECK(parse_shard("2/7").index == 2);
  CHECK(parse_shard("2/7").count == 7);
  CHECK(parse_shard("0/1").whole());
  for (const char* bad : {"", "7/7", "-1/3", "1", "1/", "a/b", "0/0", "1/3/5", "SLURM"})
    CHECK_THROWS_AS(parse_shard(bad), Error);
}

TEST_CASE("parse_shard: slurm arrays count from their first task, in steps") {
  set_slurm("5", "1", "9", "5", "2");
  CHECK(parse_shard("slurm").index == 2);
  CHECK(parse_shard("slurm").count == 5);
  set_slurm("1", "1", "3", "3", nullptr);
  CHECK(parse_shard("slurm").index == 0);
  set_slurm("7", "1", "9", "3", "1");  // --array=1,7,9
  CHECK_THROWS_AS(parse_shard("slurm"), Error);
  set_slurm(nullptr, nullptr, nullptr, nullptr, nullptr);
  CHECK_THROWS_AS(parse_shard("slurm"), Error);
}

TEST_CASE("array_expression: runs are ranges") {
  CHECK(array_expression({14, 3, 7, 12, 13, 3}) == "3,7,12-14");
  CHECK(array_expression({}).empty());
}
