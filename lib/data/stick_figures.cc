#include "data/stick_figures.h"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "base/rng.h"

namespace fovea::data {
namespace {

constexpr int kOversample = 3;
constexpr int kShift = 4;
constexpr int kPlacements = 60;
constexpr double kDegree = std::numbers::pi / 180;

// Positions in joint_set("lsp-14").
enum Joint {
  kRAnkle,
  kRKnee,
  kRHip,
  kLHip,
  kLKnee,
  kLAnkle,
  kRWrist,
  kRElbow,
  kRShoulder,
  kLShoulder,
  kLElbow,
  kLWrist,
  kNeck,
  kHeadTop
};

using Point = std::array<double, 2>;

void check_options(const StickFigureOptions& o, int64_t index) {
  const auto require = [](bool good, const char* what) {
    if (!good) fail(ErrorKind::kUsage, "stick figures: {}", what);
  };
  require(o.height >= 48 && o.height <= 2048 && o.width >= 48 && o.width <= 2048, "expected sides of 48..2048 pixels");
  require(o.min_distractors >= 0 && o.min_distractors <= o.max_distractors && o.max_distractors <= 4,
          "expected 0 <= min-distractors <= max-distractors <= 4");
  require(o.noise >= 0 && o.noise <= 10, "expected 0 <= noise <= 10");
  require(o.test_fraction >= 0 && o.test_fraction <= 1, "expected 0 <= test-fraction <= 1");
  require(index >= 0, "expected index >= 0");
}

// The end of a limb; angle 0 points down, positive ones towards the right of the picture.
Point along(const Point& from, double angle, double length) {
  return {from[0] + length * std::sin(angle), from[1] + length * std::cos(angle)};
}

// A person seen from the front (left of the body on the right of the picture) around the neck; `size` is the height.
StickFigure pose_person(const Point& neck, double size, Rng& rng) {
  StickFigure figure;
  auto& j = figure.joints;
  const double lean = rng.uniform(-12, 12) * kDegree;
  j[kNeck] = neck;
  j[kHeadTop] = along(neck, std::numbers::pi + lean + rng.uniform(-10, 10) * kDegree, 0.17 * size);
  const Point hips = along(neck, lean, 0.33 * size);
  for (const double side : {-1.0, 1.0}) {
    const bool left = side > 0;
    const Point shoulder{neck[0] + side * 0.105 * size * std::cos(lean),
                         neck[1] + 0.03 * size - side * 0.105 * size * std::sin(lean)};
    const Point hip{hips[0] + side * 0.065 * size, hips[1]};
    const double upper = side * rng.uniform(-10, 140) * kDegree, lower = upper + side * rng.uniform(-20, 120) * kDegree;
    const double thigh = side * rng.uniform(-5, 22) * kDegree, shin = thigh - side * rng.uniform(-8, 22) * kDegree;
    const Point elbow = along(shoulder, upper, 0.155 * size), knee = along(hip, thigh, 0.23 * size);
    j[left ? kLShoulder : kRShoulder] = shoulder;
    j[left ? kLHip : kRHip] = hip;
    j[left ? kLElbow : kRElbow] = elbow;
    j[left ? kLWrist : kRWrist] = along(elbow, lower, 0.145 * size);
    j[left ? kLKnee : kRKnee] = knee;
    j[left ? kLAnkle : kRAnkle] = along(knee, shin, 0.23 * size);
  }
  return figure;
}

Box around(const StickFigure& figure, std::initializer_list<int> joints, double margin) {
  Box box{1e9F, 1e9F, -1e9F, -1e9F};
  for (const int index : joints) {
    const Point& p = figure.joints[static_cast<size_t>(index)];
    box.x1 = std::min(box.x1, static_cast<float>(p[0] - margin));
    box.y1 = std::min(box.y1, static_cast<float>(p[1] - margin));
    box.x2 = std::max(box.x2, static_cast<float>(p[0] + margin));
    box.y2 = std::max(box.y2, static_cast<float>(p[1] + margin));
  }
  return box;
}

Box body_box(const StickFigure& figure, double margin) {
  return around(figure, {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13}, margin);
}

class Painter {
 public:
  Painter(const StickFigureOptions& options, Rng& rng)
      : rng_(rng),
        noise_(options.noise),
        height_(static_cast<int>(options.height)),
        width_(static_cast<int>(options.width)),
        canvas_(height_ * kOversample, width_ * kOversample, CV_8UC3) {}

