#include "data/crops.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using fovea::test::expect_error;

namespace {

const Preprocess kNet{.height = 224, .width = 224, .channels = 3};

bool inside(const Crop& crop) {
  return crop.top >= 0 && crop.left >= 0 && crop.top + crop.height <= crop.picture_height &&
         crop.left + crop.width <= crop.picture_width;
}

std::vector<Crop> pick(const std::vector<Crop>& crops, bool mirror) {
  std::vector<Crop> picked;
  std::copy_if(crops.begin(), crops.end(), std::back_inserter(picked),
               [&](const Crop& c) { return c.mirror == mirror; });
  return picked;
}

}  // namespace

TEST_CASE("crops: each scheme gives its number, inside the picture, for any shape") {
  for (const CropScheme scheme : {CropScheme::kCenter, CropScheme::kStretch, CropScheme::kTen, CropScheme::k144}) {
    for (const auto& [h, w] :
         std::vector<std::pair<int64_t, int64_t>>{{480, 640}, {640, 480}, {224, 224}, {1, 1}, {7, 999}}) {
      for (const auto& [nh, nw] : std::vector<std::pair<int64_t, int64_t>>{{224, 224}, {28, 28}, {32, 64}, {1, 1}}) {
        const Preprocess net{.height = nh, .width = nw, .channels = 1};
        const auto crops = list_crops(scheme, net, h, w);
        CHECK(static_cast<int>(crops.size()) == crop_count(scheme));
        CHECK(std::all_of(crops.begin(), crops.end(), inside));
      }
    }
  }
}

TEST_CASE("crops: the centre crop of 256 for 224") {
  Preprocess net = kNet;
  net.resize_side = 256;
  CHECK(list_crops(CropScheme::kCenter, net, 480, 640)[0] == Crop{256, 341, 16, 58, 224, 224, false});
  CHECK(list_crops(CropScheme::kCenter, kNet, 224, 224)[0] == Crop{224, 224, 0, 0, 224, 224, false});
  CHECK(list_crops(CropScheme::kStretch, net, 480, 640)[0] == Crop{224, 224, 0, 0, 224, 224, false});
}

TEST_CASE("crops: the ten crops are corners and centre with mirrors") {
  const auto crops = pick(list_crops(CropScheme::kTen, kNet, 256, 256), false);
  REQUIRE(crops.size() == 5);
  std::set<std::pair<int64_t, int64_t>> places;
  for (const Crop& crop : crops) places.insert({crop.top, crop.left});
  CHECK(places == std::set<std::pair<int64_t, int64_t>>{{0, 0}, {0, 32}, {32, 0}, {32, 32}, {16, 16}});
}

TEST_CASE("crops: the 144 of GoogLeNet") {
  // Landscape, 3:4. Shorter sides 256, 288, 320, 352 (spec section 9).
  const auto crops = list_crops(CropScheme::k144, kNet, 480, 640);
  std::set<int64_t> heights;
  for (const Crop& crop : crops) heights.insert(crop.picture_height);
  CHECK(heights == std::set<int64_t>{256, 288, 320, 352});
  CHECK(pick(crops, true).size() == 72);
  // First scale: squares of 256 at left 0, 42, 85 of 341.
  CHECK(crops[0] == Crop{256, 341, 0, 0, 224, 224, false});
  CHECK(crops[1] == Crop{256, 341, 0, 0, 224, 224, true});
  CHECK(crops[2] == Crop{256, 341, 0, 32, 224, 224, false});
  CHECK(crops[8] == Crop{256, 341, 16, 16, 224, 224, false});
  CHECK(crops[10] == Crop{256, 341, 0, 0, 256, 256, false});
  CHECK(crops[22] == Crop{256, 341, 0, 42, 256, 256, false});
  CHECK(crops[34] == Crop{256, 341, 0, 85, 256, 256, false});
  CHECK(crops[142] == Crop{352, 469, 0, 117, 352, 352, false});
  // Portrait: top, centre, bottom.
  const auto portrait = list_crops(CropScheme::k144, kNet, 640, 480);
  CHECK(portrait[34] == Crop{341, 256, 85, 0, 256, 256, false});
  // All distinct for a picture that is not square.
  std::set<std::tuple<int64_t, int64_t, int64_t, int64_t, bool>> distinct;
  for (const Crop& c : crops) distinct.insert({c.picture_height, c.top, c.left, c.height, c.mirror});
  CHECK(distinct.size() == 144);
  // Smaller nets scale: 28 gives 32, 36, 40, 44.
  heights.clear();
  const Preprocess small{.height = 28, .width = 28, .channels = 1};
  for (const Crop& crop : list_crops(CropScheme::k144, small, 100, 120)) heights.insert(crop.picture_height);
  CHECK(heights == std::set<int64_t>{32, 36, 40, 44});
}

TEST_CASE("crops: rendering in any order gives the same, mirrors mirror") {
  const Preprocess net{.height = 4, .width = 4, .channels = 1, .mean = {100}, .stddev = {10}};
  io::Picture picture{9, 13, 1, {}};
  for (int i = 0; i < 9 * 13; ++i) picture.pixels.push_back(static_cast<uint8_t>(i * 2));
  const auto crops = list_crops(CropScheme::k144, net, 9, 13);
  CropRenderer forward(view_of(picture), net), backward(view_of(picture), net);
  std::vector<std::vector<float>> results(crops.size(), std::vector<float>(16));
  for (size_t i = 0; i < crops.size(); ++i) forward.render(crops[i], results[i].data());
  std::vector<float> again(16);
  for (size_t i = crops.size(); i-- > 0;) {
    backward.render(crops[i], again.data());
    CHECK(again == results[i]);
  }
  for (size_t i = 0; i < crops.size(); i += 2) {
    for (size_t row = 0; row < 4; ++row)
      std::reverse_copy(&results[i][4 * row], &results[i][4 * row] + 4, &again[4 * row]);
    CHECK(again == results[i + 1]);
  }
}

TEST_CASE("crops: a picture of the net's size passes unchanged through the centre crop") {
  const Preprocess net{.height = 2, .width = 2, .channels = 1};
  const io::Picture picture{2, 2, 1, {1, 2, 3, 4}};
  std::vector<float> out(4);
  CropRenderer(view_of(picture), net).render(list_crops(CropScheme::kCenter, net, 2, 2)[0], out.data());
  CHECK(out == std::vector<float>{1, 2, 3, 4});
}

TEST_CASE("crops: names") {
  CHECK(parse_crop_scheme("144") == CropScheme::k144);
  CHECK(parse_crop_scheme("center") == CropScheme::kCenter);
  expect_error(ErrorKind::kUsage, "center, stretch, 10, 144", [] { parse_crop_scheme("12"); });
}
