#include "train/loop.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <cmath>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "base/error.h"
#include "base/signals.h"
#include "io/json.h"

using namespace fovea;

namespace {

struct Folder {
  std::filesystem::path path = std::filesystem::temp_directory_path() / ("fovea-loop-" + std::to_string(getpid()));
  Folder() { std::filesystem::create_directories(path); }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path / name; }
};

// A task whose whole state is one number: x <- 0.9 x + step.
class Counter : public train::Task {
 public:
  int64_t steps_per_epoch() const override { return 10; }
  double learning_rate(int64_t) const override { return 0.5; }
  double step(int64_t step) override {
    if (step == stop_at) std::raise(SIGTERM);
    if (step == diverge_at) return NAN;
    x = 0.9 * x + static_cast<double>(step);
    return x;
  }
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>&) override {
    evaluated.push_back(step);
    return train::Metrics{{"score", step == 20 ? 9.0 : static_cast<double>(step % 7)}};
  }
  std::optional<train::Metrics> finish(const std::function<bool()>&) override { return train::Metrics{{"final", x}}; }
  std::string best_metric() const override { return "score"; }
  bool parameters_are_finite() const override { return std::isfinite(x); }
  void save(io::CheckpointData& data) const override {
    data.network = "fovea-net 1\n";
    data.model.push_back({"counter", "x", {1}, {static_cast<float>(x)}});
    data.has_optimizer = true;
    data.optimizer_name = "sgd";
    data.training["x"] = x;
  }
  void restore(const io::CheckpointData& data, const std::string&) override { x = data.training["x"].get<double>(); }
  std::vector<std::string> resumable_keys() const override { return {"steps"}; }

  double x = 0;
  int64_t stop_at = -1, diverge_at = -1;
  std::vector<int64_t> evaluated;
};

io::RootAttributes root(const std::string& parameters = "{\"a\":1,\"steps\":50}") {
  io::RootAttributes out;
  out.tool = "test train";
  out.parameters = parameters;
  out.command_line = "[]";
  return out;
}

train::LoopOptions options(const std::string& output) {
  train::LoopOptions out;
  out.output = output;
  out.steps = 50;
  out.evaluate_every = 20;
  out.evaluate_at = {0, 5};
  return out;
}

}  // namespace

TEST_CASE("loop: reports come at the asked steps and at the end, and are in the log") {
  const Folder folder;
  Counter task;
  const auto result = train::run(task, options(folder / "a.ckpt.h5"), root());
  CHECK(task.evaluated == std::vector<int64_t>{0, 5, 20, 40, 50});
  CHECK(result.exit_code == 0);
  CHECK(result.final_metrics[0].second == task.x);
  const auto data = io::read_checkpoint(folder / "a.ckpt.h5");
  CHECK(data.log_steps == task.evaluated);
  CHECK(data.training["step"].get<int64_t>() == 50);
  CHECK(data.training["best_step"].get<int64_t>() == 20);
}

TEST_CASE("loop: SIGTERM saves and returns 75, and resuming gives the content hash of the undisturbed run") {
  const Folder folder;
  signals::install();
  Counter whole;
  const auto undisturbed = train::run(whole, options(folder / "a.ckpt.h5"), root());
  for (const int64_t stop : {0, 4, 19, 20, 37, 48}) {
    CAPTURE(stop);
    Counter first, second;
    first.stop_at = stop;
    auto again = options(folder / "b.ckpt.h5");
    const auto stopped = train::run(first, again, root());
    signals::reset_for_test();
    CHECK(stopped.exit_code == 75);
    CHECK(stopped.steps == stop + 1);
    again.resume = true;
    const auto finished = train::run(second, again, root());
    CHECK(finished.exit_code == 0);
    CHECK(finished.content_hash == undisturbed.content_hash);
    std::filesystem::remove(folder / "b.ckpt.h5");
  }
}

