// The training log: one row per report, kept in the checkpoint (/training/log) and written as JSON lines (--metrics).
// No wall-clock values, so that two runs compare with cmp.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "io/checkpoint_file.h"

namespace fovea::train {

using Metrics = std::vector<std::pair<std::string, double>>;  // in the order to be shown

class History {
 public:
  // Columns are the union over all rows, in order of first appearance; absent values are NaN.
  void add(int64_t step, const Metrics& metrics);
  void truncate(int64_t last_step);  // drops rows beyond, for resuming

  const std::vector<int64_t>& steps() const { return steps_; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<double>& column(const std::string& name) const;  // throws Error(kData) if absent
  bool has(const std::string& name) const;
  std::optional<double> last(const std::string& name) const;             // of the last row, if it is there and finite
  void set_column(const std::string& name, std::vector<double> values);  // loading; sizes must agree
  void set_steps(std::vector<int64_t> steps) { steps_ = std::move(steps); }
  // First step at which `name` reached `target` (>=), -1 if never.
  int64_t first_step_reaching(const std::string& name, double target) const;

 private:
  std::vector<int64_t> steps_;
  std::vector<std::string> names_;
  std::map<std::string, std::vector<double>> columns_;
};

// The log of a checkpoint; empty without one.
History logged_history(const io::CheckpointData& data);

// One JSON object per row: {"step":100,"loss":0.231}; NaN as null.
std::string metrics_line(int64_t step, const Metrics& metrics);

// --metrics FILE: appended line by line. On resume, lines beyond `resumed_step` are cut (the file is rewritten
// atomically).
class MetricsFile {
 public:
  MetricsFile() = default;
  MetricsFile(std::string path, int64_t resumed_step);
  ~MetricsFile();
  MetricsFile(MetricsFile&&) noexcept;
  MetricsFile& operator=(MetricsFile&&) noexcept;
  void write(int64_t step, const Metrics& metrics);

 private:
  std::string path_;
  int descriptor_ = -1;
};

// Reads a --metrics file back. Throws Error(kData) with FILE:LINE.
History read_metrics(const std::string& path);
// Is this a log of its own, a --metrics file (*.jsonl) or a fovea.log file, and not a checkpoint? Streams never are.
bool is_log_file(const std::string& path);
History read_log(const std::string& path);  // of such a file
// The log in a checkpoint, from `path`. Throws Error(kData) if it has none, or no reports.
History log_of_checkpoint(const io::CheckpointData& data, const std::string& path);

}  // namespace fovea::train
