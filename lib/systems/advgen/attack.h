// Attacks on one classifier (spec adversarial-trainer section 7). Pixel units [0,1], each image on its own: what
// happens to an image depends on its pixels, its label, its key and the seed, not on the batch that it is in.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/rng.h"
#include "systems/advgen/attack_batch.h"
#include "systems/advgen/victim.h"

namespace fovea::advgen {

enum class AttackFamily {
  kGradient,  // FGSM, FGM, BIM, PGD: steps along the gradient of the loss, projected
  kNoise,     // points drawn from the ball
  kSquare,    // random search without gradients (Andriushchenko et al. 2020); Linf only
};

struct AttackConfig {
  AttackFamily family = AttackFamily::kGradient;
  ops::Norm norm = ops::Norm::kLinf;
  double epsilon = 8.0 / 255;
  int64_t steps = 20;    // gradient steps, or queries of kSquare
  double step_size = 0;  // 0: 2.5 epsilon / steps
  bool random_start = true;
  int64_t restarts = 1;       // or draws of kNoise
  int64_t first_restart = 0;  // its number, which keys the random start: a search can go on where another ended
  ops::LogitLoss loss = ops::LogitLoss::kCrossEntropy;
  bool targeted = false;  // descend the loss of the given classes instead of climbing it
  bool keep_best = true;  // the most damaging iterate: a fooled one before others, then the highest loss; else the last
  bool early_stop = false;  // images that are fooled are left alone
  uint64_t seed = 1;

  double step() const { return step_size > 0 ? step_size : 2.5 * epsilon / static_cast<double>(steps); }
};

// noise, fgsm, fgm-l2, bim, pgd, pgd-l2, square with the defaults of the spec. Throws Error(kUsage) with the nearest
// name.
AttackConfig named_attack(const std::string& name, double epsilon);
const std::vector<std::string>& attack_names();

struct AttackResult {
  Tensor adversarial;                // [N,H,W,C] in [0,1], within epsilon of x
  std::vector<int32_t> predictions;  // of the victim on it
  std::vector<uint8_t> fooled;       // prediction != label, or with `targeted` == label
  std::vector<double> scores;        // the loss as the attacker sees it: larger is worse for the victim
};

// Sees every iterate, x_0 included. For tests.
using IterateObserver = std::function<void(int64_t step, const Tensor& x)>;

AttackResult run_attack(const Victim& victim, const AttackBatch& batch, const AttackConfig& config,
                        const IterateObserver& observe = {});

// The walk of kGradient from a given start.
AttackResult walk(const Victim& victim, const AttackBatch& batch, const Tensor& start, const AttackConfig& config,
                  const IterateObserver& observe = {});

// A direction drawn uniformly: `size` independent Gaussians. Takes exactly that many normals from the stream.
struct Direction {
  std::vector<double> values;
  double length = 0;  // L2

  // What `values` are multiplied by for this length; 0 for the direction of nothing.
  double factor(double wanted) const { return length > 0 ? wanted / length : 0; }
};
Direction gaussian_direction(int64_t size, Rng& rng);

// x plus a point of the ball, uniform by volume, clipped to [0,1]; key = (seed, restart, image).
Tensor random_start(const AttackBatch& batch, const AttackConfig& config, int64_t restart);

// Rounds to multiples of 1/255 towards the original, so that the norm can only fall. Originals are 8-bit pictures.
void quantise_inwards(Tensor& adversarial, const Tensor& original);

// Broken promises are bugs (Error kInternal): every norm <= epsilon + 1e-6, every value in [0,1].
void check_within(const Tensor& adversarial, const Tensor& original, ops::Norm norm, double epsilon);

}  // namespace fovea::advgen
