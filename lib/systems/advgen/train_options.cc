#include "systems/advgen/train_options.h"

#include "base/error.h"
#include "base/text.h"
#include "systems/advgen/epsilon.h"
#include "systems/update_options.h"

namespace fovea::advgen {
namespace {

void declare_network(cli::OptionTable& table, TrainOptions& options) {
  table.group("Classifier");
  table.add("net", options.net, "NAME|FILE", "Network text: a name in share/models, or a file.")
      .completes(cli::Completion::kFile)
      .text("Needed unless --init gives one. The output layer gets as many outputs as the data has classes.");
  table.add("init", options.init, "FILE", "Start from this checkpoint, of bn-train or advgen-train.").is_input_path();
  table.add("input", options.input, "HxWxC", "Input size, when it is not that of the text.");
  table.add("bn-mode", options.bn_mode, "HOW", "How batch_norm layers see clean and perturbed pictures.")
      .choices({"joint", "separate", "clean"})
      .source("[ours]")
      .text(
          "joint: one batch of both; separate: two batches, both into the running statistics; clean: the running "
          "statistics of the clean one.");
  table.group("Augmentation");
  table.add("flip", options.flip, "Mirror half of the pictures.");
  table.add("pad", options.pad, "N", "Pad by N pixels, then crop at random.").range(0, 1024).source("[ours]");
  table.add("random-crop", options.random_crop, "Crop at random instead of at the centre.");
}

void declare_method(cli::OptionTable& table, TrainOptions& options) {
  table.group("Method");
  table.add("method", options.method, "NAME", "What the classifier is trained on.")
      .choices(method_names())
      .text(
          "plain; dropout; noise: uniform in the ball; fgsm, fgm-l2: one step along the gradient, half of the loss "
          "(Goodfellow et al. 2015); fast: one step from a random start, all of the loss (Wong et al. 2020); pgd: "
          "projected gradient descent (Madry et al. 2018); gat: the generator of Lee et al. 2017; gat-bound: gat with "
          "--preset robust; l2l: after Jiang et al. 2021.");
  table.add("preset", options.preset, "NAME", "Generator of gat: as published, or bounded.")
      .choices({"paper", "robust"})
      .text(
          "paper: --gen-objective prob, --gen-cost 0.1, no bound. robust: --bound linf:EPS, --gen-objective logprob, "
          "--gen-cost 0.")
      .source("[paper]");
  table.add("eps", options.eps, "E", "Radius of noise, fgsm, fgm-l2, fast and pgd, pixels in [0,1].")
      .source("[Madry et al. 2018]");
  table.add("attack-steps", options.attack_steps, "N", "Steps of pgd.")
      .range(1, 10000)
      .only_with("method", {"pgd"})
      .source("[Madry et al. 2018]");
  table.add("step-size", options.step_size, "A", "Step of fast and pgd.")
      .default_text("10/8 of --eps for fast, 2.5 eps / steps for pgd")
      .source("[Wong et al. 2020]");
  table.add("eps-warmup", options.eps_warmup, "STEPS", "Steps over which the radius rises linearly from 0.")
      .range(0, 1e9)
      .source("[ours]")
      .text("Large radii (0.3 on MNIST) otherwise hold a fresh network at a constant answer.");
  table.add("match-norm", options.match_norm, "FILE", "Gaussian noise as large as a generator's perturbations.")
      .text("Each picture's has the mean L2 norm, delta_l2, of the last report of this gat checkpoint.")
      .only_with("method", {"noise"})
      .is_input_path();
  table.add("alpha", options.alpha, "X", "Weight of the clean pictures in the loss.")
      .range(0, 1)
      .source("[paper]")
      .default_text("0.5; 0 for fast, pgd and l2l, 1 for plain and dropout");
  table.add("dropout", options.dropout, "RATE", "Rate before the classifier layer.")
      .range(0, 1)
      .below(1)
      .only_with("method", {"dropout"})
      .source("[ours]");
  table.add("input-dropout", options.input_dropout, "RATE", "Rate on the pixels.")
      .range(0, 1)
      .below(1)
      .only_with("method", {"dropout"})
      .source("[ours]");
}

void declare_generator(cli::OptionTable& table, TrainOptions& options) {
  table.group("Generator");
  table.add("gen-net", options.gen_net, "NAME|FILE", "Network text of the generator.")
      .completes(cli::Completion::kFile)
      .source("[ours]");
  table.add("gen-input", options.gen_input, "WHAT", "What it reads.")
      .choices({"grad", "image", "grad+image"})
      .source("[paper, figure 1]");
  table.add("grad-norm", options.grad_norm, "NORM", "How the gradient is scaled, image by image.")
      .choices(gradient_norm_names())
      .source("[ours]");
  table.add("grad-label", options.grad_label, "WHICH", "Class whose gradient is read.")
      .choices({"true", "predicted"})
      .source("[paper]")
      .text("With the true class a generator can leak the label to the classifier; predicted shows whether it did.");
  table.add("gen-objective", options.gen_objective, "WHAT", "What it makes small.")
      .choices({"prob", "logprob", "margin"})
      .source("[paper, equation of L_G]");
  table.add("gen-kappa", options.gen_kappa, "X", "margin: nothing is gained beyond this lead of another class.")
      .range(0, 1e6)
      .only_with("gen-objective", {"margin"})
      .source("[ours]");
  table.add("gen-cost", options.gen_cost, "C", "Weight of the squared L2 norm of the perturbation.")
      .range(0, 1e6)
      .source("[ours]");
  table.add("gen-scale", options.gen_scale, "S", "Perturbation = S tanh(output).")
      .above(0)
      .at_most(1e3)
      .source("[ours]");
  table.add("bound", options.bound, "NORM:E", "Hard bound: none, linf:E or l2:E.").source("[paper]");
  table.add("clip-valid", options.clip_valid, "Clip perturbed pictures to [0,1].").source("[ours]");
  table.add("gen-learning-rate", options.gen_learning_rate, "R", "Adam's learning rate.")
      .above(0)
      .at_most(10)
      .source("[ours]");
  table.add("gen-beta1", options.gen_beta1, "X", "Adam's first decay rate.").range(0, 1).below(1).source("[ours]");
  table.add("gen-steps", options.gen_steps, "K", "Updates of the generator for each batch.")
      .range(1, 1000)
      .source("[paper]");
  table.add("f-every", options.f_every, "N", "Update the classifier on every Nth batch only.")
      .range(1, 100000)
      .source("[ours]");
  table.add("alternate", options.alternate, "UNIT", "Take turns by batch or by epoch, the generator first.")
      .choices({"batch", "epoch"})
      .source("[paper]");
}

void declare_optimisation(cli::OptionTable& table, TrainOptions& options) {
  table.group("Optimisation of the classifier");
  add_optimizer(table, options.optimizer);
  add_learning_rate(table, options.learning_rate).source("[ours]");
  add_momentum(table, options.momentum).source("[ours]");
  add_weight_decay(table, options.weight_decay).source("[ours]");
  add_clip_norm(table, options.clip_norm).source("[ours]");
  add_schedule(table, options.schedule).source("[ours]");
  add_warmup(table, options.warmup).source("[ours]");
  table.add("batch", options.batch, "N", "Images per step.").range(1, 65536).source("[ours]");
  add_length(table, options.epochs, options.steps);
}

// "linf:8/255" -> bound and radius.
void parse_bound(const std::string& text, GeneratorSettings& settings) {
  if (text == "none") return;
  const size_t colon = text.find(':');
  const std::string norm = text.substr(0, colon);
  if (colon == std::string::npos || (norm != "linf" && norm != "l2")) {
    fail(ErrorKind::kUsage, "--bound: expected none, linf:E or l2:E, found '{}'", printable(text));
  }
  settings.bound = norm == "linf" ? PerturbationBound::kTanh : PerturbationBound::kShrinkL2;
  settings.epsilon = parse_epsilon(text.substr(colon + 1), "bound", norm == "linf" ? 1 : 1e3);
}

}  // namespace

const std::vector<std::string>& method_names() {
  static const std::vector<std::string> names{"plain", "dropout", "noise", "fgsm",      "fgm-l2",
                                              "fast",  "pgd",     "gat",   "gat-bound", "l2l"};
  return names;
}

bool uses_generator(const std::string& method) { return method == "gat" || method == "gat-bound" || method == "l2l"; }

TrainOptions apply_method(TrainOptions options, const std::function<bool(std::string_view)>& was_given) {
  const auto set = [&](std::string_view name, auto& field, auto value) {
    if (!was_given(name)) field = value;
  };
  if (options.method == "gat-bound") set("preset", options.preset, "robust");
  if (options.method == "l2l") {
    set("preset", options.preset, "robust");
    set("gen-input", options.gen_input, "grad+image");
  }
  if (options.preset == "robust") {
    set("bound", options.bound, "linf:" + options.eps);
    set("gen-objective", options.gen_objective, "logprob");
    set("gen-cost", options.gen_cost, 0.0);
  }
  const bool clean_only = options.method == "plain" || options.method == "dropout";
  const bool perturbed_only = options.method == "fast" || options.method == "pgd" || options.method == "l2l";
  set("alpha", options.alpha, clean_only ? 1.0 : perturbed_only ? 0.0 : 0.5);
  return options;
}

GeneratorSettings generator_settings(const TrainOptions& options) {
  GeneratorSettings settings;
  settings.source = parse_generator_source(options.gen_input);
  settings.gradient_norm = parse_gradient_norm(options.grad_norm);
  settings.predicted_labels = options.grad_label == "predicted";
  settings.scale = options.gen_scale;
  settings.clip = options.clip_valid;
  parse_bound(options.bound, settings);
  return settings;
}

GeneratorObjective generator_objective(const TrainOptions& options) {
  if (options.gen_objective == "logprob") return {ops::LogitLoss::kLogProbability, 1, 0};
  if (options.gen_objective == "margin") return {ops::LogitLoss::kClippedMargin, 1, options.gen_kappa};
  return {ops::LogitLoss::kProbability, 1, 0};
}

void declare_train(cli::OptionTable& table, TrainOptions& options) {
  table.output(options.output, "Checkpoint to write, RUN.ckpt.h5.").required();
  declare_training_images(table, options.data);
  declare_resize(table, options.data);
  declare_network(table, options);
  declare_method(table, options);
  declare_generator(table, options);
  declare_optimisation(table, options);
  table.group("Reports");
  table.add("holdout", options.holdout, "N", "Training images kept back for the reports and --select.")
      .at_least(0)
      .default_text("a tenth, at most 5000")
      .source("[ours]");
  table.add("eval-images", options.eval_images, "N", "Of these, how many are attacked for a report.")
      .range(1, 1e9)
      .source("[ours]");
  table.add("eval-every", options.eval_every, "STEPS", "Report every so many steps; 0: after each epoch.")
      .range(0, 1e12)
      .source("[ours]");
  table
      .add("select", options.select, "WHAT",
           "Also keep the best checkpoint as RUN.best.ckpt.h5: by clean or PGD accuracy on the held-out images.")
      .choices({"last", "clean", "pgd"})
      .source("[ours]");
  add_metrics(table, options.metrics);
}

}  // namespace fovea::advgen
