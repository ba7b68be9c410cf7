#include "eval/proposal_quality.h"

#include <doctest/doctest.h>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

TrueObject object(fovea::Box box, int32_t k, bool difficult = false) { return {box, k, 0, difficult, false, {}}; }

// Two images. Class 0: overlaps of 0.5 with the first box, 0.8 with the third; class 1: 1 with the second box of the
// other image; class 2 has no objects.
ProposalQuality example() {
  ProposalQuality quality(3, {1, 2});
  const std::vector<TrueObject> first = {object({0, 0, 9, 9}, 0), object({50, 50, 59, 59}, 0, true)};
  const std::vector<fovea::Box> first_boxes = {{0, 0, 9, 4}, {80, 80, 89, 89}, {0, 0, 9, 7}};
  quality.add(first, first_boxes);
  const std::vector<TrueObject> second = {object({20, 20, 29, 29}, 1)};
  const std::vector<fovea::Box> second_boxes = {{0, 0, 1, 1}, {20, 20, 29, 29}};
  quality.add(second, second_boxes);
  return quality;
}

}  // namespace

TEST_CASE("ProposalQuality: best overlaps grow with the number of boxes taken") {
  const ProposalQuality quality = example();
  CHECK(quality.columns() == 3);
  CHECK(quality.count(1).value() == 2);
  CHECK(!quality.count(2));
  CHECK(quality.average_best_overlap(0, 0).value() == 0.5);
  CHECK(quality.average_best_overlap(1, 0).value() == 0.5);
  CHECK(quality.average_best_overlap(2, 0).value() == 0.8);
  CHECK(quality.average_best_overlap(0, 1).value() == 0);
  CHECK(quality.average_best_overlap(1, 1).value() == 1);
  CHECK(!quality.average_best_overlap(2, 2));
  CHECK(quality.mean_average_best_overlap(2).value() == doctest::Approx(0.9));
  CHECK(quality.abo_deviation(2).value() == doctest::Approx(0.1));
}

TEST_CASE("ProposalQuality: recall is strict at the threshold, and pooled over objects") {
  const ProposalQuality quality = example();
  CHECK(quality.objects() == 2);
  CHECK(quality.objects(2) == 0);
  CHECK(quality.recall(0, 0.5, 0).value() == 0);  // exactly one half is not above it
  CHECK(quality.recall(0, 0.49, 0).value() == 1);
  CHECK(quality.recall(1, 0.5).value() == 0.5);
  CHECK(quality.recall(2, 0.5).value() == 1);
  CHECK(!quality.recall(2, 0.5, 2));
}

TEST_CASE("ProposalQuality: boxes per image, with fewer where an image has fewer") {
  const ProposalQuality quality = example();
  CHECK(quality.images() == 2);
  CHECK(quality.boxes_per_image(0).value() == 1);
  CHECK(quality.boxes_per_image(1).value() == 2);
  CHECK(quality.boxes_per_image(2).value() == 2.5);
}

TEST_CASE("ProposalQuality: difficult objects count when told so; an image without boxes misses its objects") {
  ProposalQuality quality(1, {});
  const std::vector<TrueObject> objects = {object({0, 0, 9, 9}, 0, true)};
  quality.add(objects, {}, false);
  CHECK(quality.objects() == 0);
  CHECK(!quality.recall(0, 0.5));
  CHECK(!quality.mean_average_best_overlap(0));
  quality.add(objects, {}, true);
  CHECK(quality.recall(0, 0.5).value() == 0);
  CHECK(quality.mean_average_best_overlap(0).value() == 0);
}

TEST_CASE("ProposalQuality: counts that do not increase are a broken invariant") {
  CHECK_THROWS_AS(ProposalQuality(1, {10, 10}), Error);
  CHECK_THROWS_AS(ProposalQuality(1, {0}), Error);
}
