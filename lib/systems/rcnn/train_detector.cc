// rcnn-detect train
#include "systems/rcnn/train_detector.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/features_file.h"
#include "systems/rcnn/detector.h"
#include "systems/rcnn/features.h"
#include "systems/rcnn/hard_negatives.h"
#include "systems/run_record.h"
#include "systems/update_options.h"
#include "train/loop.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

// Box regressors of all classes: pairs are all regions whose best IoU with any object is above min_overlap.
std::vector<BoxRegressor> fit_regressors(const io::RegionFeaturesReader& features, const Truth& truth, double scale,
                                         const TrainDetectorOptions& options,
                                         const std::function<bool()>& should_stop) {
  struct Pairs {
    std::vector<std::vector<float>> rows;
    std::vector<BoxTarget> targets;
  };
  std::vector<Pairs> pairs(truth.classes.size());
  const int64_t dimension = features.layout().dimension;
  for (int64_t image = 0; image < features.count(); ++image) {
    if (should_stop()) return {};
    const io::RegionList regions = features.read_regions(image);
    const auto& objects = truth.of(regions.image_id);
    std::vector<float> rows;
    for (size_t r = 0; r < regions.boxes.size(); ++r) {
      const TrueObject* best = nullptr;
      double overlap = options.min_overlap;
      for (const TrueObject& object : objects) {
        if (options.skip_difficult && object.difficult) continue;
        const double found = iou(regions.boxes[r], object.box);
        if (found > overlap) {
          overlap = found;
          best = &object;
        }
      }
      if (best == nullptr) continue;
      if (rows.empty()) rows = features.read_features(image);
      const auto first = rows.begin() + static_cast<std::ptrdiff_t>(r) * dimension;
      Pairs& mine = pairs[static_cast<size_t>(best->class_index)];
      mine.rows.emplace_back(first, first + dimension);
      for (float& value : mine.rows.back()) value *= static_cast<float>(scale);
      mine.targets.push_back(encode_box(regions.boxes[r], best->box));
    }
  }
  std::vector<BoxRegressor> regressors;
  for (size_t k = 0; k < pairs.size(); ++k) {
    if (should_stop()) return {};
    std::vector<const float*> rows;
    for (const auto& row : pairs[k].rows) rows.push_back(row.data());
    log::debug("box regression: {}: {} pairs", truth.classes[k], rows.size());
    regressors.push_back(fit_box_regressor(rows, pairs[k].targets, dimension, options.lambda, options.discard));
  }
  return regressors;
}

// One step of the loop is one image.
class MiningTask : public train::Task {
 public:
  MiningTask(const TrainDetectorOptions& options, const io::RegionFeaturesReader& features, const Truth& truth,
             train::Model& model, const MiningConfig& config, double scale)
      : options_(options),
        features_(features),
        truth_(truth),
        model_(model),
        scale_(scale),
        miner_(features, truth, scale, config) {}

  int64_t steps_per_epoch() const override { return features_.count(); }
  int64_t total_steps() const { return options_.passes * features_.count(); }
  double learning_rate(int64_t) const override { return 0; }

  bool is_data_parallel() const override { return false; }
  double step(int64_t step) override {
    miner_.visit(step, step + 1 == total_steps());
    double objective = 0;
    for (const ClassState& state : miner_.classes()) objective += state.solution.objective();
    return objective;
  }

  // Sums over the classes.
  std::optional<train::Metrics> evaluate(int64_t, const std::function<bool()>&) override {
    double positive = 0, negative = 0, regularization = 0, support = 0, cached = 0, trainings = 0;
    for (const ClassState& state : miner_.classes()) {
      positive += state.solution.positive_loss;
      negative += state.solution.negative_loss;
      regularization += state.solution.regularization;
      support += static_cast<double>(state.solution.support_vectors);
      cached += static_cast<double>(state.negatives.size());
      trainings += static_cast<double>(state.trainings);
    }
    return train::Metrics{{"positive_loss", positive},        {"negative_loss", negative},
                          {"regularization", regularization}, {"cached_negatives", cached},
                          {"support_vectors", support},       {"trainings", trainings}};
  }

  std::optional<train::Metrics> finish(const std::function<bool()>& should_stop) override {
    if (!options_.box_regression) {
      finished_ = true;
      return train::Metrics{};
    }
    regressors_ = fit_regressors(features_, truth_, scale_, options_, should_stop);
    if (regressors_.empty()) return std::nullopt;
    finished_ = true;
    return train::Metrics{};
  }

  std::string best_metric() const override { return ""; }
  bool parameters_are_finite() const override { return true; }
  std::vector<std::string> resumable_keys() const override { return {}; }

