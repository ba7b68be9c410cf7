#include <doctest/doctest.h>

#include "systems/rcnn/unit_explorer.h"

using namespace fovea;
using namespace fovea::rcnn;

TEST_CASE("unit_explorer: a unit's hits are thinned within an image and ordered over images") {
  UnitCollector collector({1}, 2, {1000, 0.1});
  const std::vector<Box> boxes = {{0, 0, 9, 9}, {1, 1, 10, 10}, {50, 50, 59, 59}};
  collector.add(7, boxes, std::vector<float>{9, 2, 9, 3, 9, 1});
  collector.add(8, boxes, std::vector<float>{0, 2.5F, 0, 0, 0, -1});
  const auto hits = collector.hits(0);
  REQUIRE(hits.size() == 3);
  CHECK(hits[0].activation == 3);  // drops the first box of image 7, which overlaps it
  CHECK(hits[0].image == 7);
  CHECK(hits[1].activation == 2.5F);
  CHECK(hits[1].image == 8);
  CHECK(hits[2].box == boxes[2]);
  CHECK(collector.maxima() == std::vector<float>{9, 3});
}

TEST_CASE("unit_explorer: the running bound changes nothing but memory") {
  const std::vector<Box> boxes = {{0, 0, 9, 9}, {20, 20, 29, 29}};
  UnitCollector bounded({0}, 1, {3, 0.1}), all({0}, 1, {1000, 0.1});
  for (int64_t image = 0; image < 100; ++image) {
    const std::vector<float> rows = {static_cast<float>((image * 37) % 101), static_cast<float>((image * 53) % 97)};
    bounded.add(image, boxes, rows);
    all.add(image, boxes, rows);
  }
  const auto best = bounded.hits(0), every = all.hits(0);
  REQUIRE(best.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(best[i].activation == every[i].activation);
    CHECK(best[i].image == every[i].image);
  }
}

TEST_CASE("unit_explorer: chosen units are the best positions of different channels") {
  // Two positions to a channel: channels have maxima 5, 0, 9, 7.
  const std::vector<float> maxima = {5, 4, -1, 0, 8, 9, 7, 1};
  CHECK(most_excited_units(maxima, 2, 2) == std::vector<int64_t>{5, 6});
  CHECK(most_excited_units(maxima, 2, 10) == std::vector<int64_t>{5, 6, 0});
}
