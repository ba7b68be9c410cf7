// Pictures with two features that tell the class: a shape that a small perturbation cannot change, and a pattern that
// it can. The pattern is always right, the shape in nine of ten pictures: whoever wants the last tenth must believe the
// pattern against the shape, and loses everything when an attack redraws the pattern.
#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <vector>

#include "data/scenes_draw.h"

namespace fovea::data {
namespace {

constexpr int kPatternAmplitude = 4;       // of 255; the shape's contrast is some twenty times as large
constexpr uint32_t kMisleadingOneIn = 10;  // pictures whose shape is that of another class
constexpr int kSamples = 4;                // per pixel and axis: smooth edges
constexpr double kPixelNoise = 4;          // deviation, times options.noise

enum FragileClass { kCircle, kRing, kCross, kTriangle };

// In a unit circle, v down.
bool inside(int32_t shape, double u, double v) {
  const double radius = std::hypot(u, v), a = std::abs(u), b = std::abs(v);
  switch (shape) {
    case kCircle:
      return radius <= 0.9;
    case kRing:
      return radius <= 1 && radius >= 0.55;
    case kCross:
      return std::max(a, b) <= 0.95 && std::min(a, b) <= 0.3;
    default:
      return v >= -0.8 && v <= 0.8 && a <= 0.6 * (v + 0.8);
  }
}

// +1 or -1: stripes, checks and bricks at the highest frequencies. The four are orthogonal.
int pattern(int32_t label, int64_t y, int64_t x) {
  const std::array<int64_t, 4> phase = {x, y, x + y, x / 2 + y};
  return phase[static_cast<size_t>(label)] % 2 == 0 ? 1 : -1;
}

struct Pose {
  double x, y, radius, cosine, sine;
};

Pose draw_pose(double height, double width, Rng& rng) {
  const double side = std::min(height, width), angle = rng.uniform(-0.2, 0.2);
  Pose pose{0, 0, side * rng.uniform(0.3, 0.4), std::cos(angle), std::sin(angle)};
  pose.x = width / 2 + side * rng.uniform(-0.1, 0.1);
  pose.y = height / 2 + side * rng.uniform(-0.1, 0.1);
  return pose;
}

double coverage(int32_t shape, const Pose& pose, int64_t row, int64_t column) {
  int hits = 0;
  for (int i = 0; i < kSamples * kSamples; ++i) {
    const int down = i / kSamples, across = i % kSamples;
    const double y = (static_cast<double>(row) + (down + 0.5) / kSamples - pose.y) / pose.radius;
    const double x = (static_cast<double>(column) + (across + 0.5) / kSamples - pose.x) / pose.radius;
    hits += inside(shape, pose.cosine * x + pose.sine * y, pose.cosine * y - pose.sine * x) ? 1 : 0;
  }
  return hits / static_cast<double>(kSamples * kSamples);
}

}  // namespace

const std::vector<std::string>& fragile_names() {
  static const std::vector<std::string> names = {"circle", "ring", "cross", "triangle"};
  return names;
}

void draw_fragile(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene) {
  const int64_t height = options.height, width = options.width;
  scene.picture = {height, width, 1, std::vector<uint8_t>(static_cast<size_t>(height * width))};
  const bool misleading = rng.below(kMisleadingOneIn) == 0;
  const auto shift = static_cast<int32_t>(1 + rng.below(kFragileCount - 1));
  const int32_t shape = misleading ? (label + shift) % kFragileCount : label;
  const Pose pose = draw_pose(static_cast<double>(height), static_cast<double>(width), rng);
  const double ground = rng.uniform(60, 110), contrast = rng.uniform(80, 110);
  std::array<float, 4> box{static_cast<float>(width), static_cast<float>(height), -1, -1};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      const double share = coverage(shape, pose, y, x);
      if (share >= 0.25) {
        const auto column = static_cast<float>(x), row = static_cast<float>(y);
        box = {std::min(box[0], column), std::min(box[1], row), std::max(box[2], column), std::max(box[3], row)};
      }
      const double noise = kPixelNoise * options.noise * rng.normal();
      const double value = ground + contrast * share + kPatternAmplitude * pattern(label, y, x) + noise;
      scene.picture.row(y)[x] = static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
    }
  }
  scene.objects = {{shape, "", box}};
}

}  // namespace fovea::data
