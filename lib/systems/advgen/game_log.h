// What the game between classifier and generator looked like since the last report: sums over batches, part of the
// state that a resumed run continues from.
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "io/checkpoint_file.h"
#include "systems/advgen/gat_losses.h"
#include "train/history.h"

namespace fovea::advgen {

class GameLog {
 public:
  void add_classifier(const ClassifierLoss& result, std::span<const int32_t> labels);
  // Perturbed against clean pictures, and the images whose gradient was zero.
  void add_perturbation(const Tensor& x, const Tensor& x_adv, int64_t zero_gradients);
  void add_generator_loss(double loss);

  // clean_probability, adversarial_probability, fooling_rate, delta_l2, delta_linf, clipped_share, zero_gradients,
  // generator_loss: means since the last call; absent where nothing was added. Starts afresh.
  train::Metrics take();

  void save(io::CheckpointData& data) const;
  void restore(const io::CheckpointData& data, const std::string& origin);

 private:
  enum Sum {
    kCleanImages,
    kCleanProbability,
    kAdversarialImages,
    kAdversarialProbability,
    kFooled,
    kPerturbedImages,
    kL2,
    kLinf,
    kClipped,
    kZeros,
    kGeneratorSteps,
    kGeneratorLoss,
    kCount
  };
  double& sum(Sum which) { return sums_[static_cast<size_t>(which)]; }
  double at(Sum which) const { return sums_[static_cast<size_t>(which)]; }

  std::array<double, kCount> sums_{};
};

}  // namespace fovea::advgen
