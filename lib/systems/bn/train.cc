// bn-train train
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/text.h"
#include "eval/table.h"
#include "systems/bn/classifier_task.h"
#include "systems/bn/commands.h"
#include "systems/bn/recipe.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::bn {
namespace {

int64_t total_steps(const RecipeOptions& recipe, int64_t items) {
  if (recipe.steps > 0) return recipe.steps;
  const int64_t per_epoch = items / recipe.batch;
  return std::max<int64_t>(1, std::llround(recipe.epochs * static_cast<double>(per_epoch)));
}

// The network of --net, or that of --init with the changes asked for; its weights are not set yet.
nn::Network make_network(const NetworkOptions& options, const std::optional<train::Model>& initial, int64_t classes) {
  const bool named = !options.net.empty();
  nn::Network network(named ? build_net(options, classes) : rewrite_net(initial->network.text(), options, classes));
  check_output(network, classes);
  return network;
}

train::LoopOptions training_loop(const TrainOptions& options, const cli::Invocation& invocation, int64_t steps) {
  train::LoopOptions loop = loop_options(invocation, options.output, steps);
  loop.evaluate_every = options.eval_every;
  loop.evaluate_at = options.eval_at;
  loop.save_best = options.save_best;
  loop.patience = options.patience;
  loop.metrics = options.metrics;
  return loop;
}

void print_plan(const nn::Network& network, const ClassifierSetup& setup, const TrainingSources& sources) {
  write_stdout(network.describe());
  write_stdout(
      fmt::format("training images {}, test images {}, classes {}, batch {}, steps {}\n", sources.training.size(),
                  sources.test ? sources.test->size() : 0,
                  setup.labels.empty() ? class_count(sources.training) : static_cast<int64_t>(setup.labels.size()),
                  setup.options.recipe.batch, setup.total_steps));
  write_stdout(fmt::format("parameters and optimiser state {}\n",
                           format_bytes(static_cast<double>(network.parameter_count()) * 4 * 3)));
}

eval::Cell metric(const train::Metrics& metrics, const std::string& name) {
  for (const auto& [key, value] : metrics) {
    if (key == name) return value;
  }
  return {};
}

void print_result(const train::LoopResult& result, const TrainOptions& options, const cli::Invocation& invocation) {
  const auto last = [&](const std::string& name) { return eval::cell(result.history.last(name)); };
  eval::Table table;
  table.columns = {{"output"},      {"steps"}, {"train_loss"}, {"test_accuracy_moving"}, {"test_accuracy_population"},
                   {"content_hash"}};
  table.rows.push_back({options.output, result.steps, last("loss"), last("test_accuracy"),
                        metric(result.final_metrics, "test_accuracy_population"), result.content_hash});
  print_table(table, invocation);
}

void check_options(const TrainOptions& options) {
  if (options.bn_mode == "naive" && options.freeze_bn)
    fail(ErrorKind::kUsage, "--freeze-bn: contradicts --bn-mode naive");
  if (options.network.net.empty() && options.init.empty())
    fail(ErrorKind::kUsage, "--net: expected a network, found nothing (or give --init)");
  nn::Schedule::parse(options.recipe.schedule, options.recipe.decay_speed);
  nn::parse_optimizer(options.recipe.optimizer);
}

}  // namespace

int train(const TrainOptions& given, const cli::Invocation& invocation) {
  TrainOptions options = apply_preset(given, [&](std::string_view name) { return invocation.was_given(name); });
  if (options.bn_mode == "naive") options.network.keep_bias = true;  // the drifting bias is what the mode is about
  check_options(options);
  probe_output(options.output, invocation.common.no_clobber);
  TrainingSources sources = open_training(options.data);
  const int64_t classes = class_count(sources.training);
  if (sources.test) check_labels(sources.training.label_set(), classes, *sources.test);

  std::optional<train::Model> initial;
  if (!options.init.empty()) initial = train::load_model(options.init);
  nn::Network network = make_network(options.network, initial, classes);
  ClassifierSetup setup;
  setup.preprocess = train::make_preprocess(network.input(), options.data.resize);
  setup.labels = sources.training.label_set();
  setup.options = options;
  setup.seed = invocation.common.seed;
  setup.total_steps = total_steps(options.recipe, sources.training.size());
  if (invocation.common.dry_run) {
    print_plan(network, setup, sources);
    return 0;
  }
  log::debug("network {}: {} parameters, {} multiply-adds an image", network.text().origin, network.parameter_count(),
             network.multiply_adds());

  ClassifierTask task(std::move(network), setup, sources.training, sources.test ? &*sources.test : nullptr);
  if (initial) train::take_weights(task.network(), *initial);
  io::RootAttributes root = run_record(invocation);
  root.inputs.push_back(input_record("train", sources.training));
  if (sources.test) root.inputs.push_back(input_record("test", *sources.test));
  if (initial) root.parent = initial->hash;
  const train::LoopResult result = train::run(task, training_loop(options, invocation, setup.total_steps), root);
  if (result.exit_code == 0) print_result(result, options, invocation);
  return result.exit_code;
}

}  // namespace fovea::bn