  void ground() {
    const cv::Scalar top = soft_color(), bottom = soft_color();
    for (int y = 0; y < canvas_.rows; ++y) {
      const double t = static_cast<double>(y) / canvas_.rows;
      canvas_.row(y).setTo(top * (1 - t) + bottom * t);
    }
  }

  // Bars as thick as limbs, and discs.
  void clutter(double size) {
    const int count = static_cast<int>(std::lround(noise_ * 5));
    for (int i = 0; i < count; ++i) {
      const Point from{rng_.uniform(0, width_), rng_.uniform(0, height_)};
      const double angle = rng_.uniform(0, 2 * std::numbers::pi), length = rng_.uniform(0.1, 0.3) * size;
      if (i % 4 == 3) {
        disc(from, 0.05 * size, any_color());
      } else {
        bar(from, along(from, angle, length), rng_.uniform(0.02, 0.05) * size, any_color());
      }
    }
  }

  void person(const StickFigure& figure, double size) {
    const auto& j = figure.joints;
    const cv::Scalar skin = skin_color(), shirt = any_color(), trousers = any_color();
    for (const auto& [hip, knee, ankle] : {std::array{kRHip, kRKnee, kRAnkle}, std::array{kLHip, kLKnee, kLAnkle}}) {
      bar(j[hip], j[knee], 0.075 * size, trousers);
      bar(j[knee], j[ankle], 0.06 * size, trousers * 0.85);
    }
    polygon({j[kRShoulder], j[kLShoulder], j[kLHip], j[kRHip]}, shirt);
    bar(j[kRShoulder], j[kLShoulder], 0.06 * size, shirt);
    bar(j[kRHip], j[kLHip], 0.06 * size, trousers);
    bar(j[kNeck], {(j[kNeck][0] + j[kHeadTop][0]) / 2, (j[kNeck][1] + j[kHeadTop][1]) / 2}, 0.05 * size, skin);
    disc({0.45 * j[kNeck][0] + 0.55 * j[kHeadTop][0], 0.45 * j[kNeck][1] + 0.55 * j[kHeadTop][1]}, 0.075 * size, skin);
    for (const auto& [shoulder, elbow, wrist] :
         {std::array{kRShoulder, kRElbow, kRWrist}, std::array{kLShoulder, kLElbow, kLWrist}}) {
      bar(j[shoulder], j[elbow], 0.055 * size, shirt * 0.8);
      bar(j[elbow], j[wrist], 0.042 * size, skin);
      disc(j[wrist], 0.032 * size, skin * 0.9);
    }
  }

  io::Picture finish() {
    cv::Mat small;
    cv::resize(canvas_, small, {width_, height_}, 0, 0, cv::INTER_AREA);
    io::Picture picture{height_, width_, 3, {}};
    picture.pixels.resize(size_t{3} * static_cast<size_t>(height_) * static_cast<size_t>(width_));
    for (int y = 0; y < height_; ++y) {
      for (int i = 0; i < 3 * width_; ++i) {
        const double value = small.ptr<uint8_t>(y)[i] + noise_ * 5 * rng_.normal();
        picture.row(y)[i] = static_cast<uint8_t>(std::clamp(std::lround(value), 0L, 255L));
      }
    }
    return picture;
  }

 private:
  static cv::Point place(const Point& p) {
    const auto fixed = [](double v) {
      return static_cast<int>(std::lround(((v + 0.5) * kOversample - 0.5) * (1 << kShift)));
    };
    return {fixed(p[0]), fixed(p[1])};
  }
  static int pixels(double size) { return std::max(1, static_cast<int>(std::lround(size * kOversample))); }

  void bar(const Point& a, const Point& b, double width, const cv::Scalar& color) {
    cv::line(canvas_, place(a), place(b), color, pixels(width), cv::LINE_AA, kShift);
  }
  void disc(const Point& at, double radius, const cv::Scalar& color) {
    cv::circle(canvas_, place(at), pixels(radius) << kShift, color, cv::FILLED, cv::LINE_AA, kShift);
  }
  void polygon(const std::vector<Point>& corners, const cv::Scalar& color) {
    std::vector<cv::Point> points;
    for (const Point& corner : corners) points.push_back(place(corner));
    cv::fillConvexPoly(canvas_, points, color, cv::LINE_AA, kShift);
  }

