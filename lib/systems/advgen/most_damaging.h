// The worst that was found for each image of a batch so far.
#pragma once

#include "systems/advgen/attack.h"

namespace fovea::advgen {

class MostDamaging {
 public:
  // Starts from nothing: every image still has its clean pixels and an unbeatably low score.
  explicit MostDamaging(const AttackBatch& batch, bool targeted);

  // Candidates x for the images `items` of the batch, with the victim's logits and the attacker's scores [items].
  // A fooled image beats one that is not; otherwise the higher score wins, the earlier of equals.
  void offer(std::span<const int64_t> items, const Tensor& x, const Tensor& logits, std::span<const double> scores);

  bool fooled(int64_t item) const { return result_.fooled[static_cast<size_t>(item)] != 0; }
  std::vector<int64_t> standing() const;  // images that nothing has fooled yet
  AttackResult take() { return std::move(result_); }

 private:
  const AttackBatch& batch_;
  bool targeted_;
  AttackResult result_;
};

// Larger is worse for the victim: the loss, or minus the loss of the target.
std::vector<double> attacker_scores(const Tensor& losses, bool targeted);

}  // namespace fovea::advgen
