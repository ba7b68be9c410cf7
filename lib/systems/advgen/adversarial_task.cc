#include "systems/advgen/adversarial_task.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "nn/frozen.h"
#include "systems/advgen/epsilon.h"
#include "train/optimizer_state.h"

namespace fovea::advgen {
namespace {

constexpr const char* kGeneratorLayers = "generator/";  // on disk: do not change
constexpr const char* kGeneratorSteps = "generator_steps";

nn::OptimizerConfig classifier_optimizer(const TrainOptions& options) {
  nn::OptimizerConfig config;
  config.kind = nn::parse_optimizer(options.optimizer);
  config.momentum = options.momentum;
  config.weight_decay = options.weight_decay;
  config.clip_norm = options.clip_norm;
  return config;
}

nn::OptimizerConfig generator_optimizer(const TrainOptions& options) {
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kAdam;
  config.beta1 = options.gen_beta1;
  return config;
}

data::AugmentConfig augment_config(const TrainOptions& options) {
  data::AugmentConfig config;
  config.flip = options.flip;
  config.random_crop = options.random_crop;
  config.pad = options.pad;
  data::check_augment(config);
  return config;
}

// The attack whose results the classifier is trained on; unused where there is a generator or nothing.
AttackConfig training_attack(const TrainOptions& options, uint64_t seed) {
  const bool l2 = options.method == "fgm-l2";
  const double epsilon = parse_epsilon(options.eps, "eps", l2 ? 1e3 : 1);
  AttackConfig config = named_attack(l2 ? "fgm-l2" : options.method == "fgsm" ? "fgsm" : "pgd", epsilon);
  config.keep_best = false;
  config.seed = seed;
  if (options.method == "pgd") config.steps = options.attack_steps;
  if (options.method == "fast") {
    config.steps = 1;
    config.step_size = epsilon * 10 / 8;  // [Wong et al. 2020]
  }
  if (!options.step_size.empty()) config.step_size = parse_epsilon(options.step_size, "step-size");
  return config;
}

BatchNormSharing sharing_of(const std::string& mode) {
  return mode == "separate" ? BatchNormSharing::kSeparate
         : mode == "clean"  ? BatchNormSharing::kClean
                            : BatchNormSharing::kJoint;
}

// A Gaussian direction of this length on each picture, clipped to [0,1].
Tensor gaussian_noise(const AttackBatch& batch, double length, uint64_t seed) {
  Tensor x = batch.x.clone();
  const int64_t size = x.count() / x.extent(0);
  parallel_tasks(x.extent(0), [&](int64_t n) {
    Rng rng(seed, RngPurpose::kAttack, 0, static_cast<uint64_t>(batch.keys[static_cast<size_t>(n)]));
    const Direction direction = gaussian_direction(size, rng);
    const double factor = direction.factor(length);
    float* pixels = x.data<float>() + n * size;
    for (int64_t i = 0; i < size; ++i) {
      const double moved = static_cast<double>(pixels[i]) + factor * direction.values[static_cast<size_t>(i)];
      pixels[i] = static_cast<float>(std::clamp(moved, 0.0, 1.0));
    }
  });
  return x;
}

bool perturbs(const TrainOptions& options) { return options.method != "plain" && options.method != "dropout"; }

}  // namespace

AdversarialTask::AdversarialTask(AdversarialSetup setup, const data::ImageSource& training,
                                 const data::ImageSource* holdout)
    : setup_(std::move(setup)),
      training_(training),
      network_(setup_.net),
      victim_(network_, setup_.preprocess, setup_.net.origin, BatchShape::kAsGiven),
      optimizer_(network_.parameters(), classifier_optimizer(setup_.options)),
      exchange_(optimizer_.parameters(), network_.buffers()),
      objective_(generator_objective(setup_.options)),
      attack_(training_attack(setup_.options, setup_.seed)),
      schedule_(nn::Schedule::parse(setup_.options.schedule)),
      sampler_({training.size(), setup_.options.batch, data::ShuffleMode::kFull, setup_.seed, true}),
      augment_(augment_config(setup_.options)) {
  train::check_batch(setup_.options.batch);
  network_.initialize(setup_.seed);
  if (setup_.generator) {
    generator_.emplace(nn::Network(*setup_.generator), generator_settings(setup_.options), setup_.preprocess.channels);
    generator_->network().initialize(setup_.seed);
    generator_optimizer_.emplace(generator_->network().parameters(), generator_optimizer(setup_.options));
    generator_exchange_.emplace(generator_optimizer_->parameters(), generator_->network().buffers());
  }
  if (holdout != nullptr) {
    holdout_.emplace(*holdout, setup_.preprocess, setup_.options.eval_images, attack_.norm, attack_.epsilon,
                     setup_.seed);
  }
}

double AdversarialTask::learning_rate(int64_t step) const {
  const TrainOptions& options = setup_.options;
  return schedule_.rate(options.learning_rate, step, setup_.total_steps, steps_per_epoch(), options.warmup);
}

AttackBatch AdversarialTask::load_batch(int64_t step, const train::Share& share) {
  AttackBatch batch = load_attack_batch(training_, share.of(sampler_.batch_at(step)), setup_.preprocess, augment_,
                                        {setup_.seed, sampler_.epoch_of(step)});
  for (int64_t& key : batch.keys) key = (step << 24) + key % (1 << 24);  // another start in every step
  return batch;
}

// Taking turns by epoch, the generator has the first.
bool AdversarialTask::generator_moves(int64_t step) const {
  return setup_.options.alternate == "batch" || (step / steps_per_epoch()) % 2 == 0;
}

bool AdversarialTask::classifier_moves(int64_t step) const {
  if (!generator_) return true;
  if (setup_.options.alternate == "epoch" && generator_moves(step)) return false;
  return (step + 1) % setup_.options.f_every == 0;
}

double AdversarialTask::update_generator(const AttackBatch& batch, const train::Share& share, const Tensor& input,
                                         int64_t step) {
  const nn::FrozenParameters frozen(network_);
  const Var delta = generator_->perturbation(input, batch.x.shape(), train::training_pass(setup_.seed, step));
  const Var x_adv = perturbed(batch.x, delta, generator_->settings().clip);
  const Var loss = generator_loss(victim_, x_adv, delta, batch.labels, objective_, setup_.options.gen_cost);
  const double value = share.mean(loss.value().item());
  if (!std::isfinite(value)) return value;
  generator_exchange_->backward(loss, share);
  generator_optimizer_->step(setup_.options.gen_learning_rate);
  return value;
}

// Delta, then k steps of the generator, then the perturbation of the generator as it is now.
Tensor AdversarialTask::play(const AttackBatch& batch, const train::Share& share, int64_t step,
                             double& generator_loss) {
  const Generator::Input input = generator_->input(victim_, batch.x, batch.labels);
  for (int64_t k = 0; k < setup_.options.gen_steps && generator_moves(step); ++k) {
    generator_loss = update_generator(batch, share, input.values, step);
    if (!std::isfinite(generator_loss)) return batch.x;
    log_.add_generator_loss(generator_loss);
  }
  const NoGrad no_grad;
  const Var delta = generator_->perturbation(input.values, batch.x.shape(), nn::PassContext::inference());
  Tensor x_adv = perturbed(batch.x, delta, generator_->settings().clip).value();
  log_.add_perturbation(batch.x, x_adv, input.gradient ? input.gradient->zeros : 0);
  return x_adv;
}

AttackConfig AdversarialTask::attack_at(int64_t step) const {
  AttackConfig attack = attack_;
  if (step >= setup_.options.eps_warmup) return attack;
  const double share = static_cast<double>(step + 1) / static_cast<double>(setup_.options.eps_warmup + 1);
  attack.epsilon *= share;
  attack.step_size *= share;
  return attack;
}

Tensor AdversarialTask::perturb(const AttackBatch& batch, const train::Share& share, int64_t step,
                                double& generator_loss) {
  if (!perturbs(setup_.options)) return {};
  if (generator_) return play(batch, share, step, generator_loss);
  const AttackConfig attack = attack_at(step);
  Tensor x_adv = setup_.noise_norm > 0              ? gaussian_noise(batch, setup_.noise_norm, setup_.seed)
                 : setup_.options.method == "noise" ? random_start(batch, attack, 0)
                                                    : run_attack(victim_, batch, attack).adversarial;
  log_.add_perturbation(batch.x, x_adv, 0);
  return x_adv;
}

double AdversarialTask::update_classifier(const AttackBatch& batch, const train::Share& share, const Tensor& x_adv,
                                          int64_t step) {
  const bool moves = classifier_moves(step);
  std::optional<NoGrad> no_grad;
  if (!moves) no_grad.emplace();
  const auto context = moves ? train::training_pass(setup_.seed, step) : nn::PassContext::inference();
  const ClassifierLoss result = classifier_loss(victim_, batch.x, x_adv, batch.labels, setup_.options.alpha,
                                                sharing_of(setup_.options.bn_mode), context);
  const double value = share.mean(result.loss.value().item());
  if (!std::isfinite(value)) return value;
  log_.add_classifier(result, batch.labels);
  if (!moves) return value;
  exchange_.backward(result.loss, share);
  optimizer_.step(learning_rate(step));
  return value;
}

double AdversarialTask::step(int64_t step) {
  const train::Share share(setup_.options.batch);
  const AttackBatch batch = load_batch(step, share);
  double generator_loss = 0;
  const Tensor x_adv = perturb(batch, share, step, generator_loss);
  if (!std::isfinite(generator_loss)) return generator_loss;
  return update_classifier(batch, share, x_adv, step);
}

std::optional<train::Metrics> AdversarialTask::evaluate(int64_t, const std::function<bool()>& should_stop) {
  train::Metrics row;
  if (holdout_) {
    auto measured =
        holdout_->measure(victim_, generator_ ? &*generator_ : nullptr, perturbs(setup_.options), should_stop);
    if (!measured) return std::nullopt;
    row = std::move(*measured);
  }
  const train::Metrics game = log_.take();
  row.insert(row.end(), game.begin(), game.end());
  return row;
}

std::string AdversarialTask::best_metric() const {
  if (!holdout_ || setup_.options.select == "last") return "";
  return setup_.options.select == "pgd" ? "holdout_pgd" : "holdout_accuracy";
}

bool AdversarialTask::parameters_are_finite() const {
  return train::parameters_are_finite(network_) && (!generator_ || train::parameters_are_finite(generator_->network()));
}

void AdversarialTask::save(io::CheckpointData& data) const {
  const TrainOptions& options = setup_.options;
  train::store_model(network_, setup_.preprocess, setup_.labels, data);
  train::store_optimizer(optimizer_, options.learning_rate, options.schedule, data);
  Adversary adversary{options.method, "", 0, setup_.seed, -1};
  if (generator_) {
    const GeneratorSettings& settings = generator_->settings();
    if (settings.bound != PerturbationBound::kNone) {
      adversary.norm = settings.norm() == ops::Norm::kL2 ? "l2" : "linf";
      adversary.epsilon = settings.epsilon;
    }
    train::store_slots(*generator_optimizer_, kGeneratorLayers, data);
    data.optimizer_extra[kGeneratorSteps] = generator_optimizer_->steps();
  } else if (setup_.noise_norm > 0) {
    adversary.norm = "l2";
    adversary.epsilon = setup_.noise_norm;
  } else if (perturbs(options)) {
    adversary.norm = attack_.norm == ops::Norm::kL2 ? "l2" : "linf";
    adversary.epsilon = attack_.epsilon;
  }
  store_adversary(adversary, generator_ ? &*generator_ : nullptr, data);
  data.rng = {setup_.seed, static_cast<uint64_t>(optimizer_.steps())};
  log_.save(data);
}

void AdversarialTask::restore(const io::CheckpointData& data, const std::string& origin) {
  train::restore_arrays(network_, data, origin);
  train::restore_optimizer(optimizer_, data, origin);
  if (generator_) {
    restore_generator(*generator_, data, origin);
    train::restore_slots(*generator_optimizer_, kGeneratorLayers, data, origin);
    generator_optimizer_->set_steps(io::json_int(data.optimizer_extra, kGeneratorSteps, origin + ": optimizer"));
  }
  log_.restore(data, origin);
}

std::vector<std::string> AdversarialTask::resumable_keys() const {
  if (schedule_.depends_on_total()) return {};
  return {"steps", "epochs"};
}

}  // namespace fovea::advgen
