// Hierarchical grouping: the most similar neighbours are joined until one region is left.
//   Uijlings et al. 2013, section 3.1, algorithm 1
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "systems/rcnn/region_features.h"

namespace fovea::rcnn {

// The terms of a combined similarity; their mean is taken, in [0,1].
struct Similarity {
  bool color = false, texture = false, size = false, fill = false;
  int terms() const { return color + texture + size + fill; }
  bool operator==(const Similarity&) const = default;
};
// Letters of c, t, s, f in any order and case, each once: "ctsf". Throws Error(kUsage).
Similarity parse_similarity(std::string_view letters);
std::string similarity_letters(const Similarity& similarity);  // "CTSF"

// Of regions i and j of a set, by the chosen terms:
//   colour, texture: histogram intersection    size: 1 - (|i| + |j|) / |picture|
//   fill: 1 - (|box of both| - |i| - |j|) / |picture|
double similarity_of(const RegionSet& set, int32_t i, int32_t j, const Similarity& terms);

// Region n + m is the result of merge m; n = number of initial regions.
struct Merge {
  int32_t a = 0, b = 0;  // a < b
  double similarity = 0;
};
struct Hierarchy {
  int32_t initial = 0;
  std::vector<Merge> merges;    // initial - 1 of them
  std::vector<PixelBox> boxes;  // 2 * initial - 1
};

// Ties: the smallest pair (a, b). O(E log E) in the number of touching pairs.
Hierarchy group_regions(const RegionSet& set, const Similarity& terms);

}  // namespace fovea::rcnn
