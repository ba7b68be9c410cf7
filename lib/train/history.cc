#include "train/history.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "io/h5_reader.h"
#include "io/json.h"

namespace fovea::train {
namespace {

constexpr double kAbsent = std::numeric_limits<double>::quiet_NaN();
constexpr int64_t kMaxMetricsBytes = int64_t{1} << 30;

std::string json_key(const std::string& text) { return io::Json(text).dump(); }

// The step of a line written by metrics_line, or -1.
int64_t step_of(const std::string& line) {
  constexpr std::string_view kStart = "{\"step\":";
  if (!line.starts_with(kStart)) return -1;
  const auto end = line.find_first_of(",}", kStart.size());
  return end == std::string::npos
             ? -1
             : parse_int(std::string_view(line).substr(kStart.size(), end - kStart.size())).value_or(-1);
}

}  // namespace

void History::add(int64_t step, const Metrics& metrics) {
  steps_.push_back(step);
  for (const auto& [name, value] : metrics) {
    if (!has(name)) {
      names_.push_back(name);
      columns_[name].assign(steps_.size() - 1, kAbsent);
    }
    auto& column = columns_[name];
    column.resize(steps_.size() - 1, kAbsent);
    column.push_back(value);
  }
  for (auto& [name, column] : columns_) column.resize(steps_.size(), kAbsent);
}

void History::truncate(int64_t last_step) {
  const auto keep = std::upper_bound(steps_.begin(), steps_.end(), last_step) - steps_.begin();
  steps_.resize(static_cast<size_t>(keep));
  for (auto& [name, column] : columns_) column.resize(steps_.size());
}

bool History::has(const std::string& name) const { return columns_.contains(name); }

std::optional<double> History::last(const std::string& name) const {
  if (!has(name) || steps_.empty() || !std::isfinite(column(name).back())) return std::nullopt;
  return column(name).back();
}

const std::vector<double>& History::column(const std::string& name) const {
  const auto it = columns_.find(name);
  if (it == columns_.end())
    fail(ErrorKind::kData, "the training log has no column '{}'; it has {}", name, join(names_, ", "));
  return it->second;
}

void History::set_column(const std::string& name, std::vector<double> values) {
  if (values.size() != steps_.size()) {
    fail_data("training/log/" + name, fmt::format("{} values", steps_.size()), std::to_string(values.size()));
  }
  if (!has(name)) names_.push_back(name);
  columns_[name] = std::move(values);
}

int64_t History::first_step_reaching(const std::string& name, double target) const {
  const auto& values = column(name);
  for (size_t i = 0; i < values.size(); ++i) {
    if (values[i] >= target) return steps_[i];
  }
  return -1;
}

History logged_history(const io::CheckpointData& data) {
  History history;
  history.set_steps(data.log_steps);
  for (const io::LogColumn& column : data.log) history.set_column(column.name, column.values);
  return history;
}

std::string metrics_line(int64_t step, const Metrics& metrics) {
  std::string line = fmt::format("{{\"step\":{}", step);
  for (const auto& [name, value] : metrics) {
    line += fmt::format(",{}:{}", json_key(name), std::isfinite(value) ? format_number(value) : "null");
  }
  return line + "}\n";
}

MetricsFile::MetricsFile(std::string path, int64_t resumed_step) : path_(std::move(path)) {
  if (path_.empty()) return;
  if (path_ == "-") fail(ErrorKind::kUsage, "--metrics: expected a file; standard output is for the results");
  std::string kept;
  if (resumed_step >= 0 && file_exists(path_)) {
    for (const auto& line : split(read_text_file(path_, kMaxMetricsBytes), '\n')) {
      const int64_t step = step_of(line);
      if (step >= 0 && step <= resumed_step && line.ends_with('}')) kept += line + "\n";
    }
  }
  write_file(path_, kept);
  descriptor_ = open(path_.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (descriptor_ < 0) fail(ErrorKind::kCannotCreate, "{}: cannot open: {}", path_, system_message(errno));
}

MetricsFile::~MetricsFile() {
  if (descriptor_ >= 0) close(descriptor_);
}

MetricsFile::MetricsFile(MetricsFile&& other) noexcept
    : path_(std::move(other.path_)), descriptor_(std::exchange(other.descriptor_, -1)) {}

MetricsFile& MetricsFile::operator=(MetricsFile&& other) noexcept {
  std::swap(path_, other.path_);
  std::swap(descriptor_, other.descriptor_);
  return *this;
}

void MetricsFile::write(int64_t step, const Metrics& metrics) {
  if (descriptor_ < 0) return;
  const std::string line = metrics_line(step, metrics);
  size_t done = 0;
  while (done < line.size()) {
    const ssize_t count = ::write(descriptor_, line.data() + done, line.size() - done);
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) fail(ErrorKind::kIo, "{}: cannot write: {}", path_, system_message(errno));
    done += static_cast<size_t>(count);
  }
}

History read_metrics(const std::string& path) {
  History history;
  int number = 0;
  for (const auto& line : split(read_text_file(path, kMaxMetricsBytes), '\n')) {
    ++number;
    if (line.empty()) continue;
    const io::Json object = io::parse_json(line, fmt::format("{}:{}", path, number));
    if (!object.is_object() || !object.contains("step") || !object["step"].is_number_integer()) {
      fail_data(fmt::format("{}:{}", path, number), "an object with an integer \"step\"",
                fmt::format("'{}'", printable(line)));
    }
    Metrics metrics;
    for (const auto& [name, value] : object.items()) {
      if (name != "step") metrics.emplace_back(name, value.is_number() ? value.get<double>() : kAbsent);
    }
    history.add(object["step"].get<int64_t>(), metrics);
  }
  return history;
}

bool is_log_file(const std::string& path) {
  if (path.ends_with(".jsonl")) return true;
  std::error_code failed;  // a stream can be read once only: it is taken for a checkpoint
  if (!std::filesystem::is_regular_file(path, failed)) return false;
  return io::H5Reader::open(path, "").attributes().schema == "fovea.log";
}

History read_log(const std::string& path) {
  if (path.ends_with(".jsonl")) return read_metrics(path);
  io::LogTable table = io::read_log_file(path);
  History history;
  history.set_steps(std::move(table.steps));
  for (io::LogColumn& column : table.columns) history.set_column(column.name, std::move(column.values));
  return history;
}

History log_of_checkpoint(const io::CheckpointData& data, const std::string& path) {
  if (!data.has_training) fail_data(path, "a checkpoint with its training log", "a model without");
  if (data.log_steps.empty()) fail_data(path + ": training/log", "reports", "none: stopped before the first");
  return logged_history(data);
}

}  // namespace fovea::train
