// Non-maximum suppression.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/box.h"

namespace fovea::data {

// Greedy: boxes by decreasing score (ties: the lower index first); each drops the later ones whose IoU with it is above
// `threshold` (equal is kept). Returns the indices of the kept boxes in that order.   Girshick et al. 2014, code nms.m
std::vector<int64_t> non_maximum_suppression(std::span<const Box> boxes, std::span<const float> scores,
                                             double threshold);

// Indices by decreasing score, ties by index; NaN scores last.
std::vector<int64_t> by_decreasing_score(std::span<const float> scores);

}  // namespace fovea::data
