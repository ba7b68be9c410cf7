// The published check data for adversarial training, tests/vectors/advgen/*.json: a linear softmax classifier of six
// pixels and three classes in double precision, made with an independent autograd. Tolerance 1e-10 throughout.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "nn/frozen.h"
#include "systems/advgen/attack.h"
#include "systems/advgen/gat_losses.h"
#include "systems/advgen/generator.h"
#include "vectors/vectors.h"

namespace fovea::advgen {
namespace {

using nlohmann::json;
using vectors::tensor;
using vectors::worst_difference;

constexpr double kTolerance = 1e-10;

nn::Network dense_network(int64_t outputs, const json& weight, const json& bias) {
  const std::string text =
      fmt::format("fovea-net 1\ninput name=data height=1 width=1 channels=6\ndense name=fc out={}\n", outputs);
  nn::Network network(nn::parse_net(text, "vector.net"), DType::kF64);
  network.parameters()[0]->var.mutable_value().copy_from(tensor(weight));
  network.parameters()[1]->var.mutable_value().copy_from(tensor(bias));
  return network;
}

data::Preprocess pixels() {
  data::Preprocess preprocess;
  preprocess.height = preprocess.width = 1;
  preprocess.channels = 6;
  preprocess.stddev = {255};  // pixels in [0,1] are what the network reads
  return preprocess;
}

// The four pictures and the classifier of every file.
struct Setting {
  explicit Setting(const json& file)
      : network(dense_network(3, file["W"], file["b"])),
        victim(network, pixels(), "vector"),
        x(tensor(file["x"]).reshape({4, 1, 1, 6})),
        labels(file["labels"].get<std::vector<int32_t>>()),
        targets(file["targets"].get<std::vector<int32_t>>()) {}

  AttackBatch batch(bool targeted) const { return {x, targeted ? targets : labels, {0, 1, 2, 3}}; }

