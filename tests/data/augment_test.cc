#include "data/augment.h"

#include <algorithm>
#include <cmath>
#include <set>

#include "base/parallel.h"
#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using fovea::test::expect_error;

namespace {

io::Picture picture_of(int64_t height, int64_t width, int64_t channels) {
  io::Picture picture{height, width, channels, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < channels; ++c)
        picture.pixels.push_back(static_cast<uint8_t>(60 + 2 * y + 5 * x + 20 * c));
    }
  }
  return picture;
}

std::vector<float> sample(const io::Picture& picture, const Preprocess& net, const AugmentConfig& config,
                          uint64_t epoch, int64_t item = 0) {
  std::vector<float> out(static_cast<size_t>(net.height * net.width * net.channels), NAN);
  load_sample(view_of(picture), item, net, config, {.seed = 1, .epoch = epoch}, out.data());
  return out;
}

std::set<std::vector<float>> variants(const io::Picture& picture, const Preprocess& net, const AugmentConfig& config,
                                      int epochs) {
  std::set<std::vector<float>> seen;
  for (int epoch = 0; epoch < epochs; ++epoch) seen.insert(sample(picture, net, config, static_cast<uint64_t>(epoch)));
  return seen;
}

double mean(const std::vector<float>& values) {
  double sum = 0;
  for (const float value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

const Preprocess kNet{.height = 8, .width = 8, .channels = 3};

}  // namespace

TEST_CASE("augment: the default is resize and centre crop, the same for every epoch") {
  const io::Picture picture = picture_of(8, 12, 3);
  const auto out = sample(picture, kNet, {}, 0);
  CHECK(variants(picture, kNet, {}, 10).size() == 1);
  CHECK(out[0] == picture.pixels[2 * 3]);  // columns 2..9 of 12
  CHECK(out.back() == picture.pixels[(7 * 12 + 9) * 3 + 2]);
}

TEST_CASE("augment: a sample depends on seed, epoch and item alone") {
  const io::Picture picture = picture_of(12, 12, 3);
  const AugmentConfig config{.flip = true, .pad = 2, .photometric_scale = 1};
  CHECK(sample(picture, kNet, config, 3) == sample(picture, kNet, config, 3));
  CHECK(sample(picture, kNet, config, 3) != sample(picture, kNet, config, 4));
  CHECK(sample(picture, kNet, config, 3, 1) != sample(picture, kNet, config, 3, 2));
}

TEST_CASE("augment: flipping gives two pictures, about half each") {
  const io::Picture picture = picture_of(8, 8, 1);
  Preprocess net = kNet;
  net.channels = 1;
  const AugmentConfig config{.flip = true};
  CHECK(variants(picture, net, config, 40).size() == 2);
  int flipped = 0;
  for (uint64_t epoch = 0; epoch < 400; ++epoch) {
    const auto out = sample(picture, net, config, epoch);
    if (out[0] == picture.pixels[7]) ++flipped;
  }
  CHECK(flipped > 160);
  CHECK(flipped < 240);
}

TEST_CASE("augment: pad and crop moves by at most the pad, with black borders") {
  const io::Picture picture = picture_of(8, 8, 1);
  Preprocess net = kNet;
  net.channels = 1;
  CHECK(variants(picture, net, {.pad = 1}, 200).size() == 9);
  bool border = false;
  for (const auto& out : variants(picture, net, {.pad = 1}, 200)) border = border || out[0] == 0;
  CHECK(border);
}

TEST_CASE("augment: random crops of a larger picture visit all places") {
  const io::Picture picture = picture_of(10, 9, 1);
  Preprocess net = kNet;
  net.channels = 1;
  net.resize_side = 9;
  CHECK(variants(picture, net, {.random_crop = true}, 300).size() == 2 * 3);
  CHECK(variants(picture, net, {}, 5).size() == 1);
}

TEST_CASE("augment: random resized crops stay inside and vary") {
  const io::Picture picture = picture_of(20, 30, 3);
  const AugmentConfig config{.random_resized_crop = true};
  const auto seen = variants(picture, kNet, config, 50);
  CHECK(seen.size() > 45);
  const auto [low, high] = std::minmax_element(picture.pixels.begin(), picture.pixels.end());
  for (const auto& out : seen) {
    CHECK(*std::min_element(out.begin(), out.end()) >= *low);
    CHECK(*std::max_element(out.begin(), out.end()) <= *high);
  }
  // A picture that no drawn window fits falls back to its centre.
  CHECK_NOTHROW(variants(picture_of(1, 400, 3), kNet, config, 20));
}

TEST_CASE("augment: stretch takes the whole picture") {
  const io::Picture picture = picture_of(16, 32, 1);
  Preprocess net = kNet;
  net.channels = 1;
  net.resize = ResizeMode::kStretch;
  const auto out = sample(picture, net, {}, 0);
  // Boxes of 2 x 4 pixels: 60 + 2 * 0.5 + 5 * 1.5.
  CHECK(std::abs(out[0] - 68.5) <= 0.5);
}

TEST_CASE("augment: photometric distortion grows with its scale and stays in range") {
  const io::Picture picture = picture_of(8, 8, 3);
  const auto plain = sample(picture, kNet, {}, 0);
  double last = 0;
  for (const double scale : {0.25, 0.5, 1.0}) {
    double change = 0;
    for (uint64_t epoch = 0; epoch < 60; ++epoch) {
      const auto out = sample(picture, kNet, {.photometric_scale = scale}, epoch);
      CHECK(*std::min_element(out.begin(), out.end()) >= 0);
      CHECK(*std::max_element(out.begin(), out.end()) <= 255);
      change += std::abs(mean(out) - mean(plain));
    }
    CHECK(change > last);
    last = change;
  }
  Preprocess grey = kNet;
  grey.channels = 1;
  CHECK(variants(picture_of(8, 8, 1), grey, {.photometric_scale = 1}, 5).size() == 5);
}

TEST_CASE("augment: hue alone keeps the luma, saturation alone keeps grey pixels") {
  const io::Picture picture{1, 1, 3, {120, 100, 90}};
  const Preprocess net{.height = 1, .width = 1, .channels = 3};
  AugmentConfig hue{.photometric_scale = 1, .brightness = 0, .contrast = 0, .saturation = 0, .hue = 0.1, .lighting = 0};
  for (uint64_t epoch = 0; epoch < 10; ++epoch) {
    const auto out = sample(picture, net, hue, epoch);
    CHECK(std::abs(0.299 * out[0] + 0.587 * out[1] + 0.114 * out[2] - (0.299 * 120 + 0.587 * 100 + 0.114 * 90)) < 0.2);
  }
  const io::Picture grey{1, 1, 3, {77, 77, 77}};
  AugmentConfig saturation = hue;
  saturation.hue = 0;
  saturation.saturation = 0.9;
  for (const float value : sample(grey, net, saturation, 1)) CHECK(value == doctest::Approx(77));
}

TEST_CASE("augment: batches equal samples for every thread count") {
  PixelSet set{.count = 6, .height = 10, .width = 10, .channels = 3, .pixels = {}, .labels = {}, .label_set = {}};
  for (size_t i = 0; i < 1800; ++i) set.pixels.push_back(static_cast<uint8_t>(i * 7 % 256));
  const ImageSource source = ImageSource::from_pixels(set);
  const AugmentConfig config{.flip = true, .pad = 2, .photometric_scale = 0.5};
  const std::vector<int64_t> items = {4, 0, 5, 1};
  std::vector<float> one(4 * 192), two(4 * 192), single(192);
  set_thread_count(1);
  load_batch(source, items, kNet, config, {}, one.data());
  set_thread_count(4);
  load_batch(source, items, kNet, config, {}, two.data());
  set_thread_count(0);
  CHECK(one == two);
  load_sample(source, 5, kNet, config, {}, single.data());
  CHECK(std::equal(single.begin(), single.end(), one.begin() + 2 * 192));
}

TEST_CASE("augment: values out of range are refused") {
  CHECK_NOTHROW(check_augment({}));
  CHECK(AugmentConfig{}.none());
  expect_error(ErrorKind::kUsage, "pad", [] { check_augment({.pad = -1}); });
  expect_error(ErrorKind::kUsage, "area_min", [] { check_augment({.area_min = 0}); });
  expect_error(ErrorKind::kUsage, "strength < 1", [] { check_augment({.photometric_scale = 3}); });
  expect_error(ErrorKind::kUsage, "ratio_min", [] { check_augment({.ratio_min = 2, .ratio_max = 1}); });
}
