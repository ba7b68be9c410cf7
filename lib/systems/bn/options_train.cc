// The options of `bn-train train`.
#include "systems/bn/options.h"
#include "systems/bn/recipe.h"
#include "systems/update_options.h"

namespace fovea::bn {
namespace {

void declare_network(cli::OptionTable& table, NetworkOptions& options) {
  table.group("Network");
  table.add("net", options.net, "NAME|FILE", "Network text: a name in share/models, or a file.")
      .completes(cli::Completion::kFile)
      .text("Needed unless --init gives one. The output layer gets as many outputs as the data has classes.");
  table.add("batch-norm", options.batch_norm, "WHERE", "Where batch normalisation goes.")
      .choices({"net", "before", "after", "none"})
      .text(
          "net: as in the text; before: between each conv or dense layer and its non-linearity, without bias; after: "
          "behind the non-linearity; none: removed, biases restored.")
      .source("[paper §3.2]");
  table.add("activation", options.activation, "KIND", "Replace all non-linearities.")
      .choices({"net", "relu", "sigmoid", "tanh"});
  table
      .add("init-weights", options.initializer, "TEXT",
           "Initial weights of all layers: he, xavier, uniform, gaussian:STD.")
      .text(
          "Default: what the text says, else he. Layers of the same name start from the same numbers in every network "
          "with the same seed.");
  table.add("keep-bias", options.keep_bias, "Keep the bias in layers before a batch_norm.").source("[paper §2]");
  table
      .add("per-activation", options.per_activation, "N",
           "The last N batch_norm layers normalise each activation on its own.")
      .range(0, 1000)
      .source("[paper §4.2.2]");
  table.add("dropout", options.dropout, "RATE", "Rate of all dropout layers; 0 removes them.").range(0, 1).below(1);
  table.add("lrn", options.lrn, "WHICH", "Local response normalisation: as in the text, on or off.")
      .choices({"net", "on", "off"});
  table.add("input", options.input, "HxWxC", "Input size, when it is not that of the text.");
  table.add("bn-eps", options.bn_eps, "X", "Epsilon inside the square root.")
      .range(0, 1)
      .default_text("1e-5, or the text's")
      .source("[ours]");
  table.add("bn-momentum", options.bn_momentum, "X", "Weight of the newest batch in the moving averages.")
      .range(0, 1)
      .default_text("0.1, or the text's")
      .source("[ours]");
}

void declare_augment(cli::OptionTable& table, AugmentOptions& options) {
  table.group("Augmentation and order");
  table.add("flip", options.flip, "Mirror half of the pictures.");
  table.add("pad", options.pad, "N", "Pad by N pixels, then crop at random.").range(0, 1024).source("[ours]");
  table.add("random-crop", options.random_crop, "Crop at random instead of at the centre.");
  table.add("random-resized-crop", options.random_resized_crop, "Crop a random area and aspect ratio.")
      .source("[Szegedy et al. 2015]")
      .excludes("random-crop");
  table
      .add("photometric-scale", options.photometric_scale, "X",
           "Strength of brightness, contrast, colour and lighting noise.")
      .range(0, 2)
      .source("[paper §4.2.1]");
  table.add("shuffle", options.shuffle, "HOW", "Order of each epoch: none, within shards, or full.")
      .choices({"none", "shard", "full"})
      .source("[paper §4.2.1]");
}

void declare_recipe(cli::OptionTable& table, RecipeOptions& options) {
  table.group("Optimisation");
  table.add("preset", options.preset, "NAME", "One of the five recipes of the paper; single options override it.")
      .choices(preset_names())
      .source("[paper §4.2.1]")
      .text(
          "Sets --batch-norm, --activation, --dropout, --lrn, --lr-mult, --l2-scale, --decay-speed, "
          "--photometric-scale, --shuffle, --learning-rate 0.0015, --batch 32, --momentum 0.9, --weight-decay 1e-4 and "
          "--schedule exponential:0.96@8e.");
  add_optimizer(table, options.optimizer);
  add_learning_rate(table, options.learning_rate).source("[ours]");
  table.add("lr-mult", options.lr_mult, "X", "Factor on the learning rate (5 and 30 in the paper).")
      .above(0)
      .at_most(1e6)
      .source("[paper §4.2.1]");
  add_momentum(table, options.momentum).source("[ours]");
  add_weight_decay(table, options.weight_decay).source("[ours]");
  table.add("l2-scale", options.l2_scale, "X", "Factor on --weight-decay (1/5 in the paper).")
      .range(0, 1e3)
      .source("[paper §4.2.1]");
  table.add("beta1", options.beta1, "X", "Adam's first decay rate.")
      .range(0, 1)
      .below(1)
      .only_with("optimizer", {"adam"})
      .source("[Kingma & Ba 2015]");
  table.add("beta2", options.beta2, "X", "Adam's second decay rate.")
      .range(0, 1)
      .below(1)
      .only_with("optimizer", {"adam"})
      .source("[Kingma & Ba 2015]");
  table.add("rho", options.rho, "X", "RMSProp's decay rate.")
      .range(0, 1)
      .below(1)
      .only_with("optimizer", {"rmsprop"})
      .source("[ours]");
  table.add("epsilon", options.epsilon, "X", "Epsilon of adam and rmsprop.")
      .above(0)
      .at_most(1)
      .only_with("optimizer", {"adam", "rmsprop"})
      .source("[ours]");
  add_clip_norm(table, options.clip_norm).source("[ours]");
  table.add("label-smoothing", options.label_smoothing, "X", "Share of the target spread over all classes.")
      .range(0, 1)
      .below(1)
      .source("[ours]");
  add_schedule(table, options.schedule, true);
  table.add("decay-speed", options.decay_speed, "X", "Divides the schedule's periods (6 in the paper).")
      .above(0)
      .at_most(1e6)
      .source("[paper §4.2.1]");
  add_warmup(table, options.warmup).source("[ours]");
  table.add("batch", options.batch, "N", "Images per step.").range(1, 65536).source("[paper §4.1]");
  add_length(table, options.epochs, options.steps);
}

}  // namespace

void declare_train(cli::OptionTable& table, TrainOptions& options) {
  table.output(options.output, "Checkpoint to write, RUN.ckpt.h5.").required();
  declare_training_images(table, options.data);
  declare_test_images(table, options.data);
  declare_resize(table, options.data);
  declare_network(table, options.network);
  table.group("Batch normalisation");
  table
      .add("bn-mode", options.bn_mode, "MODE",
           "proper, or naive: statistics treated as constants in the backward pass.")
      .choices({"proper", "naive"})
      .source("[paper §2]")
      .text("naive keeps the biases; their drift is logged as bias_norm.LAYER and bias_mean.LAYER.");
  table.add("bn-stats", options.bn_stats, "KIND", "Statistics of the finished model.")
      .choices({"population", "moving"})
      .source("[paper §3.1]");
  table.add("population-batches", options.population_batches, "N", "Mini-batches of the population pass.")
      .range(0, 1e9)
      .default_text("one epoch, at most 1000")
      .source("[ours]");
  table.add("freeze-bn", options.freeze_bn, "Train with frozen statistics (fine-tuning).");
  table
      .add("sync-statistics", options.sync_statistics,
           "With several ranks: normalise by the statistics of the whole batch.")
      .text(
          "Without it each process of mpirun or srun normalises by the statistics of its share of the batch, as the "
          "paper's "
          "trainings on several machines do; the moving averages are means over processes either way.");
  table.add("init", options.init, "FILE", "Start from the weights of this checkpoint.").is_input_path();
  declare_augment(table, options.augment);
  declare_recipe(table, options.recipe);
  table.group("Reports");
  table.add("eval-every", options.eval_every, "STEPS", "Test every so many steps; 0: only at the end.")
      .range(0, 1e12)
      .source("[ours]");
  table.add("eval-at", options.eval_at, "STEP,...", "Further steps to test at.").at_least(0).source("[ours]");
  table
      .add("percentiles", options.percentiles, "LAYER,...",
           "Record the 15th, 50th and 85th percentile of these layers' inputs.")
      .source("[paper §4.1]");
  add_metrics(table, options.metrics);
  table.add("save-best", options.save_best, "Keep the checkpoint with the best test accuracy as RUN.best.ckpt.h5.")
      .no_effect_on_content();
  table.add("patience", options.patience, "N", "Stop after N reports without a better test accuracy; 0: never.")
      .range(0, 1e9)
      .source("[ours]");
}

}  // namespace fovea::bn
