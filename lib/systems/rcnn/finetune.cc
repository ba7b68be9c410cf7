// rcnn-detect finetune
#include "systems/rcnn/finetune.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "data/warp.h"
#include "nn/optimizer.h"
#include "nn/rewrite.h"
#include "nn/schedule.h"
#include "systems/rcnn/feature_extractor.h"
#include "systems/rcnn/windows.h"
#include "systems/run_record.h"
#include "systems/update_options.h"
#include "train/data_parallel.h"
#include "train/loop.h"
#include "train/model.h"
#include "train/optimizer_state.h"

namespace fovea::rcnn {
namespace {

// The pre-trained network with N + 1 outputs: all layers but the classifier keep their weights.
nn::Network with_new_classifier(const train::Model& model, int64_t classes, uint64_t seed, std::string& classifier) {
  const nn::NetText text = nn::with_classes(model.network.text(), classes + 1);
  for (const auto& line : text.layers) {
    if (line.kind == "conv" || line.kind == "dense") classifier = line.name;
  }
  nn::Network network(text);
  network.initialize(seed);
  std::vector<nn::Array> arrays = model.network.export_arrays();
  const std::vector<nn::Array> fresh = network.export_arrays();
  for (nn::Array& array : arrays) {
    if (array.layer != classifier) continue;
    const auto same = std::find_if(fresh.begin(), fresh.end(), [&](const nn::Array& other) {
      return other.layer == array.layer && other.name == array.name;
    });
    array = *same;
  }
  network.import_arrays(arrays, model.path);
  return network;
}

class FinetuneTask : public train::Task {
 public:
  FinetuneTask(const FinetuneOptions& options, uint64_t seed, const train::Model& model,
               const data::ImageSource& source, const WindowPool& pool, const std::vector<std::string>& classes)
      : options_(options),
        seed_(seed),
        source_(source),
        pool_(pool),
        preprocess_(model.preprocess),
        labels_{"background"},
        network_(with_new_classifier(model, static_cast<int64_t>(classes.size()), seed, classifier_)),
        optimizer_(prepare_parameters(), optimizer_config()),
        exchange_(optimizer_.parameters(), options.batch_statistics ? network_.buffers() : std::vector<nn::Buffer*>{}),
        schedule_(nn::Schedule::parse(options.schedule)),
        warp_{data::parse_warp_mode(options.warp), options.padding} {
    labels_.insert(labels_.end(), classes.begin(), classes.end());
    if (options.crop > 0) preprocess_.height = preprocess_.width = options.crop;
    if (preprocess_.height != preprocess_.width)
      fail(ErrorKind::kUsage, "{}: expected a network with a square input; give --crop", model.path);
    data::check_warp(warp_, preprocess_.width);
    const int64_t windows = options.positives + options.backgrounds;
    train::check_batch(windows);
    batch_ =
        Tensor::empty({train::Share(windows).count(), preprocess_.height, preprocess_.width, preprocess_.channels});
  }

  int64_t steps_per_epoch() const override {
    return std::max<int64_t>(1, static_cast<int64_t>(pool_.positives.size()) / options_.positives);
  }
  double learning_rate(int64_t step) const override {
    return schedule_.rate(options_.learning_rate, step, options_.steps, steps_per_epoch());
  }

  double step(int64_t step) override {
    const train::Share share(options_.positives + options_.backgrounds);
    const auto draws = share.of(draw_windows(pool_, options_.positives, options_.backgrounds, seed_, step));
    std::vector<int32_t> labels;
    for (const auto& draw : draws) labels.push_back(draw.window.label);
    float* pixels = batch_.data<float>();
    const int64_t floats = preprocess_.height * preprocess_.width * preprocess_.channels;
    parallel_tasks(static_cast<int64_t>(draws.size()), [&](int64_t i) {
      const WindowDraw& draw = draws[static_cast<size_t>(i)];
      data::warp_region(source_.pixels(draw.window.image), draw.window.box, preprocess_, warp_, draw.mirror,
                        pixels + i * floats);
    });
    nn::PassContext context = train::training_pass(seed_, step);
    if (!options_.batch_statistics) {
      context.norm = ops::BatchNormMode::kFrozen;
      context.update_running = false;
    }
    const Var logits = network_.forward(Var(batch_), context);
    const Var loss = ops::softmax_cross_entropy(logits, labels, 0);
    const double value = share.mean(loss.value().item());
    if (!std::isfinite(value)) return value;
    count_correct(logits.value(), labels);
    exchange_.backward(loss, share);
    optimizer_.step(learning_rate(step));
    return value;
  }