  void save(io::CheckpointData& data) const override {
    train::store_model(model_.network, model_.preprocess, model_.labels, data);
    Detector detector;
    detector.classes = truth_.classes;
    detector.feature_json = features_.layout().preprocess_json;
    detector.dimension = features_.layout().dimension;
    detector.feature_scale = scale_;
    detector.weights.assign(detector.classes.size() * static_cast<size_t>(detector.dimension), 0.0);
    for (size_t k = 0; k < detector.classes.size(); ++k) {
      const SvmSolution& solution = miner_.classes()[k].solution;
      std::copy(solution.weights.begin(), solution.weights.end(),
                detector.weights.begin() + static_cast<std::ptrdiff_t>(k) * detector.dimension);
      // A class without positives never fires.
      detector.biases.push_back(miner_.classes()[k].positives.empty() ? -1e6 : solution.bias);
    }
    if (finished_) detector.regressors = regressors_;
    store_detector(detector, data);
    for (size_t k = 0; k < detector.classes.size(); ++k) save_class(k, data);
  }

  void restore(const io::CheckpointData& data, const std::string& origin) override {
    const Detector detector = load_detector(data, origin);
    if (detector.classes != truth_.classes || detector.dimension != features_.layout().dimension) {
      fail_data(origin + ": detector",
                fmt::format("{} classes, {} features", truth_.classes.size(), features_.layout().dimension),
                fmt::format("{} classes, {} features", detector.classes.size(), detector.dimension));
    }
    for (size_t k = 0; k < detector.classes.size(); ++k) restore_class(k, detector, data, origin);
  }

 private:
  static std::string array_name(size_t k, const char* what) { return fmt::format("mining/{:04}/{}", k, what); }

  void save_class(size_t k, io::CheckpointData& data) const {
    const ClassState& state = miner_.classes()[k];
    std::vector<double> cache = miner_.export_cache(k);
    const auto rows = static_cast<int64_t>(cache.size() / 3);
    data.training_arrays.push_back(
        {array_name(k, "cache"), "row,(image,region,multiplier)", {rows, 3}, std::move(cache)});
    const SvmSolution& s = state.solution;
    data.training_arrays.push_back(
        {array_name(k, "state"),
         "positives,added,trainings,positive_loss,negative_loss,regularization,gap,support_vectors,epochs",
         {9},
         {static_cast<double>(state.positives.size()), static_cast<double>(state.added),
          static_cast<double>(state.trainings), s.positive_loss, s.negative_loss, s.regularization, s.gap,
          static_cast<double>(s.support_vectors), static_cast<double>(s.epochs)}});
  }

  void restore_class(size_t k, const Detector& detector, const io::CheckpointData& data, const std::string& origin) {
    const auto find = [&](const char* what, size_t columns) -> const std::vector<double>& {
      const std::string name = array_name(k, what);
      for (const auto& array : data.training_arrays) {
        if (array.name == name && array.values.size() % columns == 0) return array.values;
      }
      fail_data(origin + ": training/arrays/" + name, "float64", "nothing");
    };
    const std::vector<double>& state = find("state", 9);
    if (state.size() != 9)
      fail_data(origin + ": training/arrays/" + array_name(k, "state"), "9 values", std::to_string(state.size()));
    miner_.import_cache(k, find("cache", 3), static_cast<int64_t>(state[0]),
                        origin + ": training/arrays/" + array_name(k, "cache"));
    SvmSolution solution;
    if (state[2] > 0) {
      const auto first = detector.weights.begin() + static_cast<std::ptrdiff_t>(k) * detector.dimension;
      solution.weights.assign(first, first + detector.dimension);
      solution.bias = detector.biases[k];
    }
    solution.positive_loss = state[3];
    solution.negative_loss = state[4];
    solution.regularization = state[5];
    solution.gap = state[6];
    solution.support_vectors = static_cast<int64_t>(state[7]);
    solution.epochs = static_cast<int64_t>(state[8]);
    miner_.set_solution(k, std::move(solution), static_cast<int64_t>(state[1]), static_cast<int64_t>(state[2]));
  }

  const TrainDetectorOptions& options_;
  const io::RegionFeaturesReader& features_;
  const Truth& truth_;
  train::Model& model_;
  double scale_;
  HardNegativeMiner miner_;
  std::vector<BoxRegressor> regressors_;
  bool finished_ = false;
};

MiningConfig mining_config(const TrainDetectorOptions& options, uint64_t seed) {
  MiningConfig config;
  config.svm = {options.cost, options.positive_weight, options.bias_feature, options.tolerance, 2000};
  config.negative_overlap = options.negative_overlap;
  config.hard_above = options.hard_above;
  config.evict_below = options.evict_below;
  config.retrain_after = options.retrain_after;
  config.skip_difficult = options.skip_difficult;
  config.seed = seed;
  return config;
}

}  // namespace

