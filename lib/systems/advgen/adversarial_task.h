// Training a classifier on perturbed pictures, as a task of the training loop (spec sections 4 and 5).
#pragma once

#include <memory>
#include <optional>

#include "data/augment.h"
#include "data/sampler.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "systems/advgen/adversary_model.h"
#include "systems/advgen/game_log.h"
#include "systems/advgen/holdout_report.h"
#include "systems/advgen/train_options.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace fovea::advgen {

struct AdversarialSetup {
  nn::NetText net;
  std::optional<nn::NetText> generator;  // for the methods that have one
  data::Preprocess preprocess;           // the classifier's own
  std::vector<std::string> labels;
  TrainOptions options;   // with apply_method()
  double noise_norm = 0;  // --match-norm: L2 norm of Gaussian noise; 0: uniform in the ball
  uint64_t seed = 1;
  int64_t total_steps = 0;
};

class AdversarialTask : public train::Task {
 public:
  // `holdout` may be null. Both must outlive the task.
  AdversarialTask(AdversarialSetup setup, const data::ImageSource& training, const data::ImageSource* holdout);

  int64_t steps_per_epoch() const override { return sampler_.batches_per_epoch(); }
  double learning_rate(int64_t step) const override;
  double step(int64_t step) override;
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) override;
  std::optional<train::Metrics> finish(const std::function<bool()>&) override { return train::Metrics{}; }
  std::string best_metric() const override;
  bool parameters_are_finite() const override;
  void save(io::CheckpointData& data) const override;
  void restore(const io::CheckpointData& data, const std::string& origin) override;
  std::vector<std::string> resumable_keys() const override;

  nn::Network& network() { return network_; }

 private:
  AttackBatch load_batch(int64_t step, const train::Share& share);
  Tensor perturb(const AttackBatch& batch, const train::Share& share, int64_t step, double& generator_loss);
  AttackConfig attack_at(int64_t step) const;
  Tensor play(const AttackBatch& batch, const train::Share& share, int64_t step, double& generator_loss);
  double update_generator(const AttackBatch& batch, const train::Share& share, const Tensor& input, int64_t step);
  double update_classifier(const AttackBatch& batch, const train::Share& share, const Tensor& x_adv, int64_t step);
  bool generator_moves(int64_t step) const;
  bool classifier_moves(int64_t step) const;

  AdversarialSetup setup_;
  const data::ImageSource& training_;
  mutable nn::Network network_;
  Victim victim_;
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  std::optional<Generator> generator_;
  std::optional<nn::Optimizer> generator_optimizer_;
  std::optional<train::GradientExchange> generator_exchange_;
  GeneratorObjective objective_;
  AttackConfig attack_;
  nn::Schedule schedule_;
  data::Sampler sampler_;
  data::AugmentConfig augment_;
  std::optional<HoldoutReport> holdout_;
  GameLog log_;
};

}  // namespace fovea::advgen
