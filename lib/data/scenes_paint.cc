// Outlines and paint of coloured shapes.
#include "data/scenes_paint.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>
#include <vector>

#include "data/scenes_draw.h"

namespace fovea::data {
namespace {

constexpr int kOversample = 3;
constexpr int kShift = 4;
constexpr uint8_t kHalf = 128;     // of a coverage of 255
constexpr double kOverlap = 0.15;  // largest share of the smaller box that may be covered

enum ShapeClass { kCircle, kSquare, kTriangle, kStar, kCross, kRing, kDiamond, kPentagon };

using Outline = std::vector<cv::Point2d>;

Outline regular(int corners, double start, double radius) {
  Outline outline;
  for (int i = 0; i < corners; ++i) {
    const double angle = start + 2 * std::numbers::pi * i / corners;
    outline.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
  }
  return outline;
}

// Outlines in a unit circle, y down; angles in radians. The ring's hole is painted separately.
Outline unit_outline(int32_t label) {
  constexpr double kUp = -std::numbers::pi / 2;
  switch (label) {
    case kSquare:
      return regular(4, std::numbers::pi / 4, 1);
    case kTriangle:
      return regular(3, kUp, 1);
    case kStar: {
      Outline outline;
      for (int i = 0; i < 10; ++i) {
        const double angle = kUp + std::numbers::pi * i / 5, radius = i % 2 == 0 ? 1.0 : 0.42;
        outline.emplace_back(radius * std::cos(angle), radius * std::sin(angle));
      }
      return outline;
    }
    case kCross: {
      constexpr double kArm = 0.3, kEnd = 0.95;
      return {{-kArm, -kEnd}, {kArm, -kEnd}, {kArm, -kArm}, {kEnd, -kArm}, {kEnd, kArm},   {kArm, kArm},
              {kArm, kEnd},   {-kArm, kEnd}, {-kArm, kArm}, {-kEnd, kArm}, {-kEnd, -kArm}, {-kArm, -kArm}};
    }
    case kDiamond:
      return {{0, -1}, {0.55, 0}, {0, 1}, {-0.55, 0}};
    case kPentagon:
      return regular(5, kUp, 1);
    default:
      return regular(48, 0, 1);  // circle, ring
  }
}

Outline outline_of(const PlacedShape& shape, double scale) {
  Outline outline = unit_outline(shape.label);
  const double cosine = std::cos(shape.angle), sine = std::sin(shape.angle), size = shape.radius * scale;
  for (cv::Point2d& p : outline) {
    p = {shape.x + size * (cosine * p.x - sine * p.y), shape.y + size * (sine * p.x + cosine * p.y)};
  }
  return outline;
}

void fill(cv::Mat& mask, const Outline& outline, int value) {
  std::vector<cv::Point> points;
  for (const cv::Point2d& p : outline) {
    // OpenCV's integers are pixel centres, ours are pixel corners.
    points.emplace_back(cvRound((p.x * kOversample - 0.5) * (1 << kShift)),
                        cvRound((p.y * kOversample - 0.5) * (1 << kShift)));
  }
  cv::fillPoly(mask, std::vector<std::vector<cv::Point>>{points}, cv::Scalar(value), cv::LINE_8, kShift);
}

// Coverage 0..255 of the shape.
cv::Mat coverage(const PlacedShape& shape, int height, int width) {
  cv::Mat large(height * kOversample, width * kOversample, CV_8UC1, cv::Scalar(0)), mask;
  fill(large, outline_of(shape, 1), 255);
  if (shape.label == kRing) fill(large, outline_of(shape, 0.58), 0);
  cv::resize(large, mask, cv::Size(width, height), 0, 0, cv::INTER_AREA);
  return mask;
}

// The box of the pixels that the shape covers by a quarter or more.
std::array<float, 4> covered_box(const cv::Mat& mask) {
  const cv::Rect box = cv::boundingRect(mask >= 64);
  return {static_cast<float>(box.x), static_cast<float>(box.y), static_cast<float>(box.x + box.width - 1),
          static_cast<float>(box.y + box.height - 1)};
}

void paint(io::Picture& picture, const cv::Mat& mask, const std::array<double, 3>& color) {
  for (int64_t y = 0; y < picture.height; ++y) {
    const auto* alpha = mask.ptr<uint8_t>(static_cast<int>(y));
    uint8_t* row = picture.row(y);
    for (int64_t x = 0; x < picture.width; ++x) {
      const double share = alpha[x] / 255.0;
      for (size_t c = 0; c < 3; ++c) {
        uint8_t& pixel = row[3 * x + static_cast<int64_t>(c)];
        pixel = static_cast<uint8_t>(std::lround(pixel * (1 - share) + color[c] * share));
      }
    }
  }
}

double box_area(const std::array<float, 4>& box) { return (box[2] - box[0] + 1.0) * (box[3] - box[1] + 1.0); }

}  // namespace

// The outline's box before painting, for placing.
std::array<float, 4> outline_box(const PlacedShape& shape, int height, int width) {
  double x0 = width, y0 = height, x1 = 0, y1 = 0;
  for (const cv::Point2d& p : outline_of(shape, 1)) {
    x0 = std::min(x0, p.x);
    y0 = std::min(y0, p.y);
    x1 = std::max(x1, p.x);
    y1 = std::max(y1, p.y);
  }
  // Continuous [x0, x1] covers the pixels floor(x0) .. ceil(x1) - 1.
  return {static_cast<float>(std::clamp(std::floor(x0), 0.0, width - 1.0)),
          static_cast<float>(std::clamp(std::floor(y0), 0.0, height - 1.0)),
          static_cast<float>(std::clamp(std::ceil(x1) - 1, 0.0, width - 1.0)),
          static_cast<float>(std::clamp(std::ceil(y1) - 1, 0.0, height - 1.0))};
}

bool overlaps(const std::array<float, 4>& a, const std::array<float, 4>& b) {
  const double w = std::min(a[2], b[2]) - std::max(a[0], b[0]) + 1.0,
               h = std::min(a[3], b[3]) - std::max(a[1], b[1]) + 1.0;
  return w > 0 && h > 0 && w * h > kOverlap * std::min(box_area(a), box_area(b));
}

// A soft ground: two colours along a random direction, and noise.
void paint_ground(io::Picture& picture, double noise, Rng& rng) {
  std::array<double, 3> from{}, to{};
  for (size_t c = 0; c < 3; ++c) from[c] = rng.uniform(60, 150);
  for (size_t c = 0; c < 3; ++c) to[c] = from[c] + rng.uniform(-40, 40) * std::min(noise, 1.0);
  const double angle = rng.uniform(0, 2 * std::numbers::pi);
  const auto h = static_cast<double>(picture.height), w = static_cast<double>(picture.width);
  uint8_t* out = picture.pixels.data();
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      const double u =
          std::cos(angle) * (static_cast<double>(x) / w - 0.5) + std::sin(angle) * (static_cast<double>(y) / h - 0.5);
      const double t = std::clamp(0.5 + 0.7 * u, 0.0, 1.0);
      for (size_t c = 0; c < 3; ++c) {
        *out++ = static_cast<uint8_t>(std::clamp(std::lround(from[c] + t * (to[c] - from[c])), 0L, 255L));
      }
    }
  }
}

