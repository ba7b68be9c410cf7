#include "nn/receptive_field.h"

#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "source_path.h"

using namespace fovea;
using namespace fovea::nn;

namespace {

NetText net(const std::string& body) {
  return parse_net("fovea-net 1\ninput name=data height=64 width=64 channels=3\n" + body, "test.net");
}

}  // namespace

TEST_CASE("receptive_field: AlexNet has the sizes of the paper's code (spec rcnn.md section 4.1)") {
  const std::string path = source_path("share/models/alexnet.net");
  const NetText alexnet = parse_net(read_text_file(path, 1 << 20), path);
  const std::pair<const char*, int64_t> sizes[] = {{"conv1", 11},  {"pool1", 19},  {"conv2", 51},
                                                   {"pool2", 67},  {"conv3", 99},  {"conv4", 131},
                                                   {"conv5", 163}, {"relu5", 163}, {"pool5", 195}};
  for (const auto& [layer, size] : sizes) {
    const auto& layer_ = layer;  // clang 14 captures no structured bindings
    CAPTURE(layer_);
    const auto field = receptive_field(alexnet, layer);
    REQUIRE(field);
    CHECK(field->y.size() == size);
    CHECK(field->x == field->y);
  }
  // conv1 begins at pixel 0 with stride 4; pool5's first unit is centred at 5 + 4 + 8 + 16 = 33, 32 pixels apart.
  const AxisField pool5 = receptive_field(alexnet, "pool5")->y;
  CHECK(pool5.stride == 32);
  CHECK(pool5.low + pool5.high == 2 * 33);
  CHECK_FALSE(receptive_field(alexnet, "fc6"));
  CHECK_FALSE(receptive_field(alexnet, "relu7"));
}

TEST_CASE("receptive_field: rectangles, dilation, and paddings of all spellings") {
  const auto wide = receptive_field(net("conv name=c out=2 kernel=3x5 stride=1x2 pad=1,0,2,0\n"), "c");
  REQUIRE(wide);
  CHECK(wide->y == AxisField{-1, 1, 1});
  CHECK(wide->x == AxisField{-2, 2, 2});
  CHECK(receptive_field(net("conv name=c out=2 kernel=3 dilation=4 pad=same\n"), "c")->y == AxisField{-4, 4, 1});
  CHECK(receptive_field(net("max_pool name=p kernel=2 stride=2\nmax_pool name=q kernel=2 stride=2\n"), "q")->x ==
        AxisField{0, 3, 4});
}

TEST_CASE("receptive_field: average pools widen it, reflected margins shift it, transposed convolutions end it") {
  CHECK(receptive_field(net("avg_pool name=p kernel=3 stride=2\n"), "p")->y == AxisField{0, 2, 2});
  const NetText padded = net("reflect_pad name=r pad=3\nconv name=c out=2 kernel=7\nglobal_avg_pool name=g\n");
  CHECK(receptive_field(padded, "c")->x == AxisField{-3, 3, 1});
  CHECK_FALSE(receptive_field(padded, "g"));
  CHECK_FALSE(receptive_field(net("deconv name=d out=2 kernel=3 stride=2\n"), "d"));
}

TEST_CASE("receptive_field: joined layers see what any of their inputs sees") {
  const NetText fire =
      net("conv name=a in=data out=2 kernel=1\nconv name=b in=data out=2 kernel=3 pad=1\nconcat name=ab in=a,b\n"
          "relu name=r\n");
  CHECK(receptive_field(fire, "a")->y == AxisField{0, 0, 1});
  CHECK(receptive_field(fire, "r")->y == AxisField{-1, 1, 1});
}

TEST_CASE("receptive_field: unknown layers and endless strides are errors") {
  CHECK_THROWS_AS(receptive_field(net("relu name=r\n"), "s"), Error);
  std::string deep;
  for (int i = 0; i < 4; ++i) deep += "max_pool name=p" + std::to_string(i) + " kernel=1024 stride=1024\n";
  CHECK_THROWS_AS(receptive_field(net(deep), "p3"), Error);
}
