// advgen-train generate
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "nn/rewrite.h"
#include "systems/advgen/commands.h"
#include "systems/advgen/epsilon.h"
#include "systems/advgen/perturbation_task.h"
#include "systems/classification.h"
#include "systems/net_library.h"
#include "systems/run_record.h"
#include "systems/update_options.h"

namespace fovea::advgen {
namespace {

GeneratorSettings settings_of(const GenerateOptions& options) {
  const bool l2 = options.norm == "l2";
  GeneratorSettings settings;
  settings.source = options.kind == "universal" ? GeneratorSource::kNoise : GeneratorSource::kImage;
  settings.bound = l2 ? PerturbationBound::kShrinkL2 : PerturbationBound::kShrinkLinf;
  settings.epsilon = parse_epsilon(options.eps, "eps", l2 ? 1e3 : 1);
  settings.by_channel = options.channelwise;
  return settings;
}

void set_target(const GenerateOptions& options, const train::Model& model, PerturbationSetup& setup) {
  if (options.target == "none") return;
  setup.target = PerturbationTarget::kLeastLikely;
  if (options.target == "least-likely") return;
  setup.target = PerturbationTarget::kClass;
  setup.target_class = target_class(options.target, model.labels, model.network.output_shape().shape.count());
}

}  // namespace

void declare_generate(cli::OptionTable& table, GenerateOptions& options) {
  table.output(options.output, "Checkpoint to write: the generator, and the classifier as it was.").required();
  declare_training_images(table, options.data);
  declare_test_images(table, options.data);
  table.group("Attack");
  table.add("model", options.model, "FILE", "Classifier to fool; it is not changed.").required().is_input_path();
  table.add("kind", options.kind, "KIND", "One perturbation for all pictures, or one drawn from each.")
      .choices({"universal", "image"})
      .source("[Poursaeed et al. 2018]");
  table
      .add("target", options.target, "CLASS",
           "What pictures should be taken for: none (anything else), least-likely, a class name or number.")
      .source("[Poursaeed et al. 2018]");
  table.add("eps", options.eps, "E", "Radius, pixels in [0,1].").source("[Poursaeed et al. 2018]");
  table.add("norm", options.norm, "NORM", "Norm of the radius.").choices({"linf", "l2"});
  table.add("channelwise", options.channelwise, "Take the norm of each channel on its own, as the authors' code does.")
      .source("[ours]");
  table.add("gen-net", options.gen_net, "NAME|FILE", "Network text of the generator.")
      .completes(cli::Completion::kFile)
      .source("[ours]");
  table.group("Optimisation");
  table.add("learning-rate", options.learning_rate, "R", "Adam's learning rate.")
      .above(0)
      .at_most(10)
      .source("[Poursaeed et al. 2018]");
  table.add("beta1", options.beta1, "X", "Adam's first decay rate.")
      .range(0, 1)
      .below(1)
      .source("[Poursaeed et al. 2018]");
  table.add("batch", options.batch, "N", "Images per step.").range(1, 65536).source("[Poursaeed et al. 2018]");
  add_steps(table, options.steps).source("[Poursaeed et al. 2018]");
  table.group("Reports");
  table.add("eval-every", options.eval_every, "STEPS", "Report on test images every so many steps; 0: at the end.")
      .range(0, 1e12)
      .source("[ours]");
  table.add("eval-images", options.eval_images, "N", "Test images for a report.").range(1, 1e9).source("[ours]");
  add_metrics(table, options.metrics);
}

int generate(const GenerateOptions& options, const cli::Invocation& invocation) {
  PerturbationSetup setup;
  setup.settings = settings_of(options);
  setup.options = options;
  setup.seed = invocation.common.seed;
  probe_output(options.output, invocation.common.no_clobber);
  train::Model model = train::load_model(options.model);
  set_target(options, model, setup);
  const TrainingSources sources = open_training(options.data);
  const int64_t classes = model.network.output_shape().shape.count();
  check_labels(model.labels, classes, sources.training);
  if (sources.test) check_labels(model.labels, classes, *sources.test);
  const auto& in = model.preprocess;
  setup.generator =
      nn::with_classes(nn::with_input(load_net(options.gen_net), in.height, in.width, in.channels), in.channels);
  PerturbationTask task(setup, model, sources.training, sources.test ? &*sources.test : nullptr);
  if (invocation.common.dry_run) {
    write_stdout(nn::Network(setup.generator).describe());
    return 0;
  }
  train::LoopOptions loop = loop_options(invocation, options.output, options.steps);
  loop.evaluate_every = options.eval_every;
  loop.metrics = options.metrics;
  io::RootAttributes root = run_record(invocation);
  root.parent = model.hash;
  root.inputs = {input_record("train", sources.training), input_record("victim", model)};
  const train::LoopResult result = train::run(task, loop, root);
  if (result.exit_code != 0) return result.exit_code;
  eval::Table table;
  table.columns = {{"output"},   {"kind"},           {"steps"},       {"fooling_ratio"},
                   {"accuracy"}, {"target_reached"}, {"content_hash"}};
  table.rows.push_back({options.output, options.kind, result.steps, eval::cell(result.history.last("fooling_ratio")),
                        eval::cell(result.history.last("test_accuracy")),
                        eval::cell(result.history.last("target_reached")), result.content_hash});
  print_table(table, invocation);
  return 0;
}

}  // namespace fovea::advgen
