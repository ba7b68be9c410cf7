#include "train/loop.h"

#include <algorithm>
#include <cmath>
#include <csignal>
#include <cstdio>
#include <deque>
#include <filesystem>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/ranks.h"
#include "base/signals.h"
#include "base/text.h"
#include "io/json.h"
#include "train/clock.h"

namespace fovea::train {
namespace {

// The result depends on how many ranks there are.
std::string with_ranks(const std::string& parameters) {
  io::Json json = io::parse_json(parameters, "parameters");
  json["ranks"] = ranks::place().count;
  return io::canonical_json(json);
}

class Loop {
 public:
  Loop(Task& task, const LoopOptions& options, const io::RootAttributes& root)
      : task_(task), options_(options), root_(root) {
    if (ranks::joined()) root_.parameters = with_ranks(root_.parameters);
  }

  LoopResult run();

 private:
  void start();
  void restore_from(const std::string& path);
  void check_same_start() const;
  bool train();   // false: stopped before the last step
  bool report();  // evaluates if it is due; false: interrupted
  void one_step();
  void save(const std::string& path, bool final_state);
  void save_periodically();
  void keep_step_file();
  void note_best(const Metrics& metrics);
  bool stop_asked() const { return ranks::any(signals::stop_requested() != 0 || out_of_time()); }
  bool out_of_time() const { return options_.max_time > 0 && run_clock_.seconds() >= options_.max_time; }
  bool out_of_patience() const { return options_.patience > 0 && reports_without_best_ >= options_.patience; }
  bool report_due() const;
  io::Json training_state() const;
  [[noreturn]] void diverged(double loss);
  std::string stopped_reason() const;

