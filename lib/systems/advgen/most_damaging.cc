#include "systems/advgen/most_damaging.h"

#include <limits>

#include "tensor/kernels/layout.h"

namespace fovea::advgen {

MostDamaging::MostDamaging(const AttackBatch& batch, bool targeted) : batch_(batch), targeted_(targeted) {
  const auto count = static_cast<size_t>(batch.x.extent(0));
  result_.adversarial = batch.x.clone();
  result_.predictions.assign(count, -1);
  result_.fooled.assign(count, 0);
  result_.scores.assign(count, -std::numeric_limits<double>::infinity());
}

void MostDamaging::offer(std::span<const int64_t> items, const Tensor& x, const Tensor& logits,
                         std::span<const double> scores) {
  const std::vector<int32_t> classes = predictions(logits);
  std::vector<int64_t> rows, places;
  for (size_t i = 0; i < items.size(); ++i) {
    const auto item = static_cast<size_t>(items[i]);
    const bool hit = targeted_ ? classes[i] == batch_.labels[item] : classes[i] != batch_.labels[item];
    const bool before = result_.fooled[item] != 0;
    const bool better = hit != before ? hit : scores[i] > result_.scores[item] || result_.predictions[item] < 0;
    if (!better) continue;
    result_.fooled[item] = hit ? 1 : 0;
    result_.scores[item] = scores[i];
    result_.predictions[item] = classes[i];
    rows.push_back(static_cast<int64_t>(i));
    places.push_back(items[i]);
  }
  if (!rows.empty()) kernels::scatter_rows(kernels::gather_rows(x, rows), places, result_.adversarial);
}

std::vector<int64_t> MostDamaging::standing() const {
  std::vector<int64_t> out;
  for (size_t i = 0; i < result_.fooled.size(); ++i) {
    if (result_.fooled[i] == 0) out.push_back(static_cast<int64_t>(i));
  }
  return out;
}

std::vector<double> attacker_scores(const Tensor& losses, bool targeted) {
  std::vector<double> out(static_cast<size_t>(losses.count()));
  for (size_t i = 0; i < out.size(); ++i) out[i] = (targeted ? -1 : 1) * losses.at(static_cast<int64_t>(i));
  return out;
}

}  // namespace fovea::advgen
