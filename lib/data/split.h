// Dividing an image set into two halves with nearly the same number of objects of each class: how val1 and val2 of
// ILSVRC2013 came about.   Girshick et al. 2014, section 4.2; spec rcnn.md, section 1.3
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

namespace fovea::data {

// Objects of each class in one picture: (class, how many), classes ascending, each once, counts > 0.
using ClassCounts = std::vector<std::pair<int32_t, int64_t>>;

struct SplitConfig {
  uint64_t seed = 1;
  int64_t trials = 100;  // random starts, of which the best is taken
};

struct ClassBalance {
  int64_t first = 0, second = 0;  // objects in each half
  // |a - b| / (a + b); 0 without objects.
  double imbalance() const;
};

struct SplitResult {
  std::vector<uint8_t> half;             // of each image, 0 or 1
  std::vector<ClassBalance> classes;     // K
  double max = 0, mean = 0, median = 0;  // imbalance, over the classes with objects
};

// Images are paired with those of the most similar counts; of each pair one goes to either half, which one is drawn.
// Then pairs are swapped while that lowers the maximum or the mean imbalance and raises neither [ours: the paper asks
// that both fall], until no swap does. The trial with the lowest maximum is taken, then with the lowest mean. The
// halves differ by at most one image. The same input gives the same result, whatever the thread count. Counts of
// classes >= `classes` are broken invariants.
SplitResult balanced_split(const std::vector<ClassCounts>& images, int64_t classes, const SplitConfig& config = {});

// The first floor(N * share) images of a random order go to the first part, the rest to the second.
SplitResult random_split(const std::vector<ClassCounts>& images, int64_t classes, double share, uint64_t seed);

}  // namespace fovea::data
