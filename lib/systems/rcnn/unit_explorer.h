// A unit of a network (a column of region features) as a detector of its own: its best regions over all images.
//   Girshick et al. 2014, section 3.1: "non-parametric" visualisation; spec rcnn.md section 11
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/box.h"

namespace fovea::rcnn {

struct UnitHit {
  int64_t image = 0;
  Box box;
  float activation = 0;
};

struct UnitConfig {
  int64_t keep = 1000;       // best regions of a unit
  double nms_overlap = 0.1;  // within an image
};

// Memory: at most 2 * keep hits for each unit, whatever the number of images.
class UnitCollector {
 public:
  // Columns of the features to collect, each below `dimension`.
  UnitCollector(std::vector<int64_t> units, int64_t dimension, UnitConfig config);

  // One image: for each unit the regions above the bound (the worst that would be kept so far; at first 0: what does
  // not fire is no hit), thinned by non-maximum suppression. rows [boxes, dimension]. Each image once.
  void add(int64_t image, std::span<const Box> boxes, std::span<const float> rows);

  // Hits of units()[i]: the `keep` best, best first; ties by image, then region.
  std::vector<UnitHit> hits(size_t i) const;
  const std::vector<int64_t>& units() const { return units_; }
  // The largest value of every column so far (-infinity before the first region).
  const std::vector<float>& maxima() const { return maxima_; }

 private:
  std::vector<int64_t> units_;
  int64_t dimension_;
  UnitConfig config_;
  std::vector<std::vector<UnitHit>> hits_;
  std::vector<float> bounds_, maxima_;
};

// The `count` channels with the largest maximum, each by its most excited position; columns are grouped by channel,
// `positions` to a channel. Channels that never fire are left out.
std::vector<int64_t> most_excited_units(std::span<const float> maxima, int64_t positions, int64_t count);

}  // namespace fovea::rcnn
