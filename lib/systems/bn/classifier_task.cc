#include "systems/bn/classifier_task.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/text.h"
#include "systems/bn/population.h"
#include "systems/bn/recipe.h"
#include "systems/classification.h"
#include "train/model.h"
#include "train/optimizer_state.h"

namespace fovea::bn {
namespace {

constexpr int64_t kEvaluationBatch = 100;
constexpr int64_t kMaxPopulationBatches = 1000;    // [ours] spec section 3
constexpr uint64_t kPopulationEpoch = 1ULL << 40;  // its batches and dropout masks are those of no training epoch

data::AugmentConfig augment_config(const AugmentOptions& options) {
  data::AugmentConfig config;
  config.flip = options.flip;
  config.random_crop = options.random_crop;
  config.random_resized_crop = options.random_resized_crop;
  config.pad = options.pad;
  config.photometric_scale = options.photometric_scale;
  data::check_augment(config);
  return config;
}

std::vector<std::string> find_biased_layers(const nn::NetText& net) {
  std::vector<std::string> out;
  for (const auto& layer : net.layers) {
    const nn::LayerLine* source = layer.kind == "batch_norm" ? net.find(layer.inputs[0]) : nullptr;
    if (source == nullptr || (source->kind != "conv" && source->kind != "dense")) continue;
    const std::string* bias = source->find("bias");
    if (bias == nullptr || *bias == "yes") out.push_back(source->name);
  }
  return out;
}

std::vector<nn::Array> statistics_of(const nn::Network& network) {
  std::vector<nn::Array> out;
  for (auto& array : network.export_arrays()) {
    if (array.name == "running_mean" || array.name == "running_var") out.push_back(std::move(array));
  }
  return out;
}

void set_statistics(nn::Network& network, const std::vector<nn::Array>& arrays) {
  for (nn::Buffer* buffer : network.buffers()) {
    for (const auto& array : arrays) {
      if (array.layer == buffer->layer && array.name == buffer->name) {
        buffer->value.copy_from(Tensor::from<float>(array.shape, array.values));
      }
    }
  }
}

}  // namespace

ClassifierTask::ClassifierTask(nn::Network network, ClassifierSetup setup, const data::ImageSource& training,
                               const data::ImageSource* test)
    : setup_(std::move(setup)),
      training_(training),
      test_(test),
      network_(std::move(network)),
      optimizer_(network_.parameters(), optimizer_config(setup_.options.recipe)),
      exchange_(optimizer_.parameters(), setup_.options.freeze_bn ? std::vector<nn::Buffer*>{} : network_.buffers()),
      schedule_(nn::Schedule::parse(setup_.options.recipe.schedule, setup_.options.recipe.decay_speed)),
      sampler_({training.size(), setup_.options.recipe.batch, data::parse_shuffle_mode(setup_.options.augment.shuffle),
                setup_.seed, true}),
      augment_(augment_config(setup_.options.augment)),
      biased_layers_(find_biased_layers(network_.text())),
      percentiles_(network_.text(), setup_.options.percentiles) {
  train::check_batch(setup_.options.recipe.batch);
  network_.initialize(setup_.seed);
}

double ClassifierTask::learning_rate(int64_t step) const {
  const auto& recipe = setup_.options.recipe;
  return schedule_.rate(recipe.learning_rate * recipe.lr_mult, step, setup_.total_steps, steps_per_epoch(),
                        recipe.warmup);
}

// Every batch is as large as the first, the share of a rank as well: batch_ is made once.
void ClassifierTask::load_images(const std::vector<int64_t>& items, uint64_t epoch) {
  const auto& p = setup_.preprocess;
  const auto count = static_cast<int64_t>(items.size());
  if (!batch_.defined() || batch_.extent(0) != count) batch_ = Tensor::empty({count, p.height, p.width, p.channels});
  data::load_batch(training_, items, p, augment_, {setup_.seed, epoch}, batch_.data<float>());
}

train::Share ClassifierTask::load_batch(int64_t step) {
  const auto batch = sampler_.batch_at(step);
  const train::Share share(batch.size());
  const auto items = share.of(batch);
  load_images(items, sampler_.epoch_of(step));
  labels_.clear();
  for (const int64_t item : items) labels_.push_back(training_.label(item));
  return share;
}

nn::PassContext ClassifierTask::pass(int64_t step) const {
  nn::PassContext context = train::training_pass(setup_.seed, step, setup_.options.sync_statistics);
  if (setup_.options.bn_mode == "naive") context.norm = ops::BatchNormMode::kNaive;
  if (setup_.options.freeze_bn) {
    context.norm = ops::BatchNormMode::kFrozen;
    context.update_running = false;
  }
  return context;
}

double ClassifierTask::step(int64_t step) {
  const train::Share share = load_batch(step);
  const Var logits = network_.forward(Var(batch_), pass(step));
  const Var loss = ops::softmax_cross_entropy(logits, labels_, setup_.options.recipe.label_smoothing);
  const double value = share.mean(loss.value().item());
  if (!std::isfinite(value)) return value;  // the parameters stay those of the last good step
  exchange_.backward(loss, share);
  optimizer_.step(learning_rate(step));
  return value;
}

// |b| and mean of b of every layer that keeps a bias before a batch_norm (spec section 6).
void ClassifierTask::add_bias_columns(train::Metrics& row) const {
  for (const auto& name : biased_layers_) {
    for (const auto& parameter : network_.find_layer(name)->parameters()) {
      if (parameter.name != "bias") continue;
      double squares = 0, sum = 0;
      const auto values = parameter.var.value().span<float>();
      for (const float b : values) squares += static_cast<double>(b) * b, sum += b;
      row.emplace_back("bias_norm." + name, std::sqrt(squares));
      row.emplace_back("bias_mean." + name, sum / static_cast<double>(values.size()));
    }
  }
}

std::optional<train::Metrics> ClassifierTask::evaluate(int64_t step, const std::function<bool()>& should_stop) {
  train::Metrics row;
  if (test_ != nullptr) {
    const auto score = quick_score(network_, setup_.preprocess, *test_, kEvaluationBatch, should_stop);
    if (!score) return std::nullopt;
    row = {{"test_accuracy", 1 - score->top1_error}, {"test_loss", score->loss}};
    const bool recorded = percentiles_.empty() ||
                          percentiles_.record(step, network_, setup_.preprocess, *test_, kEvaluationBatch, should_stop);
    if (!recorded) return std::nullopt;
  }
  add_bias_columns(row);
  return row;
}

std::optional<train::Metrics> ClassifierTask::finish(const std::function<bool()>& should_stop) {
  finished_ = false;
  const bool population =
      setup_.options.bn_stats == "population" && !network_.buffers().empty() && !setup_.options.freeze_bn;
  if (!population) {
    finished_ = true;
    return train::Metrics{};
  }
  moving_ = statistics_of(network_);
  const int64_t wanted =
      setup_.options.population_batches > 0 ? setup_.options.population_batches : kMaxPopulationBatches;
  const int64_t batches = std::min(wanted, sampler_.batches_per_epoch());
  data::Sampler sampler({training_.size(), setup_.options.recipe.batch,
                         data::parse_shuffle_mode(setup_.options.augment.shuffle), setup_.seed, true});
  sampler.seek(kPopulationEpoch, 0);
  const auto next = [&](int64_t) {
    load_images(sampler.next(), kPopulationEpoch);
    return batch_;
  };
  if (!recalibrate(network_, batches, setup_.seed, next, should_stop)) return std::nullopt;
  train::Metrics metrics;
  if (test_ != nullptr) {
    const auto score = quick_score(network_, setup_.preprocess, *test_, kEvaluationBatch, should_stop);
    if (!score) {
      set_statistics(network_, moving_);
      return std::nullopt;
    }
    metrics = {{"test_accuracy_population", 1 - score->top1_error}, {"test_loss_population", score->loss}};
  }
  finished_ = true;
  return metrics;
}

bool ClassifierTask::parameters_are_finite() const { return train::parameters_are_finite(network_); }

void ClassifierTask::save(io::CheckpointData& data) const {
  train::store_model(network_, setup_.preprocess, setup_.labels, data);
  train::store_optimizer(optimizer_, setup_.options.recipe.learning_rate, setup_.options.recipe.schedule, data);
  // Population statistics are in the model now; training goes on from the moving averages.
  for (const auto& array : finished_ ? moving_ : std::vector<nn::Array>{}) {
    const auto extents = array.shape.extents();
    data.optimizer.push_back({"moving", array.layer, array.name, {extents.begin(), extents.end()}, array.values});
  }
  data.rng = {setup_.seed, static_cast<uint64_t>(optimizer_.steps())};
  const int64_t steps = optimizer_.steps(), per_epoch = sampler_.batches_per_epoch();
  data.sampler = {static_cast<uint64_t>(steps / per_epoch), static_cast<uint64_t>(steps % per_epoch)};
  percentiles_.save(data);
}

void ClassifierTask::restore(const io::CheckpointData& data, const std::string& origin) {
  train::restore_arrays(network_, data, origin);
  train::restore_optimizer(optimizer_, data, origin);
  std::vector<nn::Array> moving;
  for (const auto& stored : data.optimizer) {
    if (stored.slot == "moving")
      moving.push_back({stored.layer, stored.parameter, Shape(std::span<const int64_t>(stored.shape)), stored.values});
  }
  set_statistics(network_, moving);
  if (!percentiles_.empty()) percentiles_.continue_from(data, origin);
}

std::vector<std::string> ClassifierTask::resumable_keys() const {
  if (schedule_.depends_on_total()) return {};
  return {"steps", "epochs"};
}

}  // namespace fovea::bn
