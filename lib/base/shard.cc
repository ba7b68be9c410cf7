#include "base/shard.h"

#include <algorithm>
#include <cstdlib>

#include "base/error.h"
#include "base/text.h"

namespace fovea {
namespace {

constexpr int64_t kMostShards = 1'000'000;  // Slurm's MaxArraySize cannot exceed 4 000 001

int64_t slurm_variable(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) {
    throw Error(ErrorKind::kUsage, fmt::format("--shard slurm: expected the environment variable {}, found none", name),
                "start the program with sbatch --array=A-B");
  }
  const auto value = parse_int(text);
  if (!value) fail(ErrorKind::kUsage, "--shard slurm: {}: expected a whole number, found '{}'", name, printable(text));
  return *value;
}

Shard slurm_shard() {
  const int64_t id = slurm_variable("SLURM_ARRAY_TASK_ID");
  const int64_t first = slurm_variable("SLURM_ARRAY_TASK_MIN");
  const int64_t last = slurm_variable("SLURM_ARRAY_TASK_MAX");
  const int64_t count = slurm_variable("SLURM_ARRAY_TASK_COUNT");
  const int64_t step = std::getenv("SLURM_ARRAY_TASK_STEP") != nullptr ? slurm_variable("SLURM_ARRAY_TASK_STEP") : 1;
  const bool dense = step > 0 && count > 0 && count <= kMostShards && first >= 0 &&
                     last - first == step * (count - 1) && id >= first && id <= last && (id - first) % step == 0;
  if (!dense) {
    throw Error(ErrorKind::kUsage,
                fmt::format("--shard slurm: expected a dense array, found task {} of {} in {}..{} with step {}", id,
                            count, first, last, step),
                "use sbatch --array=A-B or A-B:STEP, or give --shard i/n for the missing ones");
  }
  return {static_cast<int>((id - first) / step), static_cast<int>(count)};
}

}  // namespace

std::pair<int64_t, int64_t> Shard::range(int64_t items) const {
  // floor(i N / n) without forming i N, which may overflow.
  const auto edge = [&](int64_t i) { return i * (items / count) + i * (items % count) / count; };
  return {edge(index), edge(int64_t{index} + 1)};
}

Shard parse_shard(std::string_view text) {
  if (text == "slurm") return slurm_shard();
  const auto slash = text.find('/');
  if (slash != std::string_view::npos) {
    const auto index = parse_int(text.substr(0, slash)), count = parse_int(text.substr(slash + 1));
    if (index && count && *index >= 0 && *index < *count && *count <= kMostShards) {
      return {static_cast<int>(*index), static_cast<int>(*count)};
    }
  }
  fail(ErrorKind::kUsage, "--shard: expected i/n with 0 <= i < n, or slurm, found '{}'", printable(text));
}

std::string array_expression(std::vector<int> indices) {
  std::sort(indices.begin(), indices.end());
  indices.erase(std::unique(indices.begin(), indices.end()), indices.end());
  std::string out;
  for (size_t i = 0; i < indices.size();) {
    size_t end = i;
    while (end + 1 < indices.size() && indices[end + 1] == indices[end] + 1) ++end;
    out += fmt::format("{}{}", out.empty() ? "" : ",", indices[i]);
    if (end > i) out += fmt::format("-{}", indices[end]);
    i = end + 1;
  }
  return out;
}

}  // namespace fovea
