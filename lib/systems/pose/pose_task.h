// What the training loop runs in each of the three stages.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "systems/pose/inference.h"
#include "systems/pose/train.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace fovea::pose {

// Detector's maps computed before (predict --heatmaps), for people in this order: [P,h,w,K], as they lie
// unaugmented.
struct CachedMaps {
  std::vector<Tensor> maps;  // of each person [1,h,w,K]
};

class PoseTask : public train::Task {
 public:
  PoseTask(const TrainOptions& options, uint64_t seed, PoseModel& model, const data::ImageSource& source,
           std::vector<Person> people, std::vector<Person> validation, std::optional<CachedMaps> cached);

  int64_t steps_per_epoch() const override;
  double learning_rate(int64_t step) const override;
  double step(int64_t step) override;
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) override;
  std::optional<train::Metrics> finish(const std::function<bool()>& should_stop) override;
  std::string best_metric() const override;
  bool parameters_are_finite() const override;
  void save(io::CheckpointData& data) const override;
  void restore(const io::CheckpointData& data, const std::string& origin) override;
  std::vector<std::string> resumable_keys() const override;

 private:
  std::vector<nn::Parameter*> prepare_parameters();
  nn::OptimizerConfig optimizer_config() const;
  Var loss_of(const Var& maps, const PersonBatch& batch) const;
  Var cached_maps(const std::vector<int64_t>& chosen, const std::vector<DrawnAugmentation>& drawn) const;
  Var batch_loss(const std::vector<int64_t>& chosen, const std::vector<DrawnAugmentation>& drawn, int64_t step);

  const TrainOptions& options_;
  uint64_t seed_;
  PoseModel& model_;
  std::vector<Person> people_, validation_;
  std::optional<CachedMaps> cached_;
  PersonSampler sampler_;
  Augmentation augmentation_;
  int64_t batch_;
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  std::string schedule_text_;
  nn::Schedule schedule_;
  uint64_t order_epoch_ = 0;
  std::vector<int64_t> order_;
  double peak_sum_ = 0;  // of the maps' highest values since the last report
  int64_t peak_count_ = 0;
};

// "" stands for a tenth at 60 % and at 85 % of the steps.
std::string resolved_schedule(const TrainOptions& options);

}  // namespace fovea::pose
