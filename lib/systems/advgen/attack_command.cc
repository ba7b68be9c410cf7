// advgen-train attack
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "io/adversarial_file.h"
#include "systems/advgen/adversary_model.h"
#include "systems/advgen/attack.h"
#include "systems/advgen/commands.h"
#include "systems/advgen/epsilon.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::advgen {
namespace {

const std::vector<std::string>& all_attacks() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out = attack_names();
    out.emplace_back("generator");
    return out;
  }();
  return names;
}

// The named attack with what the options change.
AttackConfig configured(const AttackOptions& options, uint64_t seed) {
  const bool l2 = options.norm.empty() ? options.attack.ends_with("-l2") : options.norm == "l2";
  const double epsilon = parse_epsilon(options.eps.empty() ? (l2 ? "0.5" : "8/255") : options.eps, "eps", l2 ? 1e3 : 1);
  AttackConfig config = named_attack(options.attack, epsilon);
  if (!options.norm.empty() && options.attack != "noise" && l2 != (config.norm == ops::Norm::kL2)) {
    fail(ErrorKind::kUsage, "--norm {}: contradicts --attack {}", options.norm, options.attack);
  }
  if (l2) config.norm = ops::Norm::kL2;
  if (options.steps) config.steps = *options.steps;
  if (!options.step_size.empty()) config.step_size = parse_epsilon(options.step_size, "step-size", 1e3);
  if (options.restarts) config.restarts = *options.restarts;
  if (!options.loss.empty()) config.loss = parse_attack_loss(options.loss);
  if (!options.keep.empty()) config.keep_best = options.keep == "best";
  if (options.early_stop) config.early_stop = *options.early_stop;
  config.targeted = options.target != "none";
  config.seed = seed;
  return config;
}

// The classes to reach; empty without --target.
std::vector<int32_t> targets_of(const std::string& target, const std::vector<std::string>& names, const Tensor& logits,
                                const std::vector<int32_t>& labels) {
  if (target == "none") return {};
  if (target == "least-likely") return least_likely(logits);
  const int64_t classes = logits.extent(1);
  std::vector<int32_t> out;
  out.reserve(labels.size());
  for (const int32_t label : labels) {
    out.push_back(target == "next" ? static_cast<int32_t>((label + 1) % classes)
                                   : target_class(target, names, classes));
  }
  return out;
}

std::vector<float> confidences(const Tensor& logits, const std::vector<int32_t>& classes) {
  const Tensor p = kernels::logit_loss(ops::LogitLoss::kProbability, logits, classes, 0, false).first;
  return {p.data<float>(), p.data<float>() + p.count()};
}

std::vector<float> norms_of(const Tensor& a, const Tensor& b, ops::Norm norm) {
  const Tensor norms = kernels::row_norms(kernels::subtract(a, b), norm);
  return {norms.data<double>(), norms.data<double>() + norms.count()};
}

struct Tally {
  int64_t images = 0, right_before = 0, right_after = 0, changed = 0, reached = 0;
  double linf = 0, l2 = 0;
};

class Attacker {
 public:
  Attacker(const AttackOptions& options, AdversaryModel& victim, const AdversaryModel* generator, uint64_t seed)
      : options_(options),
        model_(victim),
        generator_(generator),
        victim_(victim.model.network, victim.model.preprocess, victim.model.path) {
    if (generator_ == nullptr) config_ = configured(options, seed);
  }

  // Images [begin, end) of the source.
  io::AdversarialRows run(const data::ImageSource& source, int64_t begin, int64_t end, Tensor& original,
                          Tensor& adversarial) {
    AttackBatch batch = load_attack_batch(source, begin, end, model_.model.preprocess);
    const Tensor before = victim_.logits(batch.x);
    io::AdversarialRows rows;
    rows.label = batch.labels;
    rows.target = targets_of(options_.target, model_.model.labels, before, rows.label);
    if (!rows.target.empty())
      batch.labels = rows.target;
    else if (options_.label == "predicted")
      batch.labels = predictions(before);
    original = batch.x;
    adversarial = generator_ != nullptr ? generator_->generator->adversarial(victim_, batch.x, batch.labels)
                                        : run_attack(victim_, batch, config_).adversarial;
    if (options_.quantise) quantise_inwards(adversarial, original);
    if (generator_ == nullptr) check_within(adversarial, original, config_.norm, config_.epsilon);
    for (int64_t item = begin; item < end; ++item) rows.id.push_back(source.id(item));
    const Tensor after = victim_.logits(adversarial);
    rows.prediction_before = predictions(before);
    rows.prediction_after = predictions(after);
    rows.confidence_before = confidences(before, rows.prediction_before);
    rows.confidence_after = confidences(after, rows.prediction_after);
    rows.linf = norms_of(adversarial, original, ops::Norm::kLinf);
    rows.l2 = norms_of(adversarial, original, ops::Norm::kL2);
    count(rows);
    return rows;
  }

