// The options that the tools share, declared once. A command chooses the groups that it has.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/shard.h"
#include "cli/option.h"

namespace fovea::cli {

// Bits. Every command has: --help --version --info --config --print-config --threads --max-memory --quiet --verbose
// --log-file --progress.
enum class CommonSet : unsigned {
  kBasic = 0,
  kSeed = 1U << 0,           // --seed
  kDeterministic = 1U << 1,  // --deterministic
  kNoClobber = 1U << 2,      // --no-clobber: commands that write files
  kFormat = 1U << 3,         // --format table|tsv|jsonl: commands that print
  kDryRun = 1U << 4,         // --dry-run
  kShard = 1U << 5,          // --shard
  kCheckpoints = 1U << 6,    // --resume --checkpoint-every --keep --max-time
  kCompress = 1U << 7,       // --compress: commands that write HDF5
  kFiles = kCompress | kNoClobber,
  kTraining = kSeed | kDeterministic | kFiles | kDryRun | kCheckpoints,
  kBatch = kSeed | kDeterministic | kFiles | kDryRun | kShard,
};
constexpr CommonSet operator|(CommonSet a, CommonSet b) {
  return static_cast<CommonSet>(static_cast<unsigned>(a) | static_cast<unsigned>(b));
}
constexpr bool has(CommonSet set, CommonSet part) {
  return (static_cast<unsigned>(set) & static_cast<unsigned>(part)) == static_cast<unsigned>(part);
}

// --checkpoint-every: by time or by steps; the other one is 0.
struct CheckpointPeriod {
  double seconds = 0;
  int64_t steps = 0;
};
// "10m", "500s", "2000it". Throws Error(kUsage).
CheckpointPeriod parse_checkpoint_period(std::string_view text);

// Options that a command does not have keep their defaults.
struct CommonOptions {
  // Applied by cli::run before the command starts:
  std::optional<int> threads;  // absent: SLURM_CPUS_PER_TASK, else affinity mask and cgroup quota
  int64_t max_memory = 0;      // bytes; 0: three quarters of the machine or cgroup
  bool quiet = false;
  int verbose = 0;  // 1: details; 2: with the time since the start
  std::string log_file;
  std::string progress = "auto";
  // Handled by cli::run instead of the command:
  bool help = false, show_version = false, print_config = false;
  std::string info, config;
  // Read by the commands:
  uint64_t seed = 1;
  bool deterministic = true;
  std::optional<int> compress;  // deflate level 0..9; absent: what the file kind prescribes
  bool no_clobber = false;
  std::string format;  // resolved: table on a terminal, else tsv
  bool dry_run = false;
  Shard shard;  // {0, 1} = whole
  bool resume = false;
  CheckpointPeriod checkpoint_every{600, 0};
  int keep = 0;         // numbered checkpoints kept besides the newest and the best
  double max_time = 0;  // seconds; 0: none

  // The words behind `shard` and `checkpoint_every`.
  std::string shard_text = "0/1";
  std::string checkpoint_every_text = "10m";
};

// How a command was called.
struct Invocation {
  std::string tool, verb, version;
  std::string parameters_json;    // canonical JSON of all options that influence the content, defaults included
  std::string command_line_json;  // JSON array, without options that cannot change the content
  CommonOptions common;
  std::set<std::string, std::less<>> given;  // long names set by flag, environment or config

  bool was_given(std::string_view long_name) const { return given.find(long_name) != given.end(); }
  // For the root attribute `tool`: "rcnn-detect features".
  std::string tool_and_verb() const { return verb.empty() ? tool : tool + " " + verb; }
};

// Adds the groups of `which` to `table`, bound to `options`; their records are marked `common`.
void declare_common(OptionTable& table, CommonOptions& options, CommonSet which);

// After parsing: derives format, shard and checkpoint period from their words. Throws Error(kUsage).
void finish_common(CommonOptions& options);

}  // namespace fovea::cli
