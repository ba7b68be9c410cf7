#include "systems/advgen/holdout_report.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/log.h"
#include "eval/classification.h"

namespace fovea::advgen {
namespace {

constexpr int64_t kBatch = 128;
constexpr int64_t kPgdSteps = 10;
constexpr double kCollapse = 0.1;  // ten points below the best [ours]

int64_t correct(const std::vector<int32_t>& classes, const std::vector<int32_t>& labels) {
  int64_t count = 0;
  for (size_t i = 0; i < labels.size(); ++i) count += classes[i] == labels[i] ? 1 : 0;
  return count;
}

AttackBatch piece(const AttackBatch& all, int64_t begin, int64_t end) {
  const auto part = [&](const auto& values) {
    using Vector = std::decay_t<decltype(values)>;
    return Vector(values.begin() + begin, values.begin() + end);
  };
  return {all.x.rows(begin, end), part(all.labels), part(all.keys)};
}

}  // namespace

HoldoutReport::HoldoutReport(const data::ImageSource& source, const data::Preprocess& preprocess, int64_t images,
                             ops::Norm norm, double epsilon, uint64_t seed)
    : source_(source), preprocess_(preprocess), norm_(norm), epsilon_(epsilon), seed_(seed) {
  attacked_ = load_attack_batch(source, 0, std::min(images, source.size()), preprocess);
}

std::optional<train::Metrics> HoldoutReport::measure(const Victim& victim, const Generator* generator, bool hardened,
                                                     const std::function<bool()>& should_stop) {
  int64_t clean = 0, fgsm = 0, pgd = 0, own = 0;
  for (int64_t begin = 0; begin < source_.size(); begin += kBatch) {
    if (should_stop()) return std::nullopt;
    const AttackBatch batch = load_attack_batch(source_, begin, std::min(begin + kBatch, source_.size()), preprocess_);
    clean += correct(predictions(victim.logits(batch.x)), batch.labels);
  }
  const bool l2 = norm_ == ops::Norm::kL2;
  AttackConfig single = named_attack(l2 ? "fgm-l2" : "fgsm", epsilon_);
  AttackConfig many = named_attack(l2 ? "pgd-l2" : "pgd", epsilon_);
  many.steps = kPgdSteps;
  many.early_stop = true;
  many.seed = seed_;
  std::vector<double> norms;
  const int64_t attacked = attacked_.x.extent(0);
  for (int64_t begin = 0; begin < attacked; begin += kBatch) {
    if (should_stop()) return std::nullopt;
    const AttackBatch batch = piece(attacked_, begin, std::min(begin + kBatch, attacked));
    fgsm += correct(run_attack(victim, batch, single).predictions, batch.labels);
    pgd += correct(run_attack(victim, batch, many).predictions, batch.labels);
    const auto gradient = gradient_input(victim, batch.x, batch.labels, GradientNorm::kL2);
    norms.insert(norms.end(), gradient.norms.begin(), gradient.norms.end());
    if (generator != nullptr) {
      own += correct(predictions(victim.logits(generator->adversarial(victim, batch.x, batch.labels))), batch.labels);
    }
  }
  const auto share = [](int64_t count, int64_t all) { return static_cast<double>(count) / static_cast<double>(all); };
  train::Metrics row{{"holdout_accuracy", share(clean, source_.size())},
                     {"holdout_fgsm", share(fgsm, attacked)},
                     {"holdout_pgd", share(pgd, attacked)}};
  if (generator != nullptr) row.emplace_back("holdout_generator", share(own, attacked));
  const std::array<double, 3> percents{10, 50, 90};
  // A network that has lost its numbers has no quantiles: the next step says that training diverged.
  const bool numbers = std::ranges::none_of(norms, [](double norm) { return std::isnan(norm); });
  const auto quantiles = numbers ? eval::percentiles(norms, percents) : std::vector<double>(percents.size(), NAN);
  for (size_t i = 0; i < percents.size(); ++i)
    row.emplace_back(fmt::format("gradient_norm_p{}", percents[i]), quantiles[i]);
  if (hardened)
    watch_overfitting(share(fgsm, attacked), share(pgd, attacked), generator != nullptr ? share(own, attacked) : -1);
  return row;
}

void HoldoutReport::watch_overfitting(double fgsm, double pgd, double generator) {
  const bool rises = fgsm > last_fgsm_ || generator > last_generator_;
  if (best_pgd_ >= 0 && pgd < best_pgd_ - kCollapse && rises) {
    log::warning(
        "catastrophic overfitting: accuracy under PGD fell to {:.3f} (best {:.3f}) while that under a single step or "
        "the generator rose",
        pgd, best_pgd_);
  }
  best_pgd_ = std::max(best_pgd_, pgd);
  last_fgsm_ = fgsm;
  last_generator_ = generator;
}

}  // namespace fovea::advgen
