// Training a generator of perturbations against a fixed classifier (Poursaeed et al. 2018; spec section 6).
#pragma once

#include <memory>
#include <optional>

#include "data/sampler.h"
#include "nn/optimizer.h"
#include "systems/advgen/adversary_model.h"
#include "systems/advgen/attack_batch.h"
#include "systems/advgen/generate_options.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace fovea::advgen {

// What the perturbed pictures should be taken for.
enum class PerturbationTarget { kAnythingElse, kLeastLikely, kClass };

struct PerturbationSetup {
  nn::NetText generator;
  GeneratorSettings settings;
  PerturbationTarget target = PerturbationTarget::kAnythingElse;
  int32_t target_class = -1;
  GenerateOptions options;
  uint64_t seed = 1;
};

class PerturbationTask : public train::Task {
 public:
  // `victim` is never changed. `test` may be null: then nothing is measured. All must outlive the task.
  PerturbationTask(PerturbationSetup setup, train::Model& victim, const data::ImageSource& training,
                   const data::ImageSource* test);

  int64_t steps_per_epoch() const override { return sampler_.batches_per_epoch(); }
  double learning_rate(int64_t) const override { return setup_.options.learning_rate; }
  double step(int64_t step) override;
  // fooling_ratio: share of images whose prediction changes; accuracy; target_reached.
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) override;
  std::optional<train::Metrics> finish(const std::function<bool()>&) override { return train::Metrics{}; }
  std::string best_metric() const override { return ""; }
  bool parameters_are_finite() const override;
  void save(io::CheckpointData& data) const override;
  void restore(const io::CheckpointData& data, const std::string& origin) override;
  std::vector<std::string> resumable_keys() const override { return {"steps"}; }

 private:
  // The classes that the loss is about: to leave, or to reach.
  std::vector<int32_t> loss_labels(const Tensor& x, const std::vector<int32_t>& labels) const;

  PerturbationSetup setup_;
  train::Model& model_;
  Victim victim_;
  const data::ImageSource& training_;
  const data::ImageSource* test_;
  Generator generator_;
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  data::Sampler sampler_;
};

}  // namespace fovea::advgen
