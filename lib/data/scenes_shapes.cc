// Coloured shapes on a soft ground, placed so that they overlap little, largest first; boxes are those of the painted
// pixels.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/text.h"
#include "data/scenes_draw.h"

namespace fovea::data {
namespace {

constexpr int kOversample = 3;
constexpr int kShift = 4;
constexpr int kPlacements = 40;    // attempts before a shape is left out
constexpr double kOverlap = 0.15;  // largest share of the smaller box that may be covered

struct Color {
  const char* name;
  int r, g, b;
};
constexpr std::array<Color, 7> kColors = {{{"red", 205, 40, 40},
                                           {"green", 40, 150, 60},
                                           {"blue", 45, 75, 200},
                                           {"yellow", 225, 200, 40},
                                           {"purple", 135, 50, 160},
                                           {"orange", 235, 130, 30},
                                           {"white", 240, 240, 240}}};

struct Placed {
  int32_t label = 0;
  size_t color = 0;
  double x = 0, y = 0, radius = 0, angle = 0;  // pixels; the circle around the shape
};

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

Outline outline_of(const Placed& shape, double scale) {
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
cv::Mat coverage(const Placed& shape, int height, int width) {
  cv::Mat large(height * kOversample, width * kOversample, CV_8UC1, cv::Scalar(0)), mask;
  fill(large, outline_of(shape, 1), 255);
  if (shape.label == kRing) fill(large, outline_of(shape, 0.58), 0);
  cv::resize(large, mask, cv::Size(width, height), 0, 0, cv::INTER_AREA);
  return mask;
}

// The outline's box before painting, for placing.
std::array<float, 4> outline_box(const Placed& shape, int height, int width) {
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

bool overlaps(const std::array<float, 4>& a, const std::array<float, 4>& b) {
  const double w = std::min(a[2], b[2]) - std::max(a[0], b[0]) + 1.0,
               h = std::min(a[3], b[3]) - std::max(a[1], b[1]) + 1.0;
  return w > 0 && h > 0 && w * h > kOverlap * std::min(box_area(a), box_area(b));
}

// The first shape has the scene's class and the largest radius; the others are at most 0.85 of it.
std::vector<Placed> place_shapes(const SceneOptions& options, int32_t label, Rng& rng) {
  const int height = static_cast<int>(options.height), width = static_cast<int>(options.width);
  const int wanted = options.min_objects +
                     static_cast<int>(rng.below(static_cast<uint32_t>(options.max_objects - options.min_objects + 1)));
  const double side = std::min(height, width);
  const double largest =
      wanted == 1 ? rng.uniform(0.25, 0.42) * side : rng.uniform(0.17, 0.26) * side / std::sqrt(wanted / 3.0 + 0.5);
  std::vector<Placed> shapes;
  for (int i = 0; i < wanted; ++i) {
    Placed shape;
    shape.label = i == 0 ? label : static_cast<int32_t>(rng.below(kShapeCount));
    shape.color = rng.below(static_cast<uint32_t>(kColors.size()));
    for (int attempt = 0; attempt < kPlacements; ++attempt) {
      shape.radius = std::max(2.5, i == 0 ? largest : largest * rng.uniform(0.6, 0.85));
      shape.angle = rng.uniform(-0.25, 0.25);
      shape.x = rng.uniform(shape.radius, std::max(width - shape.radius, shape.radius + 1e-9));
      shape.y = rng.uniform(shape.radius, std::max(height - shape.radius, shape.radius + 1e-9));
      const auto box = outline_box(shape, height, width);
      const bool free = std::none_of(shapes.begin(), shapes.end(), [&](const Placed& other) {
        return overlaps(box, outline_box(other, height, width));
      });
      if (free) {
        shapes.push_back(shape);
        break;
      }
    }
  }
  return shapes;
}

std::string phrase(const Placed& shape) {
  const std::string words =
      std::string(kColors[shape.color].name) + " " + shape_names()[static_cast<size_t>(shape.label)];
  return (words[0] == 'o' ? "an " : "a ") + words;
}

// How a lies to b: the axis with the larger distance decides.
std::string relation(const Placed& a, const Placed& b) {
  if (std::abs(a.x - b.x) > std::abs(a.y - b.y)) return a.x < b.x ? "left of" : "right of";
  return a.y < b.y ? "above" : "below";
}

std::vector<std::string> captions_of(const std::vector<Placed>& shapes) {
  constexpr std::array<const char*, 9> kCounts = {"no", "one", "two", "three", "four", "five", "six", "seven", "eight"};
  if (shapes.size() == 1) return {phrase(shapes[0]), "there is " + phrase(shapes[0])};
  const std::string first = phrase(shapes[0]), second = phrase(shapes[1]);
  std::vector<std::string> captions = {first + " " + relation(shapes[0], shapes[1]) + " " + second,
                                       second + " " + relation(shapes[1], shapes[0]) + " " + first};
  if (shapes.size() > 2) {
    std::vector<std::string> all;
    for (const Placed& shape : shapes) all.push_back(phrase(shape));
    const std::string last = all.back();
    all.pop_back();
    captions[1] = std::string(kCounts[shapes.size()]) + " shapes: " + join(all, ", ") + " and " + last;
  }
  return captions;
}

}  // namespace

const std::vector<std::string>& shape_names() {
  static const std::vector<std::string> names = {"circle", "square", "triangle", "star",
                                                 "cross",  "ring",   "diamond",  "pentagon"};
  return names;
}

void draw_shapes(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene) {
  const int height = static_cast<int>(options.height), width = static_cast<int>(options.width);
  scene.picture = {height, width, 3,
                   std::vector<uint8_t>(3 * static_cast<size_t>(height) * static_cast<size_t>(width))};
  paint_ground(scene.picture, options.noise, rng);
  const std::vector<Placed> shapes = place_shapes(options, label, rng);
  for (const Placed& shape : shapes) {
    const Color& base = kColors[shape.color];
    std::array<double, 3> color = {static_cast<double>(base.r), static_cast<double>(base.g),
                                   static_cast<double>(base.b)};
    for (double& value : color)
      value = std::clamp(value + 12 * std::min(options.noise, 2.0) * rng.uniform(-1, 1), 0.0, 255.0);
    const cv::Mat mask = coverage(shape, height, width);
    paint(scene.picture, mask, color);
    scene.objects.push_back({shape.label, base.name, covered_box(mask)});
  }
  if (options.noise > 0) {
    for (uint8_t& pixel : scene.picture.pixels) {
      pixel = static_cast<uint8_t>(std::clamp(std::lround(pixel + 6 * options.noise * rng.normal()), 0L, 255L));
    }
  }
  scene.captions = captions_of(shapes);
}

}  // namespace fovea::data
