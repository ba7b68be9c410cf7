// advgen-train train
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/rewrite.h"
#include "systems/advgen/adversarial_task.h"
#include "systems/advgen/commands.h"
#include "systems/advgen/epsilon.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/net_library.h"
#include "systems/run_record.h"

namespace fovea::advgen {
namespace {

constexpr uint64_t kHoldoutEpoch = 1ULL << 41;  // an order that no epoch of training uses
constexpr int64_t kMostHeldOut = 5000;          // [ours] spec section 4

struct Split {
  data::ImageSource training;
  std::optional<data::ImageSource> holdout;
};

// Which images are held out depends on the seed alone.
Split hold_out(const data::ImageSource& all, const TrainOptions& options, uint64_t seed) {
  const int64_t wanted = options.holdout.value_or(std::min(kMostHeldOut, all.size() / 10));
  if (wanted == 0)
    return {all.subset(permutation(all.size(), seed, RngPurpose::kShuffle, kHoldoutEpoch)), std::nullopt};
  if (all.size() - wanted < options.batch) {
    fail(ErrorKind::kUsage, "--holdout: expected at most {} of {} images (one batch must remain), found {}",
         std::max<int64_t>(0, all.size() - options.batch), all.size(), wanted);
  }
  const auto order = permutation(all.size(), seed, RngPurpose::kShuffle, kHoldoutEpoch);
  return {all.subset({order.begin() + wanted, order.end()}), all.subset({order.begin(), order.begin() + wanted})};
}

nn::NetText classifier_text(const TrainOptions& options, const train::Model* initial, int64_t classes) {
  if (initial != nullptr && options.net.empty()) return initial->network.text();
  nn::NetText net = load_net(options.net);
  if (!options.input.empty()) net = with_input_text(net, options.input);
  net = nn::with_classes(net, classes);
  if (options.method == "dropout")
    net = nn::with_input_dropout(nn::with_dropout(net, options.dropout), options.input_dropout);
  return net;
}

// The mean L2 norm of a generator's perturbations, as the last report of its training says.
double perturbation_norm(const std::string& path) {
  const train::History log = train::logged_history(io::read_checkpoint(path, {false, false, true}));
  const auto norm = log.last("delta_l2");
  if (!norm || *norm <= 0)
    fail_data(path + ": training/log/delta_l2", "the checkpoint of a gat run, with its log", "none");
  return *norm;
}

void check_options(const TrainOptions& options) {
  if (options.net.empty() && options.init.empty())
    fail(ErrorKind::kUsage, "--net: expected a network, found nothing (or give --init)");
  nn::Schedule::parse(options.schedule);
  parse_epsilon(options.eps, "eps", options.method == "fgm-l2" ? 1e3 : 1);
  if (uses_generator(options.method)) generator_settings(options);
  if (options.method == "plain" || options.method == "dropout") {
    if (options.alpha != 1)
      fail(ErrorKind::kUsage, "--alpha: --method {} has no perturbed pictures to share with", options.method);
  } else if (options.alpha == 1) {
    fail(ErrorKind::kUsage, "--alpha 1: nothing is left for the perturbed pictures; that is --method plain");
  }
  if (options.select != "last" && options.holdout == 0)
    fail(ErrorKind::kUsage, "--select {}: needs held-out images", options.select);
}

train::LoopOptions training_loop(const TrainOptions& options, const cli::Invocation& invocation,
                                 const AdversarialTask& task, int64_t steps) {
  train::LoopOptions loop = loop_options(invocation, options.output, steps);
  loop.evaluate_every = options.eval_every > 0 ? options.eval_every : task.steps_per_epoch();
  loop.save_best = options.select != "last";
  loop.metrics = options.metrics;
  return loop;
}

void print_result(const train::LoopResult& result, const TrainOptions& options, const cli::Invocation& invocation) {
  const auto last = [&](const std::string& name) { return eval::cell(result.history.last(name)); };
  eval::Table table;
  table.columns = {{"output"},           {"method"},       {"steps"},       {"loss"},
                   {"holdout_accuracy"}, {"holdout_fgsm"}, {"holdout_pgd"}, {"holdout_generator"},
                   {"content_hash"}};
  table.rows.push_back({options.output, options.method, result.steps, last("loss"), last("holdout_accuracy"),
                        last("holdout_fgsm"), last("holdout_pgd"), last("holdout_generator"), result.content_hash});
  print_table(table, invocation);
}

int64_t total_steps(const TrainOptions& options, int64_t items) {
  if (options.steps > 0) return options.steps;
  const int64_t per_epoch = items / options.batch;
  return std::max<int64_t>(1, std::llround(options.epochs * static_cast<double>(per_epoch)));
}

}  // namespace

int train(const TrainOptions& given, const cli::Invocation& invocation) {
  const TrainOptions options = apply_method(given, [&](std::string_view name) { return invocation.was_given(name); });
  check_options(options);
  probe_output(options.output, invocation.common.no_clobber);
  const DataOptions& data = options.data;  // the test images are nobody's business here
  const data::ImageSource all = open_split(data.data, data.split, data.limit, data.skip_bad_images);
  const Split split = hold_out(all, options, invocation.common.seed);
  const int64_t classes = class_count(all);
  std::optional<train::Model> initial;
  if (!options.init.empty()) initial = train::load_model(options.init);

  AdversarialSetup setup;
  setup.net = classifier_text(options, initial ? &*initial : nullptr, classes);
  setup.labels = all.label_set();
  setup.options = options;
  setup.seed = invocation.common.seed;
  setup.total_steps = total_steps(options, split.training.size());
  if (!options.match_norm.empty()) setup.noise_norm = perturbation_norm(options.match_norm);
  {
    const nn::Network network(setup.net);
    check_output(network, classes);
    const nn::InputSpec& in = network.input();
    setup.preprocess = train::make_preprocess(in, options.data.resize);
    if (uses_generator(options.method)) {
      const GeneratorSource source = parse_generator_source(options.gen_input);
      const nn::NetText text =
          nn::with_input(load_net(options.gen_net), in.height, in.width, input_channels(source, in.channels));
      setup.generator = nn::with_classes(text, in.channels);
    }
    if (invocation.common.dry_run) {
      write_stdout(network.describe());
      if (setup.generator) write_stdout(nn::Network(*setup.generator).describe());
      write_stdout(fmt::format("training images {}, held out {}, classes {}, batch {}, steps {}\n",
                               split.training.size(), split.holdout ? split.holdout->size() : 0, classes, options.batch,
                               setup.total_steps));
      return 0;
    }
  }
  AdversarialTask task(setup, split.training, split.holdout ? &*split.holdout : nullptr);
  if (initial) train::take_weights(task.network(), *initial);
  io::RootAttributes root = run_record(invocation);
  root.inputs.push_back(input_record("train", all));
  if (initial) root.parent = initial->hash;
  const train::LoopResult result = train::run(task, training_loop(options, invocation, task, setup.total_steps), root);
  if (result.exit_code == 0) print_result(result, options, invocation);
  return result.exit_code;
}

}  // namespace fovea::advgen
