#include "data/raster.h"

#include <algorithm>

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::data;
using fovea::test::expect_error;

namespace {

io::Picture ramp(int64_t height, int64_t width, int64_t channels) {
  io::Picture picture{height, width, channels, {}};
  for (int64_t i = 0; i < height * width * channels; ++i) picture.pixels.push_back(static_cast<uint8_t>(i % 251));
  return picture;
}

}  // namespace

TEST_CASE("raster: shrinking by two averages boxes, the same size copies") {
  const io::Picture picture{2, 4, 1, {0, 4, 10, 20, 8, 12, 30, 40}};
  CHECK(resize(view_of(picture), 1, 2).bytes == std::vector<uint8_t>{6, 25});
  CHECK(resize(view_of(picture), 2, 4).bytes == picture.pixels);
}

TEST_CASE("raster: enlarging is bilinear between pixel centres") {
  const io::Picture picture{1, 2, 1, {0, 100}};
  CHECK(resize(view_of(picture), 1, 4).bytes == std::vector<uint8_t>{0, 25, 75, 100});
  const std::vector<float> values = {0, 100};
  const PixelView floats{1, 2, 1, nullptr, values.data(), nullptr};
  CHECK(resize(floats, 1, 4).floats == std::vector<float>{0, 25, 75, 100});
}

TEST_CASE("raster: a long thin picture is refused instead of exhausting memory") {
  const io::Picture picture = ramp(1, 1 << 20, 1);
  expect_error(ErrorKind::kData, "too long and thin", [&] { resize(view_of(picture), 1024, int64_t{1} << 30); });
}

TEST_CASE("raster: sizes before cropping cover the net's input") {
  Preprocess net{.height = 224, .width = 224, .channels = 3};
  using Size = std::pair<int64_t, int64_t>;
  CHECK(resized_size(net, 256, 480, 640) == Size{256, 341});
  CHECK(resized_size(net, 256, 640, 480) == Size{341, 256});
  CHECK(resized_size(net, 0, 224, 224) == Size{224, 224});
  CHECK(resized_size(net, 0, 100, 50) == Size{448, 224});
  net.height = 112;  // twice as wide as high: 128 for the height belongs to 256 for the width
  CHECK(resized_size(net, 128, 1000, 1000) == Size{256, 256});
  CHECK(resized_size(net, 128, 100, 1000) == Size{128, 1280});
}

TEST_CASE("raster: windows outside the picture are black, mirrors reverse them") {
  const io::Picture picture{1, 3, 1, {1, 2, 3}};
  std::vector<float> out(5, -1);
  copy_window(view_of(picture), {0, -1, 1, 5}, false, 1, out.data());
  CHECK(out == std::vector<float>{0, 1, 2, 3, 0});
  copy_window(view_of(picture), {0, -2, 1, 5}, true, 1, out.data());
  CHECK(out == std::vector<float>{3, 2, 1, 0, 0});
  copy_window(view_of(picture), {0, 1, 1, 5}, true, 1, out.data());
  CHECK(out == std::vector<float>{0, 0, 0, 3, 2});
  copy_window(view_of(picture), {5, 5, 1, 5}, true, 1, out.data());
  CHECK(out == std::vector<float>(5));
}

TEST_CASE("raster: channels are repeated or weighed") {
  const io::Picture grey{1, 1, 1, {9}}, rgb{1, 2, 3, {10, 20, 30, 255, 255, 255}};
  std::vector<float> out(3);
  copy_window(view_of(grey), {0, 0, 1, 1}, false, 3, out.data());
  CHECK(out == std::vector<float>{9, 9, 9});
  out.resize(2);
  copy_window(view_of(rgb), {0, 0, 1, 2}, false, 1, out.data());
  CHECK(out[0] == doctest::Approx(0.299 * 10 + 0.587 * 20 + 0.114 * 30));
  CHECK(out[1] == doctest::Approx(255));
}

TEST_CASE("raster: normalising swaps, thresholds, subtracts and divides") {
  Preprocess net{.height = 1, .width = 1, .channels = 3, .mean = {1, 2, 3}, .stddev = {2, 2, 10}, .bgr = true};
  std::vector<float> x = {10, 20, 33};
  normalize(net, x.data());
  CHECK(x[0] == doctest::Approx(16));  // blue 33 first: (33 - 1) / 2
  CHECK(x[1] == doctest::Approx(9));
  CHECK(x[2] == doctest::Approx(0.7));
  Preprocess binary{.height = 1, .width = 3, .channels = 1, .threshold = 127};
  x = {127, 127.5F, 255};
  normalize(binary, x.data());
  CHECK(x == std::vector<float>{0, 1, 1});
  net.bgr = false;
  net.mean = {5};
  net.stddev.clear();
  x = {10, 20, 33};
  normalize(net, x.data());
  CHECK(x == std::vector<float>{5, 15, 28});
}