  nn::Network network;
  Victim victim;
  Tensor x;
  std::vector<int32_t> labels, targets;
};

TEST_CASE("advgen vectors: logits, losses and the gradient that the generator reads") {
  const json file = vectors::load("advgen/linear_softmax.json");
  const Setting s(file);
  const auto cross_entropy = s.victim.gradient(s.x, s.labels, ops::LogitLoss::kCrossEntropy);
  CHECK(worst_difference(cross_entropy.logits, tensor(file["logits"])) < kTolerance);
  CHECK(worst_difference(cross_entropy.losses, tensor(file["cross_entropy"])) < kTolerance);
  CHECK(worst_difference(cross_entropy.dx, tensor(file["grad_ce_x"])) < kTolerance);
  CHECK(predictions(cross_entropy.logits) == file["predictions"].get<std::vector<int32_t>>());
  const auto probability = s.victim.gradient(s.x, s.labels, ops::LogitLoss::kProbability);
  CHECK(worst_difference(probability.losses, tensor(file["prob_true"])) < kTolerance);
  const auto delta = [&](GradientNorm norm) { return gradient_input(s.victim, s.x, s.labels, norm).delta; };
  CHECK(worst_difference(delta(GradientNorm::kNone), tensor(file["delta_raw"])) < kTolerance);
  CHECK(worst_difference(delta(GradientNorm::kL2), tensor(file["delta_l2"])) < kTolerance);
  CHECK(worst_difference(delta(GradientNorm::kMax), tensor(file["delta_max"])) < kTolerance);
  // rms is sqrt(d) l2; the way over the probability itself gives the same direction.
  const Tensor rms = delta(GradientNorm::kRms), l2 = normalised(probability.dx, GradientNorm::kL2);
  for (int64_t i = 0; i < rms.count(); ++i)
    CHECK(rms.at(i) == doctest::Approx(std::sqrt(6.0) * l2.at(i)).epsilon(1e-9));
}

TEST_CASE("advgen vectors: nobody trains the victim while it is attacked") {
  const json file = vectors::load("advgen/linear_softmax.json");
  Setting s(file);
  s.victim.gradient(s.x, s.labels, ops::LogitLoss::kCrossEntropy);
  for (const nn::Parameter* parameter : s.network.parameters()) {
    CHECK_FALSE(parameter->var.grad().defined());
    CHECK(parameter->var.needs_grad());
  }
}

AttackConfig config_of(const json& row) {
  std::string name = row["name"].get<std::string>();
  if (name == "bim_linf") name = "bim";
  if (name == "pgd_linf") name = "pgd";
  std::replace(name.begin(), name.end(), '_', '-');
  AttackConfig config = named_attack(name, row["eps"].get<double>());
  config.targeted = row["targeted"].get<bool>();
  config.keep_best = false;
  if (row.contains("steps")) {
    config.steps = row["steps"].get<int64_t>();
    config.step_size = row["step"].get<double>();
  }
  return config;
}

TEST_CASE("advgen vectors: attacks, iterate by iterate") {
  const json file = vectors::load("advgen/attacks.json");
  const Setting s(file);
  for (const json& row : file["attacks"]) {
    CAPTURE(row["name"].get<std::string>());
    CAPTURE(row["eps"].get<double>());
    const AttackConfig config = config_of(row);
    const AttackBatch batch = s.batch(config.targeted);
    const Tensor start =
        row.contains("start") && !row["start"].is_null() ? tensor(row["trajectory"][0]).reshape(s.x.shape()) : s.x;
    int64_t seen = 0;
    const auto compare = [&](int64_t step, const Tensor& x) {
      if (!row.contains("trajectory")) return;
      CHECK(worst_difference(x, tensor(row["trajectory"][static_cast<size_t>(step)])) < kTolerance);
      ++seen;
    };
    const AttackResult result = walk(s.victim, batch, start, config, compare);
    if (row.contains("trajectory")) CHECK(seen == static_cast<int64_t>(row["trajectory"].size()));
    CHECK(worst_difference(result.adversarial, tensor(row["x_adv"])) < kTolerance);
    for (size_t i = 0; i < 4; ++i) CHECK((result.predictions[i] == s.labels[i]) == row["correct"][i].get<bool>());
    Tensor difference = result.adversarial.clone();
    for (int64_t i = 0; i < difference.count(); ++i) difference.data<double>()[i] -= s.x.at(i);
    CHECK(worst_difference(kernels::row_norms(difference, ops::Norm::kLinf), tensor(row["linf"])) < kTolerance);
    CHECK(worst_difference(kernels::row_norms(difference, ops::Norm::kL2), tensor(row["l2"])) < kTolerance);
  }
  const auto margin = s.victim.gradient(s.x, s.labels, ops::LogitLoss::kMargin);
  CHECK(worst_difference(margin.losses, tensor(file["margin"]["value"])) < kTolerance);
  CHECK(worst_difference(margin.dx, tensor(file["margin"]["grad_x"])) < kTolerance);
}

GradientNorm norm_of(const json& row) { return parse_gradient_norm(row["normalisation"].get<std::string>()); }

// Plain SGD in double; the optimisers of nn are float32.
void descend(const std::vector<nn::Parameter*>& parameters, double rate) {
  for (nn::Parameter* parameter : parameters) {
    double* value = parameter->var.mutable_value().data<double>();
    for (int64_t i = 0; i < parameter->var.value().count(); ++i) value[i] -= rate * parameter->var.grad().at(i);
    parameter->var.clear_grad();
  }
}

TEST_CASE("advgen vectors: both losses of the game, their gradients, and one alternating iteration") {
  const json file = vectors::load("advgen/gat_losses.json");
  for (const json& row : file["cases"]) {
    CAPTURE(row["name"].get<std::string>());
    Setting s(file);
    GeneratorSettings settings;
    settings.gradient_norm = norm_of(row);
    settings.scale = row["scale"].get<double>();
    settings.clip = false;
    const Generator generator(dense_network(6, file["A"], file["c"]), settings, 6);
    GeneratorObjective objective;
    if (row["objective"] == "logprob") objective.loss = ops::LogitLoss::kLogProbability;
    const double cost = row["c_g"].get<double>(), alpha = row["alpha"].get<double>();

    const Tensor input = generator.input(s.victim, s.x, s.labels).values;
    CHECK(worst_difference(input, tensor(row["delta"])) < kTolerance);
    const auto perturb = [&] { return generator.perturbation(input, s.x.shape(), nn::PassContext::inference()); };
    const auto parameters_g = generator.network().parameters(), parameters_f = s.network.parameters();
    {
      const nn::FrozenParameters frozen(s.network);
      const Var delta = perturb();
      CHECK(worst_difference(delta.value(), tensor(row["perturbation"])) < kTolerance);
      const Var loss = generator_loss(s.victim, perturbed(s.x, delta, false), delta, s.labels, objective, cost);
      CHECK(loss.value().item() == doctest::Approx(row["generator_loss"].get<double>()).epsilon(1e-10));
      backward(loss);
    }
    CHECK(worst_difference(parameters_g[0]->var.grad(), tensor(row["grad_A"])) < kTolerance);
    CHECK(worst_difference(parameters_g[1]->var.grad(), tensor(row["grad_c"])) < kTolerance);
    for (const nn::Parameter* parameter : parameters_f) CHECK_FALSE(parameter->var.grad().defined());

    const auto classify = [&] {
      const NoGrad no_grad;
      return perturbed(s.x, perturb(), false).value();
    };
    const auto context = nn::PassContext::training(1, 0);
    backward(classifier_loss(s.victim, s.x, classify(), s.labels, alpha, BatchNormSharing::kJoint, context).loss);
    CHECK(worst_difference(parameters_f[0]->var.grad(), tensor(row["grad_W"])) < kTolerance);
    CHECK(worst_difference(parameters_f[1]->var.grad(), tensor(row["grad_b"])) < kTolerance);

    const json& iteration = row["iteration"];
    s.network.clear_gradients();
    descend(parameters_g, iteration["lr_generator"].get<double>());
    CHECK(worst_difference(parameters_g[0]->var.value(), tensor(iteration["A"])) < kTolerance);
    CHECK(worst_difference(parameters_g[1]->var.value(), tensor(iteration["c"])) < kTolerance);
    CHECK(worst_difference(parameters_f[0]->var.value(), tensor(file["W"])) == 0);
    const Var loss =
        classifier_loss(s.victim, s.x, classify(), s.labels, alpha, BatchNormSharing::kJoint, context).loss;
    CHECK(loss.value().item() ==
          doctest::Approx(iteration["classifier_loss_after_generator_step"].get<double>()).epsilon(1e-10));
    backward(loss);
    for (const nn::Parameter* parameter : parameters_g) CHECK_FALSE(parameter->var.grad().defined());
    descend(parameters_f, iteration["lr_classifier"].get<double>());
    CHECK(worst_difference(parameters_f[0]->var.value(), tensor(iteration["W"])) < kTolerance);
    CHECK(worst_difference(parameters_f[1]->var.value(), tensor(iteration["b"])) < kTolerance);
  }
}

TEST_CASE("advgen vectors: scaling into the ball after Poursaeed et al.") {
  const json file = vectors::load("advgen/gap.json");
  const Tensor raw = vectors::nhwc(file["raw"]), images = vectors::nhwc(file["images"]);
  for (const json& row : file["cases"]) {
    const ops::Norm norm = row["norm"] == "l2" ? ops::Norm::kL2 : ops::Norm::kLinf;
    const Tensor scaled = kernels::shrink_to_ball(raw, norm, row["eps"].get<double>(), false);
    CHECK(worst_difference(scaled, vectors::nhwc(row["scaled"])) < kTolerance);
    CHECK(worst_difference(perturbed(images, Var(scaled), true).value(), vectors::nhwc(row["adversarial"])) <
          kTolerance);
  }
  const json& channels = file["per_channel_linf"];
  const Tensor by_channel = kernels::shrink_to_ball(raw, ops::Norm::kLinf, channels["eps"].get<double>(), true);
  CHECK(worst_difference(by_channel, vectors::nhwc(channels["scaled"])) < kTolerance);
}

TEST_CASE("advgen vectors: losses of Poursaeed et al.") {
  const json file = vectors::load("advgen/gap.json")["losses"];
  const Setting s(vectors::load("advgen/linear_softmax.json"));
  const Tensor logits = s.victim.logits(s.x);
  const auto log_of = [&](const char* classes) {
    return kernels::logit_loss(ops::LogitLoss::kLogCrossEntropy, logits, file[classes].get<std::vector<int32_t>>(), 0,
                               false)
        .first;
  };
  CHECK(worst_difference(log_of("targets"), tensor(file["targeted"])) < kTolerance);
  CHECK(worst_difference(log_of("least_likely"), tensor(file["least_likely_loss"])) < kTolerance);
  const Tensor away = log_of("labels"), expected = tensor(file["nontargeted"]);
  for (int64_t i = 0; i < away.count(); ++i) CHECK(-away.at(i) == doctest::Approx(expected.at(i)).epsilon(1e-10));
}

}  // namespace
}  // namespace fovea::advgen
