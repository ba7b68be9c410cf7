#include <doctest/doctest.h>

#include <limits>

#include "base/error.h"
#include "base/memory.h"
#include "systems/rcnn/scored_regions.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

// Pairs of boxes that overlap by far more than 0.3, far from the next pair; the first of a pair scores higher.
struct Pairs {
  std::vector<Box> boxes;
  std::vector<float> scores;
  explicit Pairs(int pairs) {
    for (int i = 0; i < pairs; ++i) {
      const auto x = static_cast<float>(100 * i);
      boxes.insert(boxes.end(), {{x, 0, x + 49, 49}, {x + 2, 0, x + 51, 49}});
      scores.insert(scores.end(), {static_cast<float>(10 - i), static_cast<float>(10 - i) - 0.5F});
    }
  }
  std::vector<io::Detection> select(const SelectionConfig& config, SetCap* set_cap = nullptr) const {
    const auto as_is = [&](int64_t region, int64_t) { return boxes[static_cast<size_t>(region)]; };
    return select_detections(boxes, scores, 1, 0, 50, 1000, config, as_is, set_cap);
  }
};

std::vector<float> scores_of(const std::vector<io::Detection>& detections) {
  std::vector<float> scores;
  for (const auto& detection : detections) scores.push_back(detection.score);
  return scores;
}

}  // namespace

TEST_CASE("select_detections: the cap counts boxes before suppression, or after it") {
  const Pairs pairs(5);
  SelectionConfig config{-1.5, 4, 0.3, false};
  CHECK(scores_of(pairs.select(config)) == std::vector<float>{10, 9});
  config.cap_after_suppression = true;
  CHECK(scores_of(pairs.select(config)) == std::vector<float>{10, 9, 8, 7});
  config.max_per_image = 0;
  CHECK(pairs.select(config).size() == 5);
}

TEST_CASE("SetCap: the best scores of a set, each class for itself") {
  SetCap cap(2, 3);
  CHECK(cap.least(0) == -std::numeric_limits<float>::infinity());
  cap.add(0, std::vector<float>{1, 5});
  CHECK(cap.least(0) == -std::numeric_limits<float>::infinity());
  cap.add(0, std::vector<float>{3, 0, 4, 3});
  CHECK(cap.least(0) == 3);
  CHECK(cap.least(1) == -std::numeric_limits<float>::infinity());
}

TEST_CASE("SetCap: cut afterwards, suppression leaves what it would have left of the cut boxes") {
  const Pairs pairs(6);
  for (const int64_t limit : {1, 2, 3, 5, 8, 11, 12, 20}) {
    CAPTURE(limit);
    SetCap cap(1, limit);
    std::vector<io::Detection> found = pairs.select({-1.5, 0, 0.3, false}, &cap);
    std::erase_if(found, [&](const io::Detection& d) { return d.score < cap.least(0); });
    CHECK(scores_of(found) == scores_of(pairs.select({-1.5, limit, 0.3, false})));
  }
}

TEST_CASE("SetCap: counts after suppression if the cap of a picture does") {
  const Pairs pairs(6);
  SetCap cap(1, 4);
  pairs.select({-1.5, 5, 0.3, true}, &cap);
  CHECK(cap.least(0) == 7);
}

TEST_CASE("SetCap: more scores than the memory are refused") {
  CHECK_THROWS_AS(SetCap(1000, max_memory() / 1000), Error);
}
