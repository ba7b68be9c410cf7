// Digit-like glyphs: each class has one or two skeletons of polylines and arcs in a unit box; a random affine map, bent
// control points, pen thickness and pixel noise make the items differ.
#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "data/scenes_draw.h"

namespace fovea::data {
namespace {

using Stroke = std::vector<cv::Point2d>;
using Glyph = std::vector<Stroke>;

constexpr int kOversample = 4;  // drawn this much larger, then averaged: smooth edges
constexpr int kShift = 4;       // fractional bits of cv coordinates
constexpr int kArcSteps = 24;

// An ellipse arc around (x, y), from angle a to b in degrees (0 = right, 90 = down), appended to the stroke.
void arc(Stroke& stroke, double x, double y, double rx, double ry, double a, double b) {
  for (int i = 0; i <= kArcSteps; ++i) {
    const double angle = (a + (b - a) * i / kArcSteps) * std::numbers::pi / 180;
    stroke.emplace_back(x + rx * std::cos(angle), y + ry * std::sin(angle));
  }
}

Stroke arc_stroke(double x, double y, double rx, double ry, double a, double b) {
  Stroke stroke;
  arc(stroke, x, y, rx, ry, a, b);
  return stroke;
}

// Coordinates: x right, y down, the glyph fills about [-0.35, 0.35] x [-0.5, 0.5].
Glyph skeleton(int32_t digit, bool variant) {
  switch (digit) {
    case 0:
      return {arc_stroke(0, 0, variant ? 0.24 : 0.32, 0.48, -90, 270)};
    case 1:
      return variant ? Glyph{{{0, -0.5}, {0, 0.5}}} : Glyph{{{-0.18, -0.28}, {0.04, -0.5}, {0.04, 0.5}}};
    case 2: {
      Stroke stroke = arc_stroke(0, -0.22, 0.3, 0.27, -170, 30);
      stroke.insert(stroke.end(), {{-0.32, 0.5}, {0.34, 0.5}});
      return {stroke};
    }
    case 3:
      return {arc_stroke(-0.02, -0.25, 0.28, 0.24, -160, 90), arc_stroke(-0.02, 0.24, 0.32, 0.25, -90, 160)};
    case 4:
      return variant ? Glyph{{{0.16, 0.5}, {0.16, -0.5}, {-0.32, 0.16}, {0.36, 0.16}}}
                     : Glyph{{{-0.24, -0.5}, {-0.28, 0.06}, {0.32, 0.06}}, {{0.18, -0.3}, {0.18, 0.5}}};
    case 5: {
      Stroke stroke = {{0.3, -0.48}, {-0.22, -0.48}, {-0.26, -0.06}};
      arc(stroke, -0.02, 0.2, 0.31, 0.29, -125, 150);
      return {stroke};
    }
    case 6: {
      Stroke stroke = {{0.2, -0.5}, {-0.1, -0.28}};
      arc(stroke, 0.01, 0.22, 0.29, 0.27, 180, 540);
      return {stroke};
    }
    case 7: {
      Glyph glyph = {{{-0.32, -0.48}, {0.32, -0.48}, {-0.08, 0.5}}};
      if (variant) glyph.push_back({{-0.16, 0.02}, {0.24, 0.02}});
      return glyph;
    }
    case 8:
      return {arc_stroke(0, -0.25, 0.25, 0.23, 90, 450), arc_stroke(0, 0.24, 0.3, 0.25, -90, 270)};
    default: {
      Stroke stroke = arc_stroke(-0.01, -0.22, 0.28, 0.26, 0, 360);
      stroke.insert(stroke.end(), variant ? cv::Point2d{0.26, 0.5} : cv::Point2d{0.06, 0.5});
      return {stroke};
    }
  }
}

// x' = A x + t, with a gentle bend so that straight lines are not always straight.
class Deformation {
 public:
  Deformation(Rng& rng, double height, double width) {
    const double side = std::min(height, width);
    const double angle = rng.uniform(-0.3, 0.3), shear = rng.uniform(-0.25, 0.25);
    const double sx = side * rng.uniform(0.5, 0.75), sy = side * rng.uniform(0.58, 0.78);
    a_ = sx * std::cos(angle);
    b_ = sy * (shear * std::cos(angle) - std::sin(angle));
    c_ = sx * std::sin(angle);
    d_ = sy * (shear * std::sin(angle) + std::cos(angle));
    x_ = width / 2 + rng.uniform(-0.07, 0.07) * side;
    y_ = height / 2 + rng.uniform(-0.07, 0.07) * side;
    for (double& bend : bend_) bend = rng.uniform(-0.07, 0.07);
    for (double& phase : phase_) phase = rng.uniform(0, 2 * std::numbers::pi);
  }
  cv::Point2d operator()(const cv::Point2d& p) const {
    const double u = p.x + bend_[0] * std::sin(4 * p.y + phase_[0]), v = p.y + bend_[1] * std::sin(4 * p.x + phase_[1]);
    return {x_ + a_ * u + b_ * v, y_ + c_ * u + d_ * v};
  }