TEST_CASE("loop: a longer run continues from a finished one when only the limit changes") {
  const Folder folder;
  Counter a, b, c;
  auto long_run = options(folder / "long.ckpt.h5");
  long_run.steps = 60;
  const auto whole = train::run(a, long_run, root("{\"a\":1,\"steps\":60}"));
  train::run(b, options(folder / "b.ckpt.h5"), root());
  auto longer = options(folder / "b.ckpt.h5");
  longer.steps = 60;
  longer.resume = true;
  const auto continued = train::run(c, longer, root("{\"a\":1,\"steps\":60}"));
  CHECK(c.x == a.x);
  CHECK(continued.history.steps().back() == 60);
  CHECK(whole.history.steps().back() == 60);
}

TEST_CASE("loop: resuming with other parameters lists them and touches nothing") {
  const Folder folder;
  Counter a, b;
  const auto before = train::run(a, options(folder / "a.ckpt.h5"), root());
  auto resumed = options(folder / "a.ckpt.h5");
  resumed.resume = true;
  try {
    train::run(b, resumed, root("{\"a\":2,\"c\":3,\"steps\":50}"));
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()).find("a (was 1, now 2); c (was absent, now 3)") != std::string::npos);
  }
  CHECK(io::read_checkpoint(folder / "a.ckpt.h5").root.content_hash == before.content_hash);
}

TEST_CASE("loop: a non-finite loss ends with exit code 3 and keeps the last good checkpoint") {
  const Folder folder;
  Counter task;
  task.diverge_at = 33;
  auto saving = options(folder / "a.ckpt.h5");
  saving.checkpoint_steps = 10;
  saving.metrics = folder / "m.jsonl";
  try {
    train::run(task, saving, root());
    FAIL("no error");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kDiverged);
    CHECK(std::string(error.what()) == "training diverged: the loss is nan at step 34");
  }
  CHECK(io::read_checkpoint(folder / "a.ckpt.h5").training["step"].get<int64_t>() == 30);
  CHECK(train::read_metrics(folder / "m.jsonl").column("diverged").back() == 1);
}

TEST_CASE("loop: keeps the newest numbered checkpoints and the best one") {
  const Folder folder;
  Counter task;
  auto keeping = options(folder / "a.ckpt.h5");
  keeping.checkpoint_steps = 10;
  keeping.keep = 2;
  keeping.save_best = true;
  train::run(task, keeping, root());
  CHECK_FALSE(std::filesystem::exists(folder / "a.step00000020.ckpt.h5"));
  CHECK(std::filesystem::exists(folder / "a.step00000030.ckpt.h5"));
  CHECK(std::filesystem::exists(folder / "a.step00000040.ckpt.h5"));
  CHECK(io::read_checkpoint(folder / "a.best.ckpt.h5").training["step"].get<int64_t>() == 20);
}

TEST_CASE("loop: patience stops after reports without a better metric") {
  const Folder folder;
  Counter task;
  auto patient = options(folder / "a.ckpt.h5");
  patient.evaluate_every = 5;
  patient.patience = 2;
  CHECK(train::run(task, patient, root()).steps == 15);  // best at 5, then 10 and 15
}

TEST_CASE("loop: names beside the output") {
  CHECK(train::sibling_checkpoint("d/run.ckpt.h5", "best") == "d/run.best.ckpt.h5");
  CHECK(train::sibling_checkpoint("run.h5", "best") == "run.best.h5");
}

TEST_CASE("loop: no more numbered checkpoints stay than asked for, after a continuation too") {
  const Folder folder;
  const std::string output = folder / "a.ckpt.h5";
  for (const char* other : {"a.step7.ckpt.h5", "a.step0000000x.ckpt.h5", "b.step00000007.ckpt.h5", "a.best.ckpt.h5"})
    std::ofstream(folder / other) << "not one of them";
  CHECK(train::numbered_checkpoints(output).empty());
  Counter task;
  auto settings = options(output);
  settings.checkpoint_steps = 5;
  settings.keep = 2;
  settings.steps = 21;
  train::run(task, settings, root());
  CHECK(train::numbered_checkpoints(output) == std::vector<int64_t>{15, 20});
  settings.steps = 40;
  settings.resume = true;
  Counter again;
  train::run(again, settings, root());
  CHECK(train::numbered_checkpoints(output) == std::vector<int64_t>{30, 35});
}
