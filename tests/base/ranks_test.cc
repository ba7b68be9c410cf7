#include "base/ranks.h"

#include <doctest/doctest.h>

#include <array>
#include <cstdlib>
#include <utility>
#include <vector>

#include "base/child.h"

namespace fovea {
namespace {

using Environment = std::vector<std::pair<const char*, const char*>>;

template <typename Body>
int under(const Environment& environment, Body&& body) {
  return run_in_child([&] {
    for (const char* name : {"OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_LOCAL_SIZE", "PMIX_RANK",
                             "SLURM_STEP_NUM_TASKS", "SLURM_CPUS_PER_TASK", "PMI_SIZE", "PMI_RANK"})
      unsetenv(name);
    for (const auto& [name, value] : environment) setenv(name, value, 1);
    return body();
  });
}

// rank, count and local count as one number
int place_number() {
  const ranks::Place place = ranks::find_place();
  return 100 * place.rank + 10 * place.count + place.local_count;
}

}  // namespace

TEST_CASE("ranks: what each launcher says, and that a batch script is no rank") {
  CHECK(under({}, place_number) == 11);
  CHECK(under({{"OMPI_COMM_WORLD_SIZE", "4"}, {"OMPI_COMM_WORLD_RANK", "1"}, {"OMPI_COMM_WORLD_LOCAL_SIZE", "2"}},
              place_number) == 142);
  CHECK(under({{"PMIX_RANK", "1"}, {"SLURM_STEP_NUM_TASKS", "3"}}, place_number) == 131);
  CHECK(under({{"PMI_RANK", "1"}, {"PMI_SIZE", "3"}}, place_number) == 131);
  CHECK(under({{"SLURM_STEP_NUM_TASKS", "3"}, {"SLURM_NTASKS", "3"}}, place_number) == 11);
  CHECK(under({{"OMPI_COMM_WORLD_SIZE", "1"}, {"OMPI_COMM_WORLD_RANK", "0"}}, place_number) == 11);
  CHECK(under({{"OMPI_COMM_WORLD_SIZE", "2"}, {"OMPI_COMM_WORLD_RANK", "2"}}, place_number) == 11);
}

TEST_CASE("ranks: without a job of several nothing is shared, and nothing changes") {
  std::array<double, 2> values{1, 2};
  ranks::sum(values);
  ranks::take_from_first(values);
  CHECK(values == std::array<double, 2>{1, 2});
  CHECK(ranks::any(true));
  CHECK_FALSE(ranks::any(false));
  ranks::join();
  CHECK_FALSE(ranks::joined());
}

}  // namespace fovea
