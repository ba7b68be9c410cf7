// Training a classifier, as a task of the training loop.
#pragma once

#include <memory>

#include "data/augment.h"
#include "data/dataset.h"
#include "data/sampler.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "nn/schedule.h"
#include "systems/bn/options.h"
#include "systems/bn/percentiles.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace fovea::bn {

struct ClassifierSetup {
  data::Preprocess preprocess;
  std::vector<std::string> labels;
  TrainOptions options;  // with the preset applied
  uint64_t seed = 1;
  int64_t total_steps = 0;
};

class ClassifierTask : public train::Task {
 public:
  // Initialises the network by the seed. `test` may be null: then nothing is evaluated. The sources must outlive the
  // task.
  ClassifierTask(nn::Network network, ClassifierSetup setup, const data::ImageSource& training,
                 const data::ImageSource* test);

  int64_t steps_per_epoch() const override { return sampler_.batches_per_epoch(); }
  double learning_rate(int64_t step) const override;
  double step(int64_t step) override;
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) override;
  std::optional<train::Metrics> finish(const std::function<bool()>& should_stop) override;
  std::string best_metric() const override { return test_ != nullptr ? "test_accuracy" : ""; }
  bool parameters_are_finite() const override;
  void save(io::CheckpointData& data) const override;
  void restore(const io::CheckpointData& data, const std::string& origin) override;
  std::vector<std::string> resumable_keys() const override;

  nn::Network& network() { return network_; }
  const PercentileLog& percentiles() const { return percentiles_; }

 private:
  void load_images(const std::vector<int64_t>& items, uint64_t epoch);
  train::Share load_batch(int64_t step);  // this process's share of it
  nn::PassContext pass(int64_t step) const;
  void add_bias_columns(train::Metrics& row) const;

  ClassifierSetup setup_;
  const data::ImageSource& training_;
  const data::ImageSource* test_;
  mutable nn::Network network_;  // export_arrays() of a const save() needs no change
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  nn::Schedule schedule_;
  data::Sampler sampler_;
  data::AugmentConfig augment_;
  Tensor batch_;
  std::vector<int32_t> labels_;
  std::vector<std::string> biased_layers_;  // layers that keep a bias before a batch_norm
  PercentileLog percentiles_;
  bool finished_ = false;
  std::vector<nn::Array> moving_;  // moving averages, while the network holds population statistics
};

}  // namespace fovea::bn
