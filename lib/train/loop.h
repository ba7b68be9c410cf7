// The one training loop of all tools: steps, reports, checkpoints, resume, signals, divergence (files-and-cli section
// 5). Of several processes (base/ranks.h) all run it; the first alone writes files, and all stop at the same step.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "io/checkpoint_file.h"
#include "train/history.h"

namespace fovea::train {

// What a system trains. All state must be a function of what save() stores and of the step.
class Task {
 public:
  virtual ~Task() = default;

  virtual int64_t steps_per_epoch() const = 0;
  virtual double learning_rate(int64_t step) const = 0;

  // True if several processes share the batches of step() (train/data_parallel.h); else there must be one.
  virtual bool is_data_parallel() const { return true; }

  // Update number `step` (from 0). Returns the loss, of all processes; the loop decides what a non-finite one means.
  virtual double step(int64_t step) = 0;

  // Held-out metrics after `step` updates. nullopt if should_stop() said so: the loop then saves and asks again later.
  virtual std::optional<Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) = 0;

  // After the last update: what the final file holds beyond save() (population statistics). nullopt as in evaluate().
  virtual std::optional<Metrics> finish(const std::function<bool()>& should_stop) = 0;

  // The metric that --save-best and --patience watch (larger is better); empty if there is none.
  virtual std::string best_metric() const = 0;

  virtual bool parameters_are_finite() const = 0;
  virtual void save(io::CheckpointData& data) const = 0;
  virtual void restore(const io::CheckpointData& data, const std::string& origin) = 0;

  // Parameters that may differ when a run is continued ("steps", "epochs").
  virtual std::vector<std::string> resumable_keys() const = 0;
};

struct LoopOptions {
  std::string output;                // RUN.ckpt.h5
  int64_t steps = 0;                 // total; > 0
  int64_t evaluate_every = 1000;     // 0: only at the end
  std::vector<int64_t> evaluate_at;  // extra report points
  int64_t checkpoint_steps = 0;      // > 0: save every so many steps; else by time:
  double checkpoint_seconds = 600;
  int64_t keep = 0;        // > 0: RUN.step00012000.ckpt.h5, the newest N
  bool save_best = false;  // RUN.best.ckpt.h5
  int64_t patience = 0;    // > 0: stop after so many reports without a better best_metric()
  double max_time = 0;     // seconds; 0 = no limit
  bool resume = false;
  bool no_clobber = false;
  int compress = -1;    // io::WriterOptions
  std::string metrics;  // JSON lines
};

struct LoopResult {
  int exit_code = 0;  // 0 or 75
  int64_t steps = 0;
  History history;
  Metrics final_metrics;  // of finish()
  std::string content_hash;
};

// Throws Error(kDiverged) at a non-finite loss: the last good checkpoint stays. SIGINT is re-raised after saving.
LoopResult run(Task& task, const LoopOptions& options, const io::RootAttributes& root);

// "run.ckpt.h5" + "best" -> "run.best.ckpt.h5"
std::string sibling_checkpoint(const std::string& output, const std::string& infix);
// The steps of the files run.step<SSSSSSSS>.ckpt.h5 that lie beside `output`, ascending.
std::vector<int64_t> numbered_checkpoints(const std::string& output);

// Throws Error(kData) listing the keys in which two canonical JSON objects differ, `ignored` left out.
void check_same_parameters(const std::string& stored, const std::string& now, const std::vector<std::string>& ignored,
                           const std::string& origin);

}  // namespace fovea::train
