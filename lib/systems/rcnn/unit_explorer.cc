#include "systems/rcnn/unit_explorer.h"

#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/parallel.h"
#include "data/nms.h"

namespace fovea::rcnn {
namespace {

// Stable sorts keep the order of images and regions among equals.
void keep_best(std::vector<UnitHit>& hits, int64_t keep) {
  std::stable_sort(hits.begin(), hits.end(),
                   [](const UnitHit& a, const UnitHit& b) { return a.activation > b.activation; });
  if (static_cast<int64_t>(hits.size()) > keep) hits.resize(static_cast<size_t>(keep));
}

}  // namespace

UnitCollector::UnitCollector(std::vector<int64_t> units, int64_t dimension, UnitConfig config)
    : units_(std::move(units)),
      dimension_(dimension),
      config_(config),
      hits_(units_.size()),
      bounds_(units_.size(), 0.0F),
      maxima_(static_cast<size_t>(dimension), -std::numeric_limits<float>::infinity()) {
  for (const int64_t unit : units_) FOVEA_CHECK(unit >= 0 && unit < dimension, "unit {} of {}", unit, dimension);
}

void UnitCollector::add(int64_t image, std::span<const Box> boxes, std::span<const float> rows) {
  FOVEA_CHECK(rows.size() == boxes.size() * static_cast<size_t>(dimension_), "{} features of {} boxes", rows.size(),
              boxes.size());
  for (size_t r = 0; r < boxes.size(); ++r) {
    const float* row = rows.data() + r * static_cast<size_t>(dimension_);
    for (size_t c = 0; c < maxima_.size(); ++c) maxima_[c] = std::max(maxima_[c], row[c]);
  }
  parallel_tasks(static_cast<int64_t>(units_.size()), [&](int64_t i) {
    const auto u = static_cast<size_t>(i);
    std::vector<Box> candidates;
    std::vector<float> activations;
    for (size_t r = 0; r < boxes.size(); ++r) {
      const float value = rows[r * static_cast<size_t>(dimension_) + static_cast<size_t>(units_[u])];
      if (!(value > bounds_[u])) continue;
      candidates.push_back(boxes[r]);
      activations.push_back(value);
    }
    for (const int64_t kept : data::non_maximum_suppression(candidates, activations, config_.nms_overlap)) {
      hits_[u].push_back({image, candidates[static_cast<size_t>(kept)], activations[static_cast<size_t>(kept)]});
    }
    if (static_cast<int64_t>(hits_[u].size()) < 2 * config_.keep) return;
    keep_best(hits_[u], config_.keep);
    bounds_[u] = hits_[u].back().activation;
  });
}

std::vector<UnitHit> UnitCollector::hits(size_t i) const {
  std::vector<UnitHit> best = hits_[i];
  keep_best(best, config_.keep);
  return best;
}

std::vector<int64_t> most_excited_units(std::span<const float> maxima, int64_t positions, int64_t count) {
  std::vector<int64_t> units;  // the best position of each channel
  const auto at = [&](int64_t unit) { return maxima[static_cast<size_t>(unit)]; };
  for (int64_t first = 0; first + positions <= static_cast<int64_t>(maxima.size()); first += positions) {
    const auto begin = maxima.begin() + first;
    const int64_t unit = first + (std::max_element(begin, begin + positions) - begin);
    if (at(unit) > 0) units.push_back(unit);
  }
  std::stable_sort(units.begin(), units.end(), [&](int64_t a, int64_t b) { return at(a) > at(b); });
  if (static_cast<int64_t>(units.size()) > count) units.resize(static_cast<size_t>(count));
  return units;
}

}  // namespace fovea::rcnn
