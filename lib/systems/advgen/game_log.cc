#include "systems/advgen/game_log.h"

#include <algorithm>

#include "base/error.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::advgen {
namespace {

constexpr const char* kArray = "adversary_sums";  // on disk: do not change

double total(const Tensor& values) {
  double sum = 0;
  for (int64_t i = 0; i < values.count(); ++i) sum += values.at(i);
  return sum;
}

double probability_sum(const Tensor& logits, std::span<const int32_t> labels) {
  return total(kernels::logit_loss(ops::LogitLoss::kProbability, logits, labels, 0, false).first);
}

}  // namespace

void GameLog::add_classifier(const ClassifierLoss& result, std::span<const int32_t> labels) {
  const double images = static_cast<double>(labels.size());
  if (result.clean_logits.defined()) {
    sum(kCleanImages) += images;
    sum(kCleanProbability) += probability_sum(result.clean_logits, labels);
  }
  if (!result.adversarial_logits.defined()) return;
  sum(kAdversarialImages) += images;
  sum(kAdversarialProbability) += probability_sum(result.adversarial_logits, labels);
  const auto classes = predictions(result.adversarial_logits);
  for (size_t i = 0; i < labels.size(); ++i) sum(kFooled) += classes[i] != labels[i] ? 1 : 0;
}

void GameLog::add_perturbation(const Tensor& x, const Tensor& x_adv, int64_t zero_gradients) {
  const Tensor delta = kernels::subtract(x_adv, x);
  sum(kPerturbedImages) += static_cast<double>(x.extent(0));
  sum(kL2) += total(kernels::row_norms(delta, ops::Norm::kL2));
  sum(kLinf) += total(kernels::row_norms(delta, ops::Norm::kLinf));
  const auto pixels = x_adv.span<float>();
  const auto at_the_end =
      std::count_if(pixels.begin(), pixels.end(), [](float value) { return value <= 0 || value >= 1; });
  sum(kClipped) += static_cast<double>(at_the_end) / static_cast<double>(x.count()) * static_cast<double>(x.extent(0));
  sum(kZeros) += static_cast<double>(zero_gradients);
}

void GameLog::add_generator_loss(double loss) {
  sum(kGeneratorSteps) += 1;
  sum(kGeneratorLoss) += loss;
}

train::Metrics GameLog::take() {
  train::Metrics row;
  const auto mean = [&](const char* name, Sum what, Sum images) {
    if (at(images) > 0) row.emplace_back(name, at(what) / at(images));
  };
  mean("clean_probability", kCleanProbability, kCleanImages);
  mean("adversarial_probability", kAdversarialProbability, kAdversarialImages);
  mean("fooling_rate", kFooled, kAdversarialImages);
  mean("delta_l2", kL2, kPerturbedImages);
  mean("delta_linf", kLinf, kPerturbedImages);
  mean("extreme_pixels", kClipped, kPerturbedImages);
  mean("zero_gradients", kZeros, kPerturbedImages);
  mean("generator_loss", kGeneratorLoss, kGeneratorSteps);
  sums_ = {};
  return row;
}

void GameLog::save(io::CheckpointData& data) const {
  data.training_arrays.push_back({kArray, "sum", {static_cast<int64_t>(sums_.size())}, {sums_.begin(), sums_.end()}});
}

void GameLog::restore(const io::CheckpointData& data, const std::string& origin) {
  const auto it = std::find_if(data.training_arrays.begin(), data.training_arrays.end(),
                               [](const io::TrainingArray& array) { return array.name == kArray; });
  if (it == data.training_arrays.end() || it->values.size() != sums_.size()) {
    fail_data(fmt::format("{}: training/arrays/{}", origin, kArray), fmt::format("{} sums", sums_.size()),
              "none or others");
  }
  std::copy(it->values.begin(), it->values.end(), sums_.begin());
}

}  // namespace fovea::advgen
