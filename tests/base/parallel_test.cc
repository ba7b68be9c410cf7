#include "base/parallel.h"

#include <doctest/doctest.h>

#include <atomic>
#include <cstdlib>
#include <stdexcept>
#include <vector>

using namespace fovea;

TEST_CASE("parallel_tasks: each index once, for every thread count") {
  for (const int threads : {1, 2, 5}) {
    set_thread_count(threads);
    CHECK(thread_count() == threads);
    std::vector<std::atomic<int>> visits(1000);
    parallel_tasks(1000, [&](int64_t i) { ++visits[static_cast<size_t>(i)]; });
    for (const auto& count : visits) REQUIRE(count == 1);
  }
  set_thread_count(0);
}

TEST_CASE("parallel_blocks: the partition depends on count and grain only") {
  for (const int threads : {1, 3}) {
    set_thread_count(threads);
    std::vector<int64_t> ends(4, -1);
    parallel_blocks(10, 3, [&](int64_t begin, int64_t end) { ends[static_cast<size_t>(begin / 3)] = end; });
    CHECK(ends == std::vector<int64_t>{3, 6, 9, 10});
  }
  parallel_blocks(0, 3, [](int64_t, int64_t) { FAIL("no block"); });
  set_thread_count(0);
}

TEST_CASE("parallel_tasks: an exception comes back, nested calls run") {
  set_thread_count(3);
  CHECK_THROWS_AS(parallel_tasks(100,
                                 [](int64_t i) {
                                   if (i == 42) throw std::runtime_error("x");
                                 }),
                  std::runtime_error);
  std::atomic<int> sum{0};
  parallel_tasks(4, [&](int64_t) { parallel_tasks(4, [&](int64_t) { ++sum; }); });
  CHECK(sum == 16);
  CHECK_FALSE(in_parallel());
  set_thread_count(0);
}

TEST_CASE("default_thread_count: Slurm's word counts") {
  setenv("SLURM_CPUS_PER_TASK", "3", 1);
  CHECK(default_thread_count() == 3);
  setenv("SLURM_CPUS_PER_TASK", "nonsense", 1);
  CHECK(default_thread_count() >= 1);
  unsetenv("SLURM_CPUS_PER_TASK");
}