  const Tally& tally() const { return tally_; }
  double epsilon() const { return generator_ != nullptr ? generator_->generator->settings().epsilon : config_.epsilon; }
  ops::Norm norm() const { return generator_ != nullptr ? generator_->generator->settings().norm() : config_.norm; }

 private:
  void count(const io::AdversarialRows& rows) {
    for (size_t i = 0; i < rows.label.size(); ++i) {
      ++tally_.images;
      tally_.right_before += rows.prediction_before[i] == rows.label[i] ? 1 : 0;
      tally_.right_after += rows.prediction_after[i] == rows.label[i] ? 1 : 0;
      tally_.changed += rows.prediction_after[i] != rows.prediction_before[i] ? 1 : 0;
      tally_.reached += !rows.target.empty() && rows.prediction_after[i] == rows.target[i] ? 1 : 0;
      tally_.linf += static_cast<double>(rows.linf[i]);
      tally_.l2 += static_cast<double>(rows.l2[i]);
    }
  }

  const AttackOptions& options_;
  AdversaryModel& model_;
  const AdversaryModel* generator_;
  Victim victim_;
  AttackConfig config_;
  Tally tally_;
};

void print_tally(const Tally& tally, const AttackOptions& options, const Attacker& attacker, const std::string& hash,
                 const cli::Invocation& invocation) {
  const auto share = [&](int64_t count) {
    return eval::Cell(static_cast<double>(count) / static_cast<double>(std::max<int64_t>(1, tally.images)));
  };
  const auto mean = [&](double sum) {
    return eval::Cell(sum / static_cast<double>(std::max<int64_t>(1, tally.images)));
  };
  eval::Table table;
  table.columns = {{"attack"},          {"norm"},           {"epsilon", 5},    {"images"},
                   {"accuracy_before"}, {"accuracy_after"}, {"fooling_ratio"}, {"target_reached"},
                   {"mean_linf", 5},    {"mean_l2"},        {"content_hash"}};
  table.rows.push_back({options.attack, attacker.norm() == ops::Norm::kL2 ? "l2" : "linf", attacker.epsilon(),
                        tally.images, share(tally.right_before), share(tally.right_after), share(tally.changed),
                        options.target == "none" ? eval::Cell() : share(tally.reached), mean(tally.linf),
                        mean(tally.l2), hash});
  print_table(table, invocation);
}

void check_options(const AttackOptions& options) {
  const bool generator = options.attack == "generator";
  if (generator && options.generator.empty())
    fail(ErrorKind::kUsage, "--attack generator: expected --generator FILE, found nothing");
  if (!generator) configured(options, 1);
}

}  // namespace

int32_t target_class(const std::string& text, const std::vector<std::string>& names, int64_t classes) {
  const auto it = std::find(names.begin(), names.end(), text);
  if (it != names.end()) return static_cast<int32_t>(it - names.begin());
  const auto number = parse_int(text);
  if (number && *number >= 0 && *number < classes) return static_cast<int32_t>(*number);
  const std::string near = nearest(text, names);
  throw Error(ErrorKind::kUsage,
              fmt::format("--target: expected a word of the help, a class name or 0..{}, found '{}'", classes - 1,
                          printable(text)),
              near.empty() ? "" : fmt::format("did you mean '{}'?", near));
}

ops::LogitLoss parse_attack_loss(const std::string& name) {
  if (name == "ce") return ops::LogitLoss::kCrossEntropy;
  if (name == "margin") return ops::LogitLoss::kMargin;
  if (name == "dlr") return ops::LogitLoss::kLogitRatio;
  fail(ErrorKind::kUsage, "--loss: expected ce | margin | dlr, found '{}'", printable(name));
}

