#include "eval/segmentation.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

TEST_CASE("SegmentationScore: intersection over union of each class, over the pixels of all pictures") {
  SegmentationScore score(4);
  const std::vector<uint8_t> truth = {0, 0, 1, 1, 255, 2}, prediction = {0, 1, 1, 1, 1, 0};
  score.add(truth, prediction, "a");
  const std::vector<uint8_t> more = {1, 0};
  score.add(more, more, "b");
  CHECK(score.void_pixels() == 1);
  CHECK(score.iou(0).value() == doctest::Approx(2.0 / 4));  // 2 right, one as 1, one from 2
  CHECK(score.iou(1).value() == doctest::Approx(3.0 / 4));  // the void pixel predicted as 1 does not count
  CHECK(score.iou(2).value() == 0);
  CHECK(!score.iou(3));
  CHECK(score.mean_iou().value() == doctest::Approx((0.5 + 0.75 + 0) / 3));
  CHECK(score.pixel_accuracy().value() == doctest::Approx(5.0 / 7));
}

TEST_CASE("SegmentationScore: a class that is only predicted has IoU 0, not none") {
  SegmentationScore score(2);
  score.add(std::vector<uint8_t>{0, 0}, std::vector<uint8_t>{0, 1}, "a");
  CHECK(score.iou(1).value() == 0);
}

TEST_CASE("SegmentationScore: wrong sizes and labels are errors that leave the counts alone") {
  SegmentationScore score(2);
  const std::vector<uint8_t> good = {0, 1}, void_prediction = {0, 255}, high = {0, 2}, one = {0};
  CHECK_THROWS_WITH_AS(score.add(good, one, "a.png"), "a.png: predicted labels: expected 2 pixels, found 1", Error);
  CHECK_THROWS_WITH_AS(score.add(good, void_prediction, "a.png"), "a.png: predicted labels: expected 0..1, found 255",
                       Error);
  CHECK_THROWS_WITH_AS(score.add(high, good, "a.png"), "a.png: true labels: expected 0..1, found 2", Error);
  CHECK(score.confusion().total() == 0);
  CHECK(!score.mean_iou());
}
