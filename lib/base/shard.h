// --shard i/n: contiguous shares of a list, so that merging is concatenation (files-and-cli section 7).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea {

struct Shard {
  int index = 0, count = 1;
  // Items [floor(i N / n), floor((i+1) N / n)).
  std::pair<int64_t, int64_t> range(int64_t items) const;
  bool whole() const { return count == 1; }
};

// "2/7", or "slurm": from SLURM_ARRAY_TASK_ID, _MIN, _MAX, _COUNT, _STEP, dense arrays only. Throws Error(kUsage).
Shard parse_shard(std::string_view text);

// {3,7,12,13,14} -> "3,7,12-14", for a --array expression.
std::string array_expression(std::vector<int> indices);

}  // namespace fovea
