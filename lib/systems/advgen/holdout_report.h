// How a classifier in training stands on images that it does not learn from: clean, and under quick attacks.
#pragma once

#include <functional>
#include <optional>

#include "data/dataset.h"
#include "systems/advgen/attack.h"
#include "systems/advgen/generator.h"
#include "train/history.h"

namespace fovea::advgen {

class HoldoutReport {
 public:
  // `source` must outlive it. `images`: how many are attacked. FGSM and PGD-10 at `epsilon`, Linf or L2.
  HoldoutReport(const data::ImageSource& source, const data::Preprocess& preprocess, int64_t images, ops::Norm norm,
                double epsilon, uint64_t seed);

  // holdout_accuracy of all images; holdout_fgsm, holdout_pgd, holdout_generator (if there is one) of the attacked
  // ones; gradient_norm_p10, _p50, _p90 of log F_y. nullopt if should_stop() said so. With `hardened`, training on
  // perturbed pictures, it warns of catastrophic overfitting: PGD accuracy falls while that under FGSM or the generator
  // rises (Wong et al. 2020).
  std::optional<train::Metrics> measure(const Victim& victim, const Generator* generator, bool hardened,
                                        const std::function<bool()>& should_stop);

 private:
  void watch_overfitting(double fgsm, double pgd, double generator);

  const data::ImageSource& source_;
  data::Preprocess preprocess_;
  ops::Norm norm_;
  double epsilon_;
  uint64_t seed_;
  AttackBatch attacked_;
  double best_pgd_ = -1, last_fgsm_ = -1, last_generator_ = -1;
};

}  // namespace fovea::advgen
