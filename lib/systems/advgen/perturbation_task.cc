#include "systems/advgen/perturbation_task.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "nn/frozen.h"
#include "systems/advgen/gat_losses.h"
#include "train/optimizer_state.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kBatch = 128;

Generator make_generator(const PerturbationSetup& setup, const data::Preprocess& preprocess) {
  const bool universal = setup.settings.source == GeneratorSource::kNoise;
  const Tensor noise =
      universal ? generator_noise(setup.seed, preprocess.height, preprocess.width, preprocess.channels) : Tensor();
  Generator generator(nn::Network(setup.generator), setup.settings, preprocess.channels, noise);
  generator.network().initialize(setup.seed);
  return generator;
}

nn::OptimizerConfig adam(const GenerateOptions& options) {
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kAdam;
  config.beta1 = options.beta1;
  return config;
}

}  // namespace

PerturbationTask::PerturbationTask(PerturbationSetup setup, train::Model& victim, const data::ImageSource& training,
                                   const data::ImageSource* test)
    : setup_(std::move(setup)),
      model_(victim),
      victim_(victim.network, victim.preprocess, victim.path, BatchShape::kAsGiven),
      training_(training),
      test_(test),
      generator_(make_generator(setup_, victim.preprocess)),
      optimizer_(generator_.network().parameters(), adam(setup_.options)),
      exchange_(optimizer_.parameters(), generator_.network().buffers()),
      sampler_({training.size(), setup_.options.batch, data::ShuffleMode::kFull, setup_.seed, true}) {
  train::check_batch(setup_.options.batch);
}

std::vector<int32_t> PerturbationTask::loss_labels(const Tensor& x, const std::vector<int32_t>& labels) const {
  if (setup_.target == PerturbationTarget::kAnythingElse) return labels;
  if (setup_.target == PerturbationTarget::kClass) return std::vector<int32_t>(labels.size(), setup_.target_class);
  return least_likely(victim_.logits(x));
}

double PerturbationTask::step(int64_t step) {
  const train::Share share(setup_.options.batch);
  const AttackBatch batch = load_attack_batch(training_, share.of(sampler_.batch_at(step)), model_.preprocess);
  const Tensor& x = batch.x;
  const std::vector<int32_t> labels = loss_labels(x, batch.labels);

  const nn::FrozenParameters frozen(model_.network);
  const Tensor input = generator_.input(victim_, x, labels).values;
  const Var delta = generator_.perturbation(input, x.shape(), train::training_pass(setup_.seed, step));
  // -log H(F(x + delta), y) to leave a class, log H(F(x + delta), t) to reach one: the logarithm keeps gradients alive.
  const bool leave = setup_.target == PerturbationTarget::kAnythingElse;
  const GeneratorObjective objective{ops::LogitLoss::kLogCrossEntropy, leave ? -1.0 : 1.0, 0};
  const Var loss = generator_loss(victim_, perturbed(x, delta, true), delta, labels, objective, 0);
  const double value = share.mean(loss.value().item());
  if (!std::isfinite(value)) return value;
  exchange_.backward(loss, share);
  optimizer_.step(setup_.options.learning_rate);
  return value;
}

std::optional<train::Metrics> PerturbationTask::evaluate(int64_t, const std::function<bool()>& should_stop) {
  if (test_ == nullptr) return train::Metrics{};
  int64_t changed = 0, right = 0, reached = 0;
  const int64_t images = std::min(setup_.options.eval_images, test_->size());
  for (int64_t begin = 0; begin < images; begin += kBatch) {
    if (should_stop()) return std::nullopt;
    const AttackBatch batch = load_attack_batch(*test_, begin, std::min(begin + kBatch, images), model_.preprocess);
    const auto before = predictions(victim_.logits(batch.x));
    const auto wanted = loss_labels(batch.x, batch.labels);
    const auto after = predictions(victim_.logits(generator_.adversarial(victim_, batch.x, wanted)));
    for (size_t i = 0; i < after.size(); ++i) {
      changed += after[i] != before[i] ? 1 : 0;
      right += after[i] == batch.labels[i] ? 1 : 0;
      reached += after[i] == wanted[i] ? 1 : 0;
    }
  }
  const auto share = [&](int64_t count) { return static_cast<double>(count) / static_cast<double>(images); };
  train::Metrics row{{"fooling_ratio", share(changed)}, {"test_accuracy", share(right)}};
  if (setup_.target != PerturbationTarget::kAnythingElse) row.emplace_back("target_reached", share(reached));
  return row;
}

bool PerturbationTask::parameters_are_finite() const { return train::parameters_are_finite(generator_.network()); }

void PerturbationTask::save(io::CheckpointData& data) const {
  train::store_model(model_.network, model_.preprocess, model_.labels, data);
  train::store_optimizer(optimizer_, setup_.options.learning_rate, "constant", data);
  const GeneratorSettings& settings = setup_.settings;
  const Adversary adversary{setup_.options.kind, settings.norm() == ops::Norm::kL2 ? "l2" : "linf", settings.epsilon,
                            setup_.seed, setup_.target_class};
  store_adversary(adversary, &generator_, data);
  data.rng = {setup_.seed, static_cast<uint64_t>(optimizer_.steps())};
}

void PerturbationTask::restore(const io::CheckpointData& data, const std::string& origin) {
  restore_generator(generator_, data, origin);
  train::restore_optimizer(optimizer_, data, origin);
}

}  // namespace fovea::advgen
