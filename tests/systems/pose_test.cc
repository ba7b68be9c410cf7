// Pieces of the pose system: geometry, augmentation, ties of the spatial model, how people are matched.
#include <doctest/doctest.h>

#include <cmath>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/heat_map_loss.h"
#include "base/rng.h"
#include "nn/optimizer.h"
#include "systems/pose/eval.h"
#include "systems/pose/inference.h"
#include "systems/pose/people.h"
#include "systems/pose/spatial_part.h"

namespace fovea::pose {
namespace {

TEST_CASE("pose: cells and pixels, there and back") {
  for (const double pixel : {0.0, 1.5, 17.3, 101.0})
    CHECK(std::abs(pixel_of_cell(cell_of_pixel(pixel)) - pixel) < 1e-12);
  CHECK(cell_of_pixel(1.5) == 0);
  const auto at = cells_to_pixels()(3, 5);
  CHECK(at[0] == pixel_of_cell(3));
  CHECK(at[1] == pixel_of_cell(5));
}

TEST_CASE("pose: frames fit and are centred") {
  const Affine map = fit_frame(480, 720, 240, 360);  // FLIC: exactly half
  CHECK(map.scale() == doctest::Approx(2));
  CHECK(map(0, 0)[0] == doctest::Approx(0.5));
  CHECK(map(359, 239)[1] == doctest::Approx(478.5));
  const Affine box = fit_box({100, 50, 199, 249}, 1.25, 256, 256);
  CHECK(box.scale() == doctest::Approx(250.0 / 256));
  CHECK(box(127.5, 127.5)[0] == doctest::Approx(149.5));
  CHECK(box(127.5, 127.5)[1] == doctest::Approx(149.5));
}

TEST_CASE("pose: a peak drawn at a joint is read back within a hundredth of a pixel") {
  for (const auto& [x, y] : {std::pair{40.3, 33.7}, {17.5, 60.25}, {88.0, 21.9}}) {
    std::vector<float> map(24 * 36);
    draw_gaussian(cell_of_pixel(x), cell_of_pixel(y), 1.5, 24, 36, 1, map.data());
    const Peak peak = find_peak(map.data(), 24, 36, 1, Refine::kLogParabola);
    CHECK(std::abs(pixel_of_cell(peak.x) - x) < 0.01);
    CHECK(std::abs(pixel_of_cell(peak.y) - y) < 0.01);
    CHECK(peak.second_ratio < 0.02);
  }
}

TEST_CASE("pose: halving averages exactly the pixels of a cell") {
  io::Picture picture{4, 6, 3, {}};
  for (int i = 0; i < 72; ++i) picture.pixels.push_back(static_cast<uint8_t>(3 * i));
  std::vector<float> out(2 * 3 * 3);
  sample_picture(data::view_of(picture), fit_frame(4, 6, 2, 3), 2, 3, 3, out.data());
  const auto at = [&](size_t y, size_t x, size_t c) { return picture.pixels[(y * 6 + x) * 3 + c]; };
  const double mean = (at(2, 2, 1) + at(2, 3, 1) + at(3, 2, 1) + at(3, 3, 1)) / 4.0 / 255;
  CHECK(out[(1 * 3 + 1) * 3 + 1] == doctest::Approx(mean));
}

TEST_CASE("pose: augmentation is a pure function, in range; mirroring twice is nothing") {
  const Augmentation augmentation;
  bool flipped = false, plain = false;
  for (uint64_t person = 0; person < 40; ++person) {
    const auto drawn = draw_augmentation(augmentation, 96, 144, 7, 3, person),
               again = draw_augmentation(augmentation, 96, 144, 7, 3, person);
    CHECK(drawn.map.a == again.map.a);
    const double scale = 1 / drawn.map.scale();
    CHECK(scale >= 0.5);
    CHECK(scale <= 1.5);
    (drawn.flip ? flipped : plain) = true;
    CHECK((drawn.map.a * drawn.map.e - drawn.map.b * drawn.map.d < 0) == drawn.flip);
    CHECK(drawn.map(71.5, 47.5)[0] == doctest::Approx(71.5));  // about the centre
  }
  CHECK(flipped);
  CHECK(plain);
  const auto mirror = draw_augmentation({0, 1, 1, 1, 0, 0}, 96, 144, 1, 1, 1).map;
  CHECK(mirror(10, 20)[0] == doctest::Approx(133));
  const Affine twice = mirror.after(mirror);
  CHECK(twice(10, 20)[0] == doctest::Approx(10));
  CHECK(twice(10, 20)[1] == doctest::Approx(20));
}

Tensor random_maps(const Shape& shape, uint64_t item) {
  Tensor out = Tensor::empty(shape);
  Rng rng(1, RngPurpose::kTest, 0, item);
  for (float& v : out.span<float>()) v = rng.uniform();
  return out;
}

TEST_CASE("pose: mirror-tied kernels stay mirrored through a hundred updates") {
  const data::JointSet joints = data::named_joints({"neck", "left_wrist", "right_wrist"});
  SpatialSettings settings;
  settings.radius = 3;
  settings.torso = true;
  settings.mirror_tie = true;
  SpatialPart part(joints, settings);
  Rng rng(3, RngPurpose::kTest);
  for (float& v : part.kernel().var.mutable_value().span<float>()) v = static_cast<float>(rng.uniform(-4, -2));
  part.bias().var.mutable_value().fill(-3);
  part.tie_values();
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kNesterov;
  config.momentum = 0.9;
  nn::Optimizer optimizer({&part.kernel(), &part.bias()}, config);
  for (uint64_t step = 0; step < 100; ++step) {
    const Var out = part.forward(Var(random_maps({2, 6, 5, 4}, step)));
    backward(ops::map_squared_error(out, random_maps({2, 6, 5, 3}, 1000 + step), Tensor::full({2, 3}, 1)));
    part.tie_gradients();
    optimizer.step(0.01);
  }
  const float* k = part.kernel().var.value().data<float>();
  const int64_t partner[4] = {0, 2, 1, 3};
  bool moved = false;
  for (int64_t a = 0; a < 3; ++a) {
    for (int64_t v = 0; v < 4; ++v) {
      for (int64_t y = 0; y < 7; ++y) {
        for (int64_t x = 0; x < 7; ++x) {
          const float here = k[((a * 4 + v) * 7 + y) * 7 + x],
                      there = k[((partner[a] * 4 + partner[v]) * 7 + y) * 7 + 6 - x];
          REQUIRE(here == there);
          moved = moved || here > -2;
        }
      }
    }
  }
  CHECK(moved);
}

TEST_CASE("pose: edges by name, with and without sides") {
  const data::JointSet joints = data::named_joints({"neck", "left_wrist", "left_elbow", "right_wrist", "right_elbow"});
  SpatialSettings settings;
  settings.radius = 1;
  settings.edges = "wrist|elbow,left_elbow|right_elbow";
  const SpatialPart part(joints, settings);
  CHECK(part.has_edge(1, 2));
  CHECK(part.has_edge(3, 4));
  CHECK(!part.has_edge(1, 4));  // sides don't mix unless said
  CHECK(part.has_edge(2, 4));
  CHECK(!part.has_edge(4, 2));
  CHECK(part.has_edge(0, 0));
  settings.edges = "wirst|elbow";
  CHECK_THROWS_AS(SpatialPart(joints, settings), Error);
}

io::PoseSet two_people(float shift) {
  io::PoseSet set;
  set.image_ids = {"a"};
  set.joint_names = {"x", "y"};
  set.image = {0, 0};
  set.xy = {10 + shift, 0, 20 + shift, 0, 110 + shift, 0, 120 + shift, 0};
  set.state.assign(4, io::kJointVisible);
  return set;
}

TEST_CASE("pose: predictions are matched in order, or by distance if there are fewer") {
  io::PoseSet truth = two_people(0), found = two_people(1);
  Matched matched = match_people(truth, found, "", "spatial");
  CHECK(matched.pairs.predicted[0] == 11);
  found.image = {0};
  found.xy = {111, 0, 121, 0};
  found.state = {2, 2};
  matched = match_people(truth, found, "", "spatial");
  CHECK(matched.missed == 1);
  CHECK(std::isnan(matched.pairs.predicted[0]));
  CHECK(matched.pairs.predicted[4] == 111);
  found.side = "observer";
  CHECK_THROWS_AS(match_people(truth, found, "", "spatial"), Error);
}

}  // namespace
}  // namespace fovea::pose