  cv::Scalar any_color() { return {rng_.uniform(20, 235), rng_.uniform(20, 235), rng_.uniform(20, 235)}; }
  cv::Scalar soft_color() {
    const double grey = rng_.uniform(60, 200);
    return {grey + rng_.uniform(-25, 25), grey + rng_.uniform(-25, 25), grey + rng_.uniform(-25, 25)};
  }
  cv::Scalar skin_color() {
    const double light = rng_.uniform(0.45, 1);
    return {235 * light, 190 * light, 160 * light};
  }

  Rng& rng_;
  double noise_;
  int height_, width_;
  cv::Mat canvas_;
};

bool inside(const StickFigure& figure, const StickFigureOptions& options, double margin) {
  return std::all_of(figure.joints.begin(), figure.joints.end(), [&](const Point& p) {
    return p[0] >= margin && p[1] >= margin && p[0] <= static_cast<double>(options.width) - 1 - margin &&
           p[1] <= static_cast<double>(options.height) - 1 - margin;
  });
}

// A person beside the others; false if there is no room.
bool place_person(const StickFigureOptions& options, double size, const std::vector<StickFigure>& others, Rng& rng,
                  StickFigure& out) {
  for (int attempt = 0; attempt < kPlacements; ++attempt) {
    const Point neck{rng.uniform(0.1, 0.9) * static_cast<double>(options.width),
                     rng.uniform(0.15, 0.4) * static_cast<double>(options.height)};
    out = pose_person(neck, size, rng);
    const bool apart = std::all_of(others.begin(), others.end(), [&](const StickFigure& other) {
      return std::abs(other.joints[kNeck][0] - neck[0]) > 0.33 * size;
    });
    if (apart && inside(out, options, 0.03 * size)) return true;
  }
  return false;
}

Box jittered_torso(const StickFigure& figure, double size, Rng& rng) {
  Box box = around(figure, {kRShoulder, kLShoulder, kLHip, kRHip}, 0);
  const auto move = [&] { return static_cast<float>(rng.normal() * 0.025 * size); };
  const float dx = move(), dy = move();
  box.x1 += dx + move();
  box.x2 += dx + move();
  box.y1 += dy + move();
  box.y2 += dy + move();
  return {std::min(box.x1, box.x2), std::min(box.y1, box.y2), std::max(box.x1, box.x2), std::max(box.y1, box.y2)};
}

}  // namespace

StickScene draw_stick_figures(const StickFigureOptions& options, int64_t index) {
  check_options(options, index);
  constexpr uint64_t kSeries = 77;  // apart from the other scenes
  Rng rng(options.seed, RngPurpose::kScene, kSeries, static_cast<uint64_t>(index));
  const double room = std::min(static_cast<double>(options.height), static_cast<double>(options.width));
  const int span = options.max_distractors - options.min_distractors + 1;
  const int people = 1 + options.min_distractors + static_cast<int>(rng.below(static_cast<uint32_t>(span)));
  StickScene scene;
  std::vector<double> sizes;
  for (int i = 0; i < people; ++i) {
    const double size = rng.uniform(0.68, 0.8) * room;
    StickFigure figure;
    if (!place_person(options, size, scene.people, rng, figure)) continue;
    figure.box =
        clip(body_box(figure, 0.06 * size), static_cast<double>(options.width), static_cast<double>(options.height));
    figure.torso = jittered_torso(figure, size, rng);
    scene.people.push_back(figure);
    sizes.push_back(size);
  }
  FOVEA_CHECK(!scene.people.empty(), "stick figures: no room for anybody");
  Painter painter(options, rng);
  painter.ground();
  painter.clutter(0.75 * room);
  for (size_t i = scene.people.size(); i-- > 0;) painter.person(scene.people[i], sizes[i]);
  scene.picture = painter.finish();
  return scene;
}

std::string stick_figure_split(const StickFigureOptions& options, int64_t index) {
  const auto rank = static_cast<double>(index);
  return std::floor((rank + 1) * options.test_fraction) > std::floor(rank * options.test_fraction) ? "test" : "train";
}

std::string stick_figure_id(int64_t index) { return fmt::format("people-{:06}", index); }

}  // namespace fovea::data
