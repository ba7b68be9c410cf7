// Training of a caption decoder on the one loop (Xu et al. 2015, sections 4 and 5.1).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "nn/optimizer.h"
#include "systems/caption/caption_data.h"
#include "systems/caption/model_file.h"
#include "train/data_parallel.h"
#include "train/loop.h"

namespace fovea::caption {

struct TaskOptions {
  int64_t batch = 64, steps = 0;
  bool grouped = true;
  double learning_rate = 2e-4;
  nn::OptimizerConfig optimizer;
  double lambda = 1, coverage_target = 1;  // of the doubly stochastic penalty
  double lambda_r = 1, lambda_e = 0.002;   // hard attention
  bool reward_is_mean = true;              // per word; else the caption's log-likelihood
  bool coin_per_image = false;
  double soft_probability = 0.5;  // of a soft step in hard attention
  std::string best = "nll";       // or "bleu4"
  int64_t validation_beam = 1;
  int64_t max_words = 50;  // of captions written for bleu4
  uint64_t seed = 1;
};

class CaptionTask : public train::Task {
 public:
  // References of `set` are used for bleu4. Everything outlives the task.
  CaptionTask(const TaskOptions& options, Decoder& decoder, const ModelContext& context, const data::CaptionSet& set,
              const std::vector<CaptionSample>& training, const std::vector<CaptionSample>& validation,
              FeatureStore& features);

  int64_t steps_per_epoch() const override { return plan_.batches(); }
  double learning_rate(int64_t) const override { return options_.learning_rate; }
  double step(int64_t step) override;
  std::optional<train::Metrics> evaluate(int64_t step, const std::function<bool()>& should_stop) override;
  std::optional<train::Metrics> finish(const std::function<bool()>&) override { return train::Metrics{}; }
  std::string best_metric() const override;
  bool parameters_are_finite() const override;
  void save(io::CheckpointData& data) const override;
  void restore(const io::CheckpointData& data, const std::string& origin) override;
  std::vector<std::string> resumable_keys() const override { return {"steps", "epochs"}; }

 private:
  // Sums since the last report; stored, so that an interrupted run reports what the whole one does.
  struct Sums {
    double captions = 0, words = 0, nll = 0, penalty = 0, entropy = 0, rows = 0;
    double reward = 0, advantage = 0, advantage_squares = 0, sampled = 0;
  };
  const std::vector<int64_t>& batch_of(int64_t step);
  DecoderPass make_pass(int64_t step, const std::vector<int64_t>& batch) const;
  Var loss_of(const DecoderOutputs& out, const DecoderPass& pass, const train::Share& share);
  Var hard_terms(const DecoderOutputs& out, const DecoderPass& pass, const std::vector<double>& nll,
                 const std::vector<int64_t>& lengths, const train::Share& share);
  std::optional<double> validation_bleu(const std::function<bool()>& should_stop);

  TaskOptions options_;
  Decoder& decoder_;
  const ModelContext& context_;
  const data::CaptionSet& set_;
  const std::vector<CaptionSample>&training_, &validation_;
  FeatureStore& features_;
  BatchPlan plan_;
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  uint64_t planned_epoch_ = 0;
  std::vector<std::vector<int64_t>> planned_;
  double baseline_ = 0;
  Sums sums_;
};

// Mean over captions and over words of -log p, of all samples.
struct HeldOut {
  double nll_per_caption = 0, nll_per_word = 0;
};
std::optional<HeldOut> held_out_likelihood(Decoder& decoder, const std::vector<CaptionSample>& samples,
                                           FeatureStore& features, int64_t batch,
                                           const std::function<bool()>& should_stop);

}  // namespace fovea::caption