void declare_train_detector(cli::OptionTable& table, TrainDetectorOptions& options) {
  table.group("Data");
  table.add("features", options.features, "FILE", "Region features with true boxes (features --truth).")
      .required()
      .is_input_path();
  table.add("images", options.images, "FILE", "The fovea.images file with the objects.").required().is_input_path();
  table.add("model", options.model, "FILE", "The network that the features came from.").required().is_input_path();
  table.add("skip-difficult", options.skip_difficult, "Leave difficult objects out of training.");
  table.group("Support vector machines");
  table.add("cost", options.cost, "C", "Weight of the hinge loss.").above(0).at_most(1e6).source("[R-CNN code]");
  table.add("positive-weight", options.positive_weight, "W", "The same for positives, times C.")
      .above(0)
      .at_most(1e6)
      .source("[R-CNN code]");
  table.add("bias-feature", options.bias_feature, "B", "Value of the feature that stands for the bias.")
      .above(0)
      .at_most(1e6)
      .source("[R-CNN code]");
  table.add("tolerance", options.tolerance, "T", "Relative duality gap at which a machine is trained.")
      .above(0)
      .at_most(1)
      .source("[ours]");
  table.group("Hard negative mining");
  table.add("negative-overlap", options.negative_overlap, "IOU", "Regions below this overlap are negatives.")
      .range(0, 1)
      .source("[paper §2.3]");
  table.add("hard-above", options.hard_above, "Z", "Negatives with a larger score are added.")
      .range(-1e6, 1e6)
      .source("[R-CNN code]");
  table.add("evict-below", options.evict_below, "Z", "Cached negatives with a smaller score are dropped.")
      .range(-1e6, 1e6)
      .source("[R-CNN code]");
  table.add("retrain-after", options.retrain_after, "N", "New negatives of a class before it is trained again.")
      .range(1, 1e9)
      .source("[R-CNN code]");
  table.add("passes", options.passes, "N", "Passes over the images.").range(1, 1000).source("[paper §2.3]");
  table.group("Box regression");
  table.add("box-regression", options.box_regression, "Learn to correct boxes.").source("[paper §3.5]");
  table.add("reg-lambda", options.lambda, "L", "Ridge penalty.")
      .above(0)
      .at_most(1e12)
      .only_with("box-regression")
      .source("[paper, appendix C]");
  table.add("reg-min-overlap", options.min_overlap, "IOU", "Learn from regions with a larger overlap.")
      .range(0, 1)
      .only_with("box-regression")
      .source("[paper, appendix C]");
  table.add("reg-discard", options.discard, "X", "Fit again without this share of the pairs, the worst fitted.")
      .range(0, 1)
      .below(1)
      .only_with("box-regression")
      .source("[R-CNN code]");
  table.group("Output");
  table.output(options.output, "Detector to write: a checkpoint with the network.").required();
  table.add("report-every", options.report_every, "N", "Images between reports; 0: only at the end.")
      .range(0, 1e9)
      .source("[ours]");
  add_metrics(table, options.metrics);
}

int train_detector(const TrainDetectorOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  const io::RegionFeaturesReader features(options.features);
  if (features.count() == 0) fail_data(options.features + ": image_id", "images", "none");
  const Truth truth = read_truth(options.images);
  check_made_for(features, truth.content_hash);
  train::Model model = train::load_model(options.model);
  io::check_partner(options.features, "network", features.layout().network_hash, model.hash);
  if (invocation.common.dry_run) {
    log::info("{} images, {} regions, {} features, {} classes", features.count(), features.region_count(),
              features.layout().dimension, truth.classes.size());
    return 0;
  }
  const double scale = feature_scale(features, invocation.common.seed);
  MiningTask task(options, features, truth, model, mining_config(options, invocation.common.seed), scale);
  train::LoopOptions loop = loop_options(invocation, options.output, task.total_steps());
  loop.evaluate_every = options.report_every;
  loop.metrics = options.metrics;
  io::RootAttributes root = run_record(invocation);
  root.parent = model.hash;
  root.inputs = {{"features", recorded_path(options.features), "fovea.features", features.attributes().content_hash},
                 {"images", recorded_path(options.images), "fovea.images", truth.content_hash},
                 input_record("network", model)};
  const train::LoopResult result = train::run(task, loop, root);
  if (result.exit_code != 0) return result.exit_code;
  log::info("{}: {} classes, {} features, content hash {}", options.output, truth.classes.size(),
            features.layout().dimension, result.content_hash);
  return 0;
}

}  // namespace fovea::rcnn