  // Of the windows seen since the last report.
  std::optional<train::Metrics> evaluate(int64_t, const std::function<bool()>&) override {
    const auto share = [](int64_t right, int64_t all) {
      return all > 0 ? static_cast<double>(right) / static_cast<double>(all) : 0;
    };
    train::Metrics row{{"background_accuracy", share(right_[0], seen_[0])},
                       {"object_accuracy", share(right_[1], seen_[1])}};
    right_ = seen_ = {0, 0};
    return row;
  }
  std::optional<train::Metrics> finish(const std::function<bool()>&) override { return train::Metrics{}; }
  std::string best_metric() const override { return ""; }
  bool parameters_are_finite() const override { return train::parameters_are_finite(network_); }
  std::vector<std::string> resumable_keys() const override {
    return schedule_.depends_on_total() ? std::vector<std::string>{} : std::vector<std::string>{"steps"};
  }

  void save(io::CheckpointData& data) const override {
    // The stored preprocessing is the network's own; --crop is an option of every command that warps.
    data::Preprocess stored = preprocess_;
    stored.height = network_.input().height;
    stored.width = network_.input().width;
    train::store_model(network_, stored, labels_, data);
    train::store_optimizer(optimizer_, options_.learning_rate, options_.schedule, data);
    data.rng = {seed_, static_cast<uint64_t>(optimizer_.steps())};
    data.sampler = {0, static_cast<uint64_t>(optimizer_.steps())};
    // What a softmax scorer needs: how windows are cut, and the class names. No SVMs.
    FeatureConfig features;
    features.layer = network_.text().layers.back().name;
    features.warp = warp_;
    io::Json json;
    json["classes"] = std::vector<std::string>(labels_.begin() + 1, labels_.end());
    json["features"] = io::parse_json(feature_config_json(features, preprocess_), "features");
    json["scorer"] = "softmax";
    data.detector_json = io::canonical_json(json);
    data.training["finetune_right"] = io::canonical_json(io::Json(right_));
    data.training["finetune_seen"] = io::canonical_json(io::Json(seen_));
  }

  void restore(const io::CheckpointData& data, const std::string& origin) override {
    train::restore_arrays(network_, data, origin);
    train::restore_optimizer(optimizer_, data, origin);
    right_ = counts(data, "finetune_right", origin);
    seen_ = counts(data, "finetune_seen", origin);
  }

 private:
  static std::array<int64_t, 2> counts(const io::CheckpointData& data, const char* key, const std::string& origin) {
    const std::string place = origin + ": training: " + key;
    const io::Json json = io::parse_json(io::json_text(data.training, key, origin), place);
    if (!json.is_array() || json.size() != 2 || !json[0].is_number_integer() || !json[1].is_number_integer())
      fail_data(place, "two counts", json.dump());
    return {json[0].get<int64_t>(), json[1].get<int64_t>()};
  }

  nn::OptimizerConfig optimizer_config() const {
    nn::OptimizerConfig config;
    config.momentum = options_.momentum;
    config.weight_decay = options_.weight_decay;
    return config;
  }

  // Rates of the paper: the new classifier 10 times, every bias twice the layer's. Layers before --freeze-below stay.
  std::vector<nn::Parameter*> prepare_parameters() {
    bool frozen = !options_.freeze_below.empty();
    if (frozen) network_.shape_of(options_.freeze_below);  // throws for an unknown name
    std::vector<std::string> still;
    for (const auto& line : network_.text().layers) {
      if (line.name == options_.freeze_below) frozen = false;
      if (frozen) still.push_back(line.name);
    }
    for (nn::Parameter* parameter : network_.parameters()) {
      if (parameter->layer == classifier_) parameter->learning_rate_scale *= options_.classifier_rate;
      if (parameter->name == "bias") parameter->learning_rate_scale *= 2;
      if (std::find(still.begin(), still.end(), parameter->layer) != still.end()) parameter->var.set_needs_grad(false);
    }
    return network_.parameters();
  }

  void count_correct(const Tensor& logits, const std::vector<int32_t>& labels) {
    const int64_t outputs = logits.count() / logits.extent(0);
    const float* row = logits.data<float>();
    for (const int32_t label : labels) {
      const auto best = std::max_element(row, row + outputs) - row;
      const size_t kind = label > 0 ? 1 : 0;
      ++seen_[kind];
      right_[kind] += best == label ? 1 : 0;
      row += outputs;
    }
  }