  Task& task_;
  const LoopOptions& options_;
  io::RootAttributes root_;
  Clock run_clock_, save_clock_;
  MetricsFile metrics_;
  History history_;
  Metrics final_metrics_;
  int64_t step_ = 0;
  double loss_sum_ = 0;  // since the last report
  int64_t loss_count_ = 0;
  double best_metric_ = -std::numeric_limits<double>::infinity();
  int64_t best_step_ = -1;
  int64_t reports_without_best_ = 0;
  std::string hash_;
  std::deque<std::string> kept_;
};

io::Json Loop::training_state() const {
  io::Json state;
  state["stage"] = "train";
  state["epoch"] = step_ / std::max<int64_t>(1, task_.steps_per_epoch());
  state["step"] = step_;
  state["loss_sum"] = loss_sum_;
  state["loss_count"] = loss_count_;
  state["best_metric"] = best_step_ >= 0 ? io::Json(best_metric_) : io::Json(nullptr);
  state["best_step"] = best_step_;
  state["reports_without_best"] = reports_without_best_;
  return state;
}

void Loop::restore_from(const std::string& path) {
  const io::CheckpointData data = io::read_checkpoint(path);
  if (!data.has_training) {
    throw Error(ErrorKind::kData, fmt::format("{}: expected a training state, found a stripped model", path),
                "--init takes the weights only");
  }
  check_same_parameters(data.root.parameters, root_.parameters, task_.resumable_keys(), path);
  root_.parent = data.root.parent;
  const auto& state = data.training;
  step_ = state.value("step", int64_t{-1});
  if (step_ < 0) fail_data(path + ": training: step", "a step >= 0", "none");
  loss_sum_ = state.value("loss_sum", 0.0);
  loss_count_ = state.value("loss_count", int64_t{0});
  best_step_ = state.value("best_step", int64_t{-1});
  if (best_step_ >= 0 && state.contains("best_metric") && state["best_metric"].is_number())
    best_metric_ = state["best_metric"].get<double>();
  reports_without_best_ = state.value("reports_without_best", int64_t{0});
  history_ = logged_history(data);
  task_.restore(data, path);
  for (const int64_t step : numbered_checkpoints(path)) {
    if (step <= step_) kept_.push_back(sibling_checkpoint(path, fmt::format("step{:08}", step)));
  }
  log::info("continuing {} at step {} of {}", path, step_, options_.steps);
}

void Loop::start() {
  probe_output(options_.output, options_.no_clobber);
  if (options_.resume && file_exists(options_.output))
    restore_from(options_.output);
  else if (options_.resume)
    log::info("{} does not exist yet: starting afresh", options_.output);
  check_same_start();
  if (ranks::first()) metrics_ = MetricsFile(options_.metrics, step_ > 0 ? step_ : -1);
}

// Also the point before which no rank writes: until here each one may still look for the file to continue.
void Loop::check_same_start() const {
  double first = static_cast<double>(step_);
  ranks::take_from_first({&first, 1});
  if (!ranks::any(static_cast<int64_t>(first) != step_)) return;
  fail(ErrorKind::kData, "{}: the ranks of this job see different files there (step {} here, {} at the first one)",
       options_.output, step_, first);
}

bool Loop::report_due() const {
  if (!history_.steps().empty() && history_.steps().back() >= step_) return false;
  if (step_ == options_.steps) return true;
  if (std::find(options_.evaluate_at.begin(), options_.evaluate_at.end(), step_) != options_.evaluate_at.end())
    return true;
  return options_.evaluate_every > 0 && step_ > 0 && step_ % options_.evaluate_every == 0;
}

bool Loop::report() {
  if (!report_due()) return true;
  if (!task_.parameters_are_finite()) diverged(std::numeric_limits<double>::infinity());
  auto metrics = task_.evaluate(step_, [this] { return stop_asked(); });
  if (!metrics) return false;
  // What decides on --patience must be one number, whatever the processors of the others make of it.
  for (auto& [name, value] : *metrics) ranks::take_from_first({&value, 1});
  Metrics row;
  row.emplace_back("epoch",
                   static_cast<double>(step_) / static_cast<double>(std::max<int64_t>(1, task_.steps_per_epoch())));
  row.emplace_back("learning_rate", task_.learning_rate(std::min(step_, options_.steps - 1)));
  row.emplace_back("loss", loss_count_ > 0 ? loss_sum_ / static_cast<double>(loss_count_)
                                           : std::numeric_limits<double>::quiet_NaN());
  row.insert(row.end(), metrics->begin(), metrics->end());
  loss_sum_ = 0;
  loss_count_ = 0;
  history_.add(step_, row);
  metrics_.write(step_, row);
  log::debug("{}", trim(metrics_line(step_, row)));
  note_best(*metrics);
  return true;
}

void Loop::note_best(const Metrics& metrics) {
  const std::string name = task_.best_metric();
  for (const auto& [key, value] : metrics) {
    if (key != name) continue;
    ++reports_without_best_;
    if (!(value > best_metric_)) return;
    best_metric_ = value;
    best_step_ = step_;
    reports_without_best_ = 0;
    if (options_.save_best && step_ > 0) save(sibling_checkpoint(options_.output, "best"), false);
  }
}

void Loop::diverged(double loss) {
  metrics_.write(step_ + 1, {{"loss", loss}, {"diverged", 1}});
  const bool saved = !hash_.empty();
  throw Error(ErrorKind::kDiverged,
              fmt::format("training diverged: the loss is {} at step {}", format_number(loss), step_ + 1),
              saved ? fmt::format("{} holds the last good state; try a smaller --learning-rate", options_.output)
                    : "no checkpoint had been written yet; try a smaller --learning-rate");
}

void Loop::one_step() {
  const double loss = task_.step(step_);
  if (!std::isfinite(loss)) diverged(loss);
  loss_sum_ += loss;
  ++loss_count_;
  ++step_;
}

void Loop::save(const std::string& path, bool final_state) {
  // A finite loss may still have been followed by an update that overflows; such a state is never written.
  if (!task_.parameters_are_finite()) diverged(std::numeric_limits<double>::infinity());
  if (!ranks::first()) return;
  io::CheckpointData data;
  task_.save(data);
  for (const auto& slot : data.optimizer) {
    if (!std::ranges::all_of(slot.values, [](float value) { return std::isfinite(value); }))
      diverged(std::numeric_limits<double>::infinity());
  }
  data.has_training = true;
  io::Json state = training_state();
  state["finished"] = final_state;
  for (const auto& [key, value] : state.items()) data.training[key] = value;
  data.log_steps = history_.steps();
  for (const auto& name : history_.names()) data.log.push_back({name, history_.column(name)});
  const std::string hash = io::write_checkpoint(path, root_, data, {.compress = options_.compress});
  if (path == options_.output) hash_ = hash;
}

void Loop::keep_step_file() {
  if (options_.keep <= 0) return;
  const std::string path = sibling_checkpoint(options_.output, fmt::format("step{:08}", step_));
  save(path, false);
  if (kept_.empty() || kept_.back() != path) kept_.push_back(path);
  while (static_cast<int64_t>(kept_.size()) > options_.keep) {
    if (ranks::first()) std::remove(kept_.front().c_str());
    kept_.pop_front();
  }
}

void Loop::save_periodically() {
  const bool by_steps = options_.checkpoint_steps > 0 && step_ % options_.checkpoint_steps == 0;
  const bool by_time = options_.checkpoint_steps == 0 && save_clock_.seconds() >= options_.checkpoint_seconds;
  if (!by_steps && !by_time) return;
  save(options_.output, false);
  if (by_steps) keep_step_file();
  save_clock_.restart();
}

bool Loop::train() {
  Progress progress("train", "step", options_.steps, step_);
  for (;;) {
    if (!report()) return false;
    if (step_ >= options_.steps || out_of_patience()) return true;
    if (stop_asked()) return false;
    one_step();
    progress.update(step_,
                    fmt::format("loss {:.4g}", loss_sum_ / static_cast<double>(std::max<int64_t>(1, loss_count_))));
    if (step_ < options_.steps) save_periodically();
  }
}

std::string Loop::stopped_reason() const {
  if (signals::stop_requested() != 0) return fmt::format("signal {}", signals::stop_requested());
  return out_of_time() ? "--max-time" : "another rank";
}

LoopResult Loop::run() {
  if (ranks::joined() && !task_.is_data_parallel()) {
    throw Error(ErrorKind::kUsage,
                fmt::format("started as {} ranks, but this training runs in one process", ranks::place().count),
                "--threads gives it more processors");
  }
  start();
  LoopResult result;
  const signals::GracefulScope graceful;
  bool done = train();
  if (done) {
    const auto metrics = task_.finish([this] { return stop_asked(); });
    done = metrics.has_value();
    if (metrics) final_metrics_ = *metrics;
  }
  save(options_.output, done);
  ranks::any(false);  // nobody ends while the first still writes: launchers take the end of one as the end of all
  result.steps = step_;
  result.history = history_;
  result.final_metrics = final_metrics_;
  result.content_hash = hash_;
  if (done) return result;
  log::info("stopped by {} at step {} of {}; {} is complete: run again with --resume", stopped_reason(), step_,
            options_.steps, options_.output);
  if (signals::stop_requested() == SIGINT) {
    ranks::leave();
    signals::die_of(SIGINT);
  }
  result.exit_code = static_cast<int>(ErrorKind::kStopped);
  return result;
}

}  // namespace

LoopResult run(Task& task, const LoopOptions& options, const io::RootAttributes& root) {
  FOVEA_CHECK(ranks::joined() == ranks::several(), "training of {} ranks that are not joined", ranks::place().count);
  return Loop(task, options, root).run();
}

std::string sibling_checkpoint(const std::string& output, const std::string& infix) {
  for (const std::string_view suffix : {std::string_view(".ckpt.h5"), std::string_view(".h5")}) {
    if (output.ends_with(suffix))
      return output.substr(0, output.size() - suffix.size()) + "." + infix + std::string(suffix);
  }
  return output + "." + infix;
}

std::vector<int64_t> numbered_checkpoints(const std::string& output) {
  const std::string pattern = sibling_checkpoint(output, "step");  // the digits follow this word
  const std::filesystem::path whole(pattern);
  const std::string name = whole.filename().string();
  const size_t at = name.rfind(".step") + 5;
  const std::string_view head = std::string_view(name).substr(0, at), tail = std::string_view(name).substr(at);
  std::vector<int64_t> steps;
  std::error_code failed;
  const std::filesystem::path folder = whole.has_parent_path() ? whole.parent_path() : ".";
  for (const auto& entry : std::filesystem::directory_iterator(folder, failed)) {
    const std::string found = entry.path().filename().string();
    if (found.size() <= head.size() + tail.size() || !found.starts_with(head) || !found.ends_with(tail)) continue;
    const auto step = parse_int(found.substr(at, found.size() - head.size() - tail.size()));
    if (step && found == fmt::format("{}{:08}{}", head, *step, tail)) steps.push_back(*step);
  }
  std::sort(steps.begin(), steps.end());
  return steps;
}

void check_same_parameters(const std::string& stored, const std::string& now, const std::vector<std::string>& ignored,
                           const std::string& origin) {
  const io::Json before = io::parse_json(stored, origin + ": parameters"), after = io::parse_json(now, "parameters");
  std::vector<std::string> differences;
  const auto compare = [&](const io::Json& a, const io::Json& b, bool only_missing) {
    for (const auto& [key, value] : a.items()) {
      if (std::find(ignored.begin(), ignored.end(), key) != ignored.end()) continue;
      if (b.contains(key) ? !only_missing && b[key] != value : true) {
        differences.push_back(fmt::format("{} (was {}, now {})", key,
                                          before.contains(key) ? before[key].dump() : "absent",
                                          after.contains(key) ? after[key].dump() : "absent"));
      }
    }
  };
  compare(before, after, false);
  compare(after, before, true);
  if (differences.empty()) return;
  throw Error(ErrorKind::kData,
              fmt::format("{}: cannot continue with other parameters: {}", origin, join(differences, "; ")),
              "give the options of the first run, or start afresh without --resume (--init takes weights only)");
}

}  // namespace fovea::train