void paint_shape(Scene& scene, const PlacedShape& shape, int32_t label, double noise, Rng& rng) {
  const SceneColor& base = kSceneColors[shape.color];
  std::array<double, 3> color = {static_cast<double>(base.r), static_cast<double>(base.g), static_cast<double>(base.b)};
  for (double& value : color) value = std::clamp(value + 12 * std::min(noise, 2.0) * rng.uniform(-1, 1), 0.0, 255.0);
  const cv::Mat mask = coverage(shape, static_cast<int>(scene.picture.height), static_cast<int>(scene.picture.width));
  paint(scene.picture, mask, color);
  scene.label_map.resize(mask.total(), 0);
  for (size_t i = 0; i < scene.label_map.size(); ++i) {
    if (mask.data[i] >= kHalf) scene.label_map[i] = static_cast<uint8_t>(label + 1);
  }
  scene.objects.push_back({label, base.name, covered_box(mask)});
}

void paint_noise(io::Picture& picture, double noise, Rng& rng) {
  if (noise <= 0) return;
  for (uint8_t& pixel : picture.pixels) {
    pixel = static_cast<uint8_t>(std::clamp(std::lround(pixel + 6 * noise * rng.normal()), 0L, 255L));
  }
}

std::string phrase(const PlacedShape& shape) {
  const std::string words =
      std::string(kSceneColors[shape.color].name) + " " + shape_names()[static_cast<size_t>(shape.label)];
  return (words[0] == 'o' ? "an " : "a ") + words;
}

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names = {"circle", "square", "triangle", "star",
                                                 "cross",  "ring",   "diamond",  "pentagon"};
  return names;
}

}  // namespace fovea::data
