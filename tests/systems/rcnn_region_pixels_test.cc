#include <doctest/doctest.h>

#include "base/error.h"
#include "systems/rcnn/region_pixels.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

// 4 rows of 6: class 1 on the left half, class 2 in the last column, one void pixel at (row 0, column 0).
io::LabelMap truth() {
  io::LabelMap map{4, 6, {}};
  for (int y = 0; y < 4; ++y) map.labels.insert(map.labels.end(), {1, 1, 1, 0, 0, 2});
  map.labels[0] = 255;
  return map;
}

// The left half; the middle two columns without their lower row; an L of three pixels at the right border.
const std::vector<Box> kBoxes = {{0, 0, 2, 3}, {2, 0, 3, 3}, {4, 2, 5, 3}};
const std::vector<io::MaskRuns> kMasks = {{0, 12}, {0, 6, 2}, {1, 3}};

RegionPixels regions() { return {4, 6, kBoxes, kMasks}; }

}  // namespace

TEST_CASE("region_pixels: overlaps count the mask's pixels and leave out void ones") {
  const std::vector<double> overlaps = region_overlaps(regions(), truth(), 3);
  REQUIRE(overlaps.size() == 9);
  CHECK(overlaps[0] == 1.0);  // all 11 labelled pixels of class 1, the void one left out
  CHECK(overlaps[1] == 0.0);
  CHECK(overlaps[3] == 3.0 / 14.0);                       // 3 of 6 pixels are class 1, which has 11
  CHECK(overlaps[7] == 2.0 / 5.0);                        // 3 pixels, class 2 has 4, 2 in common
  CHECK(overlaps[2] + overlaps[5] + overlaps[8] == 0.0);  // a class that does not occur
}

TEST_CASE("region_pixels: regions are pasted from the weakest to the strongest above the background") {
  const std::vector<float> scores = {0.9F, 0.1F, 0.2F, 0.95F, 0.3F, 0.4F};  // [3 regions, 2 classes]
  const io::LabelMap map = paste_regions(regions(), scores, 2, 0.35);
  const std::vector<uint8_t> expected = {1, 1, 2, 2, 0, 0,  //
                                         1, 1, 2, 2, 0, 0,  //
                                         1, 1, 2, 2, 0, 2,  //
                                         1, 1, 1, 0, 2, 2};
  CHECK(map.labels == expected);
  const io::LabelMap strict = paste_regions(regions(), scores, 2, 0.4F);
  CHECK(strict.labels[3 * 6 + 5] == 0);  // equal to the background's is not above it
}

TEST_CASE("region_pixels: of equal scores the earlier region lies on top") {
  const std::vector<float> scores = {0.5F, 0.1F, 0.1F, 0.5F, 0, 0};
  CHECK(paste_regions(regions(), scores, 2, 0.2).labels[2] == 1);
}

TEST_CASE("region_pixels: boxes that can hold no mask are refused") {
  CHECK_NOTHROW(check_mask_box({0, 0, 5, 3}, 4, 6, "f"));
  for (const Box& box : {Box{-1, 0, 2, 2}, Box{0, 0, 6, 3}, Box{0, 0, 5, 4}, Box{0.5F, 0, 2.5F, 3}, Box{3, 0, 2, 3}}) {
    CHECK_THROWS_AS(check_mask_box(box, 4, 6, "f"), Error);
  }
}