  const FinetuneOptions& options_;
  uint64_t seed_;
  const data::ImageSource& source_;
  const WindowPool& pool_;
  data::Preprocess preprocess_;
  std::vector<std::string> labels_;
  std::string classifier_;
  mutable nn::Network network_;  // export_arrays() and the like of a const save() need no change
  nn::Optimizer optimizer_;
  train::GradientExchange exchange_;
  nn::Schedule schedule_;
  data::WarpConfig warp_;
  Tensor batch_;
  std::array<int64_t, 2> right_{}, seen_{};  // background, objects
};

}  // namespace

void declare_finetune(cli::OptionTable& table, FinetuneOptions& options) {
  table.group("Data");
  table.add("model", options.model, "FILE", "Pre-trained classifier.").required().is_input_path();
  table.add("images", options.images, "FILE", "A fovea.images file with objects.").required().is_input_path();
  table.add("split", options.split, "NAME", "Which split to train on; empty: all.");
  table.add("proposals", options.proposals, "FILE", "Proposals of these pictures.").required().is_input_path();
  table.add("skip-difficult", options.skip_difficult, "Leave difficult objects out of the true boxes.");
  table.group("Windows");
  table.add("positives", options.positives, "N", "Windows of objects in a batch.")
      .range(1, 65536)
      .source("[paper §2.3]");
  table.add("backgrounds", options.backgrounds, "N", "Windows of background in a batch.")
      .range(1, 65536)
      .source("[paper §2.3]");
  table.add("overlap", options.overlap, "IOU", "A window is an object's from this overlap on.")
      .range(0, 1)
      .source("[paper §2.3]");
  table.add("warp", options.warp, "MODE", "How a box is fitted to the input.")
      .choices({"warp", "square", "square-nocontext"})
      .source("[paper, appendix A]");
  table.add("padding", options.padding, "N", "Pixels of context at the network's input.")
      .range(0, 512)
      .source("[paper, appendix A]");
  table.add("crop", options.crop, "N", "Side of the network's input; 0: its own.").range(0, 4096).source("[ours]");
  table.group("Training");
  add_steps(table, options.steps).source("[R-CNN code]");
  add_learning_rate(table, options.learning_rate).source("[paper §2.3]").text("Biases learn twice as fast.");
  table.add("classifier-rate", options.classifier_rate, "X", "The new classifier learns X times as fast.")
      .range(0, 1e4)
      .source("[R-CNN code]");
  add_schedule(table, options.schedule).source("[R-CNN code]");
  table.add("momentum", options.momentum, "M", "Of SGD.").range(0, 1).below(1).source("[R-CNN code]");
  add_weight_decay(table, options.weight_decay).source("[R-CNN code]");
  table.add("freeze-below", options.freeze_below, "LAYER", "Keep the layers before this one as they are.")
      .source("[ours]");
  table.add("batch-statistics", options.batch_statistics, "Train batch_norm layers on batch statistics.")
      .source("[ours]");
  table.group("Output");
  table.output(options.output, "Fine-tuned network to write.").required();
  table.add("report-every", options.report_every, "N", "Updates between reports; 0: only at the end.")
      .range(0, 1e9)
      .source("[ours]");
  add_metrics(table, options.metrics);
}

int finetune(const FinetuneOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  const train::Model model = train::load_model(options.model);
  const Truth truth = read_truth(options.images);
  data::SourceOptions source_options;
  source_options.split = options.split;
  source_options.require_labels = false;
  const data::ImageSource source = data::ImageSource::open(options.images, source_options);
  const io::ProposalsReader proposals(options.proposals);
  const WindowPool pool = collect_windows(source, proposals, truth, options.overlap, options.skip_difficult);
  log::info("{} pictures: {} windows of objects, {} of background", source.size(), pool.positives.size(),
            pool.backgrounds.size());
  FinetuneTask task(options, invocation.common.seed, model, source, pool, truth.classes);
  if (invocation.common.dry_run) return 0;
  train::LoopOptions loop = loop_options(invocation, options.output, options.steps);
  loop.evaluate_every = options.report_every;
  loop.metrics = options.metrics;
  io::RootAttributes root = run_record(invocation);
  root.parent = model.hash;
  root.inputs = {
      input_record("images", source),
      input_record("network", model),
      {"proposals", recorded_path(options.proposals), "fovea.proposals", proposals.attributes().content_hash}};
  const train::LoopResult result = train::run(task, loop, root);
  if (result.exit_code != 0) return result.exit_code;
  log::info("{}: {} classes and background, {} steps, content hash {}", options.output, truth.classes.size(),
            result.steps, result.content_hash);
  return 0;
}

}  // namespace fovea::rcnn