 private:
  double a_, b_, c_, d_, x_, y_;
  double bend_[2], phase_[2];
};

std::array<float, 4> ink_box(const io::Picture& picture) {
  int64_t x0 = picture.width, y0 = picture.height, x1 = -1, y1 = -1;
  for (int64_t y = 0; y < picture.height; ++y) {
    for (int64_t x = 0; x < picture.width; ++x) {
      if (picture.row(y)[x] < 64) continue;
      x0 = std::min(x0, x);
      x1 = std::max(x1, x);
      y0 = std::min(y0, y);
      y1 = std::max(y1, y);
    }
  }
  if (x1 < 0) return {0, 0, static_cast<float>(picture.width - 1), static_cast<float>(picture.height - 1)};
  return {static_cast<float>(x0), static_cast<float>(y0), static_cast<float>(x1), static_cast<float>(y1)};
}

void add_noise(io::Picture& picture, double noise, Rng& rng) {
  if (noise <= 0) return;
  for (uint8_t& pixel : picture.pixels) {
    const double value = pixel + 10 * noise * rng.normal();
    pixel = static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
  }
}

// Short stray pen marks near the border, the clutter of scanned forms.
void add_marks(cv::Mat& canvas, double noise, int thickness, Rng& rng) {
  const double expected = 0.6 * noise;
  for (int i = 0; i < 3; ++i) {
    if (rng.uniform_double() * 3 > expected) continue;
    const double angle = rng.uniform(0, 2 * std::numbers::pi), length = 0.12 * std::min(canvas.rows, canvas.cols);
    const double x = canvas.cols * (0.5 + 0.46 * std::cos(angle)), y = canvas.rows * (0.5 + 0.46 * std::sin(angle));
    const double turn = rng.uniform(0, 2 * std::numbers::pi);
    cv::line(canvas, cv::Point(cvRound(x), cvRound(y)),
             cv::Point(cvRound(x + length * std::cos(turn)), cvRound(y + length * std::sin(turn))),
             cv::Scalar(rng.uniform(90, 220)), std::max(1, thickness / 2), cv::LINE_8);
  }
}

}  // namespace

void draw_digit(const SceneOptions& options, int32_t label, Rng& rng, Scene& scene) {
  const int height = static_cast<int>(options.height), width = static_cast<int>(options.width);
  cv::Mat canvas(height * kOversample, width * kOversample, CV_8UC1, cv::Scalar(0));
  const Deformation deform(rng, canvas.rows, canvas.cols);
  const Glyph glyph = skeleton(label, rng.below(2) == 1);
  const int thickness = std::max(2, cvRound(std::min(canvas.rows, canvas.cols) * rng.uniform(0.055, 0.13)));
  for (const Stroke& stroke : glyph) {
    std::vector<cv::Point> points;
    for (const cv::Point2d& point : stroke) {
      const cv::Point2d at = deform(point);
      points.emplace_back(cvRound(at.x * (1 << kShift)), cvRound(at.y * (1 << kShift)));
    }
    cv::polylines(canvas, points, false, cv::Scalar(255), thickness, cv::LINE_8, kShift);
  }
  scene.picture = {height, width, 1, std::vector<uint8_t>(static_cast<size_t>(height) * static_cast<size_t>(width))};
  cv::Mat out(height, width, CV_8UC1, scene.picture.pixels.data());
  cv::resize(canvas, out, out.size(), 0, 0, cv::INTER_AREA);
  scene.objects = {{label, "", ink_box(scene.picture)}};
  cv::Mat marks(canvas.rows, canvas.cols, CV_8UC1, cv::Scalar(0));
  add_marks(marks, options.noise, thickness, rng);
  cv::Mat small;
  cv::resize(marks, small, out.size(), 0, 0, cv::INTER_AREA);
  cv::max(out, small, out);
  const double ink = rng.uniform(0.75, 1.0);
  for (uint8_t& pixel : scene.picture.pixels) pixel = static_cast<uint8_t>(std::lround(pixel * ink));
  add_noise(scene.picture, options.noise, rng);
}

}  // namespace fovea::data