void declare_attack(cli::OptionTable& table, AttackOptions& options) {
  table.output(options.output, "The fovea.adversarial file; bn-train eval reads it as data.").required();
  table.group("Data");
  table.add("model", options.model, "FILE", "Classifier to attack.").required().is_input_path();
  table.add("data", options.data, "FILE", "Labelled images: a fovea.images or fovea.adversarial file.")
      .required()
      .is_input_path();
  table.add("split", options.split, "NAME", "Which split, if the file has splits; empty: all.");
  table.add("limit", options.limit, "N", "Only the first N images; 0: all.").at_least(0).source("[ours]");
  table.group("Attack");
  table.add("attack", options.attack, "NAME", "What is done to the pictures.")
      .choices(all_attacks())
      .text(
          "noise: points of the ball; fgsm, fgm-l2: one step along the gradient; bim: steps without, pgd and pgd-l2 "
          "with a random start; square: random search without gradients; generator: the network in --generator.");
  table
      .add("generator", options.generator, "FILE",
           "File of train --method gat or of generate, made for this or another classifier.")
      .is_input_path()
      .only_with("attack", {"generator"});
  table.add("eps", options.eps, "E", "Radius, pixels in [0,1]; fractions such as 8/255.")
      .default_text("8/255, or 0.5 for L2")
      .source("[ours]")
      .not_with("generator");
  table.add("norm", options.norm, "NORM", "linf or l2; the attack's own unless noise.")
      .choices({"", "linf", "l2"})
      .default_text("the attack's")
      .not_with("generator");
  table.add("steps", options.steps, "N", "Gradient steps, or queries of square.")
      .range(1, 1e7)
      .default_text("20; 10 for bim; 1000 for square")
      .source("[ours]")
      .not_with("generator");
  table.add("step-size", options.step_size, "A", "Size of a step.")
      .default_text("2.5 eps / steps; eps / 4 for bim")
      .source("[Madry et al. 2018]")
      .not_with("generator");
  table
      .add("restarts", options.restarts, "N",
           "Random starts, or draws of noise; an image falls if any of them fells it.")
      .range(1, 1e6)
      .default_text("1")
      .source("[ours]")
      .not_with("generator");
  table.add("loss", options.loss, "NAME", "What is climbed: cross-entropy, margin or logit ratio.")
      .choices({"", "ce", "margin", "dlr"})
      .default_text("ce; margin for square")
      .not_with("generator");
  table.add("target", options.target, "CLASS", "Class to reach: none, least-likely, next, a name or a number.")
      .source("[ours]");
  table.add("label", options.label, "WHICH", "Class to leave: the true one, or the one predicted.")
      .text("A generator reads it if it was trained on the gradient of the true class.")
      .choices({"true", "predicted"})
      .source("[ours]");
  table.add("keep", options.keep, "WHICH", "The most damaging iterate, or the last.")
      .choices({"", "best", "last"})
      .default_text("best; last for single steps")
      .not_with("generator");
  table.add("early-stop", options.early_stop, "Leave images alone once they are fooled.")
      .default_text("off; on for square")
      .not_with("generator");
  table.add("quantise", options.quantise, "Round to 8 bits, towards the original.").source("[ours]");
  table.add("batch", options.batch, "N", "Images per network call.")
      .range(1, 65536)
      .no_effect_on_content()
      .source("[ours]");
}

int attack(const AttackOptions& options, const cli::Invocation& invocation) {
  check_options(options);
  probe_output(options.output, invocation.common.no_clobber);
  AdversaryModel victim = load_adversary_model(options.model);
  std::optional<AdversaryModel> other;
  if (options.attack == "generator") {
    other.emplace(load_adversary_model(options.generator));
    if (!other->generator)
      fail_data(options.generator + ": adversary", "a generator (train --method gat, or generate)", "none");
    const auto &theirs = other->model.preprocess, &ours = victim.model.preprocess;
    if (theirs.height != ours.height || theirs.width != ours.width || theirs.channels != ours.channels) {
      fail_data(options.generator + ": adversary/network: input",
                fmt::format("{}x{}x{} as {}", ours.height, ours.width, ours.channels, options.model),
                fmt::format("{}x{}x{}", theirs.height, theirs.width, theirs.channels));
    }
  }
  const data::ImageSource source = open_split(options.data, options.split, options.limit, false);
  check_labels(victim.model.labels, victim.model.network.output_shape().shape.count(), source);
  if (options.target != "none" && options.target != "least-likely" && options.target != "next") {
    target_class(options.target, victim.model.labels, victim.model.network.output_shape().shape.count());
  }
  Attacker attacker(options, victim, other ? &*other : nullptr, invocation.common.seed);
  if (invocation.common.dry_run) return 0;

  const auto& preprocess = victim.model.preprocess;
  io::AdversarialLayout layout{preprocess.height,
                               preprocess.width,
                               preprocess.channels,
                               options.target != "none",
                               victim.model.labels,
                               options.attack,
                               attacker.norm() == ops::Norm::kL2 ? "l2" : "linf",
                               victim.model.hash,
                               attacker.epsilon()};
  if (layout.label_set.empty()) layout.label_set = source.label_set();
  io::RootAttributes root = run_record(invocation);
  root.inputs = {input_record("images", source), input_record("victim", victim.model)};
  if (other) root.inputs.push_back(input_record("generator", other->model));
  io::AdversarialWriter writer(options.output, root, layout, writer_options(invocation));
  const auto [begin, end] = invocation.common.shard.range(source.size());
  Progress progress("attack", "image", end - begin, 0);
  // Pieces that start at multiples of the batch, so that shards see the batches of the whole.
  for (int64_t at = begin; at < end;) {
    const int64_t next = std::min(end, (at / options.batch + 1) * options.batch);
    Tensor original, adversarial;
    io::AdversarialRows rows = attacker.run(source, at, next, original, adversarial);
    rows.original = std::as_const(original).span<float>();
    rows.adversarial = std::as_const(adversarial).span<float>();
    writer.add(rows);
    at = next;
    progress.update(at - begin);
  }
  const std::string hash = writer.finish();
  print_tally(attacker.tally(), options, attacker, hash, invocation);
  return 0;
}

}  // namespace fovea::advgen
