#include "data/nms.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

using namespace fovea;
using namespace fovea::data;

namespace {

// Cases of rcnn/nms.json, written by independent Python.
struct Case {
  const char* name;
  std::vector<Box> boxes;
  std::vector<float> scores;
  double threshold;
  std::vector<int64_t> kept;
};

std::vector<Case> cases() {
  return {
      {"chain",
       {Box{1, 1, 100, 100}, Box{31, 1, 130, 100}, Box{61, 1, 160, 100}, Box{91, 1, 190, 100}},
       {0.9F, 0.8F, 0.7F, 0.6F},
       0.3,
       {0, 2}},
      {"equal_overlap_kept",
       {Box{1, 1, 10, 10}, Box{1, 1, 10, 3}, Box{20, 20, 30, 30}},
       {0.9F, 0.8F, 0.1F},
       0.3,
       {0, 1, 2}},
      {"ties_lower_index_first",
       {Box{1, 1, 10, 10}, Box{2, 1, 11, 10}, Box{100, 100, 120, 120}},
       {0.5F, 0.5F, 0.5F},
       0.3,
       {0, 2}},
      {"nested", {Box{1, 1, 100, 100}, Box{26, 26, 75, 75}, Box{10, 10, 90, 90}}, {0.5F, 0.9F, 0.7F}, 0.3, {1, 0}},
      {"negative_scores",
       {Box{1, 1, 50, 50}, Box{3, 3, 52, 52}, Box{200, 1, 250, 50}},
       {-0.4F, -0.2F, -0.9F},
       0.3,
       {1, 2}},
      {"empty", {}, {}, 0.3, {}},
      {"random14",
       {Box{48, 5, 93, 28}, Box{20, 24, 79, 72}, Box{58, 15, 101, 43}, Box{26, 47, 72, 75}, Box{40, 39, 64, 66},
        Box{45, 1, 76, 27}, Box{20, 45, 45, 89}, Box{56, 54, 76, 108}, Box{57, 10, 91, 68}, Box{5, 47, 34, 90},
        Box{36, 4, 64, 43}, Box{49, 2, 69, 38}, Box{55, 32, 104, 80}, Box{8, 24, 38, 79}},
       {0.447F, 0.958F, 0.18F, 0.143F, 0.084F, 0.547F, 0.31F, 0.283F, 0.921F, 0.433F, 0.419F, 0.986F, 0.794F, 0.343F},
       0.3,
       {11, 1, 8, 9, 7, 4}},
  };
}

}  // namespace

TEST_CASE("non_maximum_suppression: agrees with nms.json") {
  for (const Case& item : cases()) {
    CAPTURE(item.name);
    CHECK(non_maximum_suppression(item.boxes, item.scores, item.threshold) == item.kept);
  }
}

TEST_CASE("non_maximum_suppression: a dropped box drops no other") {
  // A chain: the middle one goes, so the last, which only the middle one overlaps enough, stays.
  const std::vector<Box> boxes = {{0, 0, 9, 9}, {5, 0, 14, 9}, {10, 0, 19, 9}};
  const std::vector<float> scores = {3, 2, 1};
  CHECK(non_maximum_suppression(boxes, scores, 0.3) == std::vector<int64_t>{0, 2});
  CHECK(non_maximum_suppression(boxes, scores, 0.34) == std::vector<int64_t>{0, 1, 2});
}

TEST_CASE("by_decreasing_score: ties by index, NaN last") {
  const std::vector<float> scores = {1, NAN, 2, 1, -5};
  CHECK(by_decreasing_score(scores) == std::vector<int64_t>{2, 0, 3, 4, 1});
}

TEST_CASE("non_maximum_suppression: boxes without a score each are a broken invariant") {
  const std::vector<Box> boxes(2);
  const std::vector<float> scores(1);
  CHECK_THROWS_AS(non_maximum_suppression(boxes, scores, 0.3), Error);
}
