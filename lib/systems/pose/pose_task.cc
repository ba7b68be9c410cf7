#include "systems/pose/pose_task.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/heat_map_loss.h"
#include "base/error.h"
#include "data/sampler.h"
#include "eval/pose.h"
#include "io/json.h"
#include "train/optimizer_state.h"

namespace fovea::pose {
namespace {

constexpr int64_t kEvaluationBatch = 16;
constexpr double kReportedRadius = 0.10;  // of the torso's length

bool is_arm(const std::string& joint) { return joint.ends_with("wrist") || joint.ends_with("elbow"); }

// Detection rates at a tenth of the torso (else of the longer side of the person's box).
struct Rates {
  eval::PosePairs pairs;

  train::Metrics measure(const data::JointSet& joints, const std::string& prefix) const {
    const int32_t shoulder = joints.find("left_shoulder"), hip = joints.find("right_hip");
    const auto sizes = shoulder >= 0 && hip >= 0 ? eval::joint_spans(pairs, shoulder, hip) : eval::box_sides(pairs);
    const auto distances = eval::normalized(eval::joint_distances(pairs), sizes, pairs.joints);
    std::vector<int64_t> all, arms;
    for (int64_t k = 0; k < pairs.joints; ++k) {
      all.push_back(k);
      if (is_arm(joints.joints[static_cast<size_t>(k)])) arms.push_back(k);
    }
    if (arms.empty()) arms = all;
    const auto rate = [&](const std::vector<int64_t>& which) {
      return eval::share_within(distances, pairs.joints, which, kReportedRadius).value_or(NAN);
    };
    return {{prefix + "rate", rate(all)}, {prefix + "arm_rate", rate(arms)}};
  }
};

}  // namespace

std::string resolved_schedule(const TrainOptions& options) {
  if (!options.schedule.empty()) return options.schedule;
  const auto at = [&](double share) {
    return std::max<int64_t>(1, std::llround(share * static_cast<double>(options.steps)));
  };
  return fmt::format("steps:0.1@{};{}", at(0.6), std::max(at(0.85), at(0.6) + 1));
}

PoseTask::PoseTask(const TrainOptions& options, uint64_t seed, PoseModel& model, const data::ImageSource& source,
                   std::vector<Person> people, std::vector<Person> validation, std::optional<CachedMaps> cached)
    : options_(options),
      seed_(seed),
      model_(model),
      people_(std::move(people)),
      validation_(std::move(validation)),
      cached_(std::move(cached)),
      sampler_(source, model),
      augmentation_{options.rotation, options.scale_low, options.scale_high,
                    options.flip,     options.shift,     options.contrast},
      batch_(std::min<int64_t>(options.batch, static_cast<int64_t>(people_.size()))),
      optimizer_(prepare_parameters(), optimizer_config()),
      exchange_(optimizer_.parameters(),
                options.stage == "spatial" ? std::vector<nn::Buffer*>{} : model_.detector.buffers()),
      schedule_text_(resolved_schedule(options)),
      schedule_(nn::Schedule::parse(schedule_text_)) {
  train::check_batch(batch_);
  order_epoch_ = ~uint64_t{0};
}

std::vector<nn::Parameter*> PoseTask::prepare_parameters() {
  std::vector<nn::Parameter*> out;
  for (nn::Parameter* parameter : model_.detector.parameters()) {
    if (options_.stage == "spatial") {
      parameter->var.set_needs_grad(false);
    } else {
      out.push_back(parameter);
    }
  }
  if (options_.stage == "detector") return out;
  for (nn::Parameter* parameter : {&model_.spatial->kernel(), &model_.spatial->bias()}) {
    parameter->learning_rate_scale = options_.spatial_rate;
    out.push_back(parameter);
  }
  return out;
}

nn::OptimizerConfig PoseTask::optimizer_config() const {
  nn::OptimizerConfig config;
  const std::string usual = options_.stage == "detector" ? "nesterov" : "adam";
  config.kind = nn::parse_optimizer(options_.optimizer.empty() ? usual : options_.optimizer);
  config.momentum = options_.momentum;
  config.weight_decay = options_.weight_decay;
  config.clip_norm = options_.clip_norm;
  return config;
}

int64_t PoseTask::steps_per_epoch() const {
  return std::max<int64_t>(1, static_cast<int64_t>(people_.size()) / batch_);
}
double PoseTask::learning_rate(int64_t step) const {
  return schedule_.rate(options_.learning_rate, step, options_.steps, steps_per_epoch());
}

Var PoseTask::loss_of(const Var& maps, const PersonBatch& batch) const {
  return options_.loss == "ce" ? ops::map_cross_entropy(maps, batch.target, batch.weight)
                               : ops::map_squared_error(maps, batch.target, batch.weight, options_.foreground);
}

// Cached maps may be mirrored, nothing else.
Var PoseTask::cached_maps(const std::vector<int64_t>& chosen, const std::vector<DrawnAugmentation>& drawn) const {
  const int64_t h = model_.map_height(), w = model_.map_width(), joints = model_.joints();
  const auto partner = model_.settings.joints.mirrored();
  Tensor out = Tensor::empty({static_cast<int64_t>(chosen.size()), h, w, joints});
  float* to = out.data<float>();
  for (size_t i = 0; i < chosen.size(); ++i) {
    const float* from = cached_->maps[static_cast<size_t>(chosen[i])].data<float>();
    const bool flip = drawn[i].flip;
    for (int64_t y = 0; y < h; ++y) {
      for (int64_t x = 0; x < w; ++x, to += joints) {
        const float* cell = from + (y * w + (flip ? w - 1 - x : x)) * joints;
        for (int64_t k = 0; k < joints; ++k) to[k] = cell[flip ? partner[static_cast<size_t>(k)] : k];
      }
    }
  }
  return Var(out);
}

Var PoseTask::batch_loss(const std::vector<int64_t>& chosen, const std::vector<DrawnAugmentation>& drawn,
                         int64_t step) {
  std::vector<const Person*> people;
  for (const int64_t i : chosen) people.push_back(&people_[static_cast<size_t>(i)]);
  const PersonBatch batch = sampler_.batch(people, &drawn, !cached_);
  Var maps;
  if (options_.stage == "spatial") {
    const NoGrad no_grad;
    maps = cached_ ? cached_maps(chosen, drawn)
                   : Var(model_.detect(Var(batch.input), nn::PassContext::inference()).value());
  } else {
    maps = model_.detect(Var(batch.input), train::training_pass(seed_, step));
  }
  if (options_.stage == "detector") {
    for (int64_t n = 0; n < batch.weight.extent(0); ++n) {
      for (int64_t k = 0; k < model_.joints(); ++k) peak_sum_ += peak_of(maps.value(), n, k, Refine::kNone).score;
    }
    peak_count_ += batch.weight.count();
    return loss_of(maps, batch);
  }
  const Var refined = model_.refine(maps, Var(batch.torso));
  Var loss = options_.spatial_loss == "ce" ? ops::normalized_map_cross_entropy(refined, batch.target, batch.weight)
                                           : loss_of(refined, batch);
  if (options_.stage == "spatial" || options_.auxiliary == 0) return loss;
  return ops::add(loss, ops::scale(loss_of(maps, batch), options_.auxiliary));
}

double PoseTask::step(int64_t step) {
  const auto epoch = static_cast<uint64_t>(step / steps_per_epoch());
  if (epoch != order_epoch_) {
    order_ = data::epoch_order(static_cast<int64_t>(people_.size()), data::ShuffleMode::kFull, seed_, epoch);
    order_epoch_ = epoch;
  }
  std::vector<int64_t> chosen;
  std::vector<DrawnAugmentation> drawn;
  Augmentation augmentation = augmentation_;
  if (cached_) augmentation = {0, 1, 1, augmentation_.flip, 0, 0};
  for (int64_t i = 0; i < batch_; ++i) {
    const int64_t person = order_[static_cast<size_t>(step % steps_per_epoch() * batch_ + i)];
    chosen.push_back(person);
    drawn.push_back(draw_augmentation(augmentation, model_.input_height(), model_.input_width(), seed_, epoch,
                                      static_cast<uint64_t>(person)));
  }
  const train::Share share(batch_);
  const Var loss = batch_loss(share.of(chosen), share.of(drawn), step);
  const double value = share.mean(loss.value().item());
  if (!std::isfinite(value)) return value;
  exchange_.backward(loss, share);
  if (model_.spatial && options_.stage != "detector") model_.spatial->tie_gradients();
  optimizer_.step(learning_rate(step));
  return value;
}

std::optional<train::Metrics> PoseTask::evaluate(int64_t, const std::function<bool()>& should_stop) {
  train::Metrics row;
  if (options_.stage == "detector") {
    row.emplace_back("peak", peak_count_ > 0 ? peak_sum_ / static_cast<double>(peak_count_) : NAN);
    peak_sum_ = 0;
    peak_count_ = 0;
  }
  if (validation_.empty()) return row;
  Rates detector{{model_.joints(), {}, {}}}, spatial = detector;
  for (size_t begin = 0; begin < validation_.size(); begin += kEvaluationBatch) {
    if (should_stop()) return std::nullopt;
    std::vector<const Person*> people;
    for (size_t i = begin; i < std::min(validation_.size(), begin + kEvaluationBatch); ++i)
      people.push_back(&validation_[i]);
    const bool with_spatial = options_.stage != "detector";
    const PersonMaps maps = infer(model_, sampler_, people);
    for (size_t i = 0; i < people.size(); ++i) {
      const Affine to_picture = cells_to_picture(sampler_, *people[i]);
      for (int64_t k = 0; k < model_.joints(); ++k) {
        const auto add = [&](Rates& rates, const Tensor& of) {
          const Peak peak = peak_of(of, static_cast<int64_t>(i), k, Refine::kLogParabola);
          const auto at = to_picture(peak.x, peak.y);
          for (size_t axis = 0; axis < 2; ++axis) {
            rates.pairs.truth.push_back(static_cast<double>(people[i]->joints[static_cast<size_t>(2 * k) + axis]));
            rates.pairs.predicted.push_back(at[axis]);
          }
        };
        add(detector, maps.detector);
        if (with_spatial) add(spatial, maps.spatial);
      }
    }
  }
  const auto append = [&](const train::Metrics& metrics) { row.insert(row.end(), metrics.begin(), metrics.end()); };
  if (options_.stage != "detector") append(spatial.measure(model_.settings.joints, ""));
  append(detector.measure(model_.settings.joints, options_.stage == "detector" ? "" : "detector_"));
  return row;
}

std::optional<train::Metrics> PoseTask::finish(const std::function<bool()>&) { return train::Metrics{}; }
std::string PoseTask::best_metric() const { return validation_.empty() ? "" : "arm_rate"; }

bool PoseTask::parameters_are_finite() const {
  if (!train::parameters_are_finite(model_.detector)) return false;
  if (!model_.spatial) return true;
  for (const nn::Parameter* parameter : {&model_.spatial->kernel(), &model_.spatial->bias()}) {
    const auto values = parameter->var.value().span<float>();
    if (!std::all_of(values.begin(), values.end(), [](float v) { return std::isfinite(v); })) return false;
  }
  return true;
}

void PoseTask::save(io::CheckpointData& data) const {
  store_pose_model(model_, data);
  train::store_optimizer(optimizer_, options_.learning_rate, schedule_text_, data);
  data.rng = {seed_, static_cast<uint64_t>(optimizer_.steps())};
  data.sampler = {0, static_cast<uint64_t>(optimizer_.steps())};
  data.training["pose_stage"] = options_.stage;
  data.training["peak_sum"] = peak_sum_;
  data.training["peak_count"] = peak_count_;
}

void PoseTask::restore(const io::CheckpointData& data, const std::string& origin) {
  restore_pose_arrays(model_, data, origin);
  train::restore_optimizer(optimizer_, data, origin);
  peak_sum_ = io::json_number(data.training, "peak_sum", origin + ": training");
  peak_count_ = io::json_int(data.training, "peak_count", origin + ": training");
}

std::vector<std::string> PoseTask::resumable_keys() const {
  if (options_.schedule.empty() || schedule_.depends_on_total()) return {};
  return {"steps"};
}

}  // namespace fovea::pose
