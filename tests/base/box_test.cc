#include "base/box.h"

#include <doctest/doctest.h>

using namespace fovea;

namespace {

// Cases of rcnn/iou.json, written by independent Python.
struct Case {
  const char* note;
  Box a, b;
  double iou;
};
const Case kCases[] = {
    {"identical", {1, 1, 10, 10}, {1, 1, 10, 10}, 1},
    {"share one corner pixel", {1, 1, 10, 10}, {10, 10, 20, 20}, 0.004545454545454545},
    {"adjacent, disjoint", {1, 1, 10, 10}, {11, 1, 20, 10}, 0},
    {"half shifted", {1, 1, 10, 10}, {6, 1, 15, 10}, 0.3333333333333333},
    {"contained", {1, 1, 100, 100}, {26, 26, 75, 75}, 0.25},
    {"single pixel", {5, 5, 5, 5}, {5, 5, 5, 5}, 1},
    {"single pixel in 3x3", {5, 5, 5, 5}, {4, 4, 6, 6}, 0.1111111111111111},
    {"exactly one half: IoU = 0.5 counts as a hit in VOC (>=)", {1, 1, 10, 10}, {1, 1, 10, 5}, 0.5},
    {"typical", {48, 240, 195, 371}, {60, 250, 200, 360}, 0.7513812154696132},
    {"fractional", {1.5F, 2.5F, 10.25F, 20.75F}, {3, 4, 12, 22}, 0.6332432432432432},
};

}  // namespace

TEST_CASE("iou: agrees with iou.json, both ways round and wherever the boxes lie") {
  for (const Case& item : kCases) {
    CAPTURE(item.note);
    CHECK(iou(item.a, item.b) == doctest::Approx(item.iou).epsilon(1e-9));
    CHECK(iou(item.b, item.a) == iou(item.a, item.b));
    const auto moved = [](Box box) { return Box{box.x1 - 1, box.y1 - 1, box.x2 - 1, box.y2 - 1}; };
    CHECK(iou(moved(item.a), moved(item.b)) == iou(item.a, item.b));
  }
}

TEST_CASE("iou: one half is exactly one half") { CHECK(iou({1, 1, 10, 10}, {1, 1, 10, 5}) == 0.5); }

TEST_CASE("iou: three tenths is exactly three tenths, which float arithmetic misses") {
  CHECK(iou({1, 1, 10, 10}, {1, 1, 10, 3}) == 0.3);
}

TEST_CASE("iou: boxes with corners in the wrong order overlap nothing") {
  CHECK(iou({5, 5, 3, 8}, {0, 0, 10, 10}) == 0);
  CHECK(iou({5, 5, 3, 8}, {5, 5, 3, 8}) == 0);
}

TEST_CASE("box: width and height include both corners") {
  CHECK(width({3, 4, 3, 9}) == 1);
  CHECK(height({3, 4, 3, 9}) == 6);
  CHECK(area({3, 4, 3, 9}) == 6);
  CHECK(area(Box{}) == 0);
}

TEST_CASE("clip: keeps what is inside; a box outside becomes the nearest pixels") {
  CHECK(clip({-3, -2, 5, 4}, 10, 8) == Box{0, 0, 5, 4});
  CHECK(clip({2, 3, 20, 30}, 10, 8) == Box{2, 3, 9, 7});
  CHECK(clip({20, 30, 25, 35}, 10, 8) == Box{9, 7, 9, 7});
}
