// Pixels through OpenCV imgproc. Coordinates go in with 4 fractional bits; text is drawn as a mask and blended.
#include <algorithm>
#include <cmath>
#include <opencv2/imgproc.hpp>

#include "base/error.h"
#include "eval/canvas.h"

namespace fovea::eval {
namespace {

constexpr int kShift = 4;                 // fractional bits of OpenCV's drawing functions
constexpr double kCapHeight = 0.70;       // of a capital, in font sizes
constexpr double kHersheyCapHeight = 21;  // of FONT_HERSHEY_SIMPLEX at scale 1, in pixels

cv::Scalar to_scalar(Color color) { return {double(color.r), double(color.g), double(color.b)}; }

// The letters of U+00C0..U+017F without their marks.
constexpr std::string_view kLatin =
    "AAAAAAACEEEEIIIIDNOOOOOxOUUUUYTsaaaaaaaceeeeiiiidnooooo/ouuuuyty"
    "AaAaAaCcCcCcCcDdDdEeEeEeEeEeGgGgGgGgHhHhIiIiIiIiIiIiJjKkkLlLlLlLlLlNnNnNnnNnOoOoOoOoRrRrRrSsSsSsSsTtTtTtUuUuUuUuUu"
    "Uu"
    "WwYyYZzZzZzs";

// The Hershey fonts know ASCII only.
std::string to_ascii(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    if ((byte & 0xC0) == 0x80) continue;
    if (byte >= 0x20 && byte < 0x7F)
      out += text[i];
    else if (byte >= 0x80) {
      const std::string_view rest = text.substr(i, 3);
      if (rest == "\xE2\x80\x93" || rest == "\xE2\x80\x94" || rest == "\xE2\x88\x92")
        out += '-';  // dashes, minus
      else if (byte >= 0xC3 && byte <= 0xC5 && rest.size() > 1)
        out += kLatin[(byte - size_t{0xC3}) * 64 + (static_cast<unsigned char>(rest[1]) & 0x3FU)];
      else if (rest == "\xE2\x80\x98" || rest == "\xE2\x80\x99")
        out += '\'';
      else if (rest == "\xE2\x80\x9C" || rest == "\xE2\x80\x9D")
        out += '"';
      else
        out += '?';
    }
  }
  return out;
}

struct Font {
  double scale;
  int thickness;
  Font(double device_size, bool bold)
      : scale(device_size * kCapHeight / kHersheyCapHeight),
        thickness(std::max(1, static_cast<int>(std::lround(device_size / (bold ? 9.5 : 13.0))))) {}
};

}  // namespace

struct RasterCanvas::State {
  cv::Mat pixels;  // RGB
  cv::Mat target;  // pixels, or the part of it inside the clip
  cv::Point2d origin;
  double scale = 1;

  cv::Point fixed(Point p) const {
    const double one = 1 << kShift;
    // Pixel (0,0) is a square around its centre for OpenCV, and begins at 0 for us.
    return {static_cast<int>(std::lround(((p.x * scale - origin.x) - 0.5) * one)),
            static_cast<int>(std::lround(((p.y * scale - origin.y) - 0.5) * one))};
  }
  cv::Rect device(const Box& box) const {
    const auto edge = [](double v) { return static_cast<int>(std::lround(v)); };
    const int left = edge(box.left * scale - origin.x), top = edge(box.top * scale - origin.y);
    return {left, top, edge(box.right() * scale - origin.x) - left, edge(box.bottom() * scale - origin.y) - top};
  }
  int thickness(double width) const { return std::max(1, static_cast<int>(std::lround(width * scale))); }

  void line(std::span<const Point> points, const Stroke& stroke) {
    std::vector<cv::Point> path;
    for (const Point& point : points) path.push_back(fixed(point));
    cv::polylines(target, path, false, to_scalar(stroke.color), thickness(stroke.width), cv::LINE_AA, kShift);
  }

  // Adds `color` where the mask says so, at (x, y) of the target.
  void blend(const cv::Mat& mask, int x, int y, Color color) {
    const cv::Rect wanted(x, y, mask.cols, mask.rows);
    const cv::Rect inside = wanted & cv::Rect(0, 0, target.cols, target.rows);
    const uint8_t channels[3] = {color.r, color.g, color.b};
    for (int row = inside.y; row < inside.y + inside.height; ++row) {
      const uint8_t* weight = mask.ptr<uint8_t>(row - y);
      uint8_t* out = target.ptr<uint8_t>(row);
      for (int col = inside.x; col < inside.x + inside.width; ++col) {
        const int w = weight[col - x];
        for (int c = 0; c < 3; ++c) {
          uint8_t& value = out[3 * col + c];
          value = static_cast<uint8_t>((value * (255 - w) + channels[c] * w + 127) / 255);
        }
      }
    }
  }
};

RasterCanvas::RasterCanvas(double width, double height, double scale) : state_(std::make_unique<State>()) {
  const double columns = std::ceil(width * scale), rows = std::ceil(height * scale);
  if (!(columns >= 1 && rows >= 1 && columns <= 32000 && rows <= 32000)) {  // the fixed-point coordinates of OpenCV
    fail(ErrorKind::kUsage, "picture: expected sides of 1..32000 pixels, found {:.0f} x {:.0f}; write SVG instead",
         columns, rows);
  }
  state_->pixels = cv::Mat(static_cast<int>(rows), static_cast<int>(columns), CV_8UC3, to_scalar(kPaper));
  state_->target = state_->pixels;
  state_->scale = scale;
}

RasterCanvas::~RasterCanvas() = default;

io::Picture RasterCanvas::finish() {
  const cv::Mat& pixels = state_->pixels;
  io::Picture picture{pixels.rows, pixels.cols, 3, {}};
  picture.pixels.assign(pixels.data, pixels.data + pixels.total() * 3);
  return picture;
}

void RasterCanvas::rectangle(const Box& box, Color fill) {
  const cv::Rect area = state_->device(box) & cv::Rect(0, 0, state_->target.cols, state_->target.rows);
  if (area.area() > 0) state_->target(area).setTo(to_scalar(fill));
}

void RasterCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  const auto pattern = dash_pattern(stroke.dash, stroke.width);
  if (pattern.empty() || points.size() < 2) return state_->line(points, stroke);
  // Walk along the line; `left` is what remains of the present dash or gap.
  size_t phase = 0;
  double left = pattern[0];
  std::vector<Point> dash = {points[0]};
  for (size_t i = 1; i < points.size(); ++i) {
    Point from = points[i - 1];
    double length = std::hypot(points[i].x - from.x, points[i].y - from.y);
    while (length > left) {
      from = {from.x + (points[i].x - from.x) * left / length, from.y + (points[i].y - from.y) * left / length};
      length -= left;
      dash.push_back(from);
      if (phase == 0) state_->line(dash, stroke);
      dash = {from};
      phase = 1 - phase;
      left = pattern[phase];
    }
    left -= length;
    dash.push_back(points[i]);
  }
  if (phase == 0) state_->line(dash, stroke);
}

void RasterCanvas::polygon(std::span<const Point> points, Color fill, double opacity) {
  std::vector<cv::Point> path;
  for (const Point& point : points) path.push_back(state_->fixed(point));
  cv::Mat painted = state_->target.clone();
  const std::vector<std::vector<cv::Point>> paths = {path};
  cv::fillPoly(painted, paths, to_scalar(fill), cv::LINE_AA, kShift);
  cv::addWeighted(painted, opacity, state_->target, 1 - opacity, 0, state_->target);
}

void RasterCanvas::circle(Point center, double radius, Color fill) {
  const int size = static_cast<int>(std::lround(radius * state_->scale * (1 << kShift)));
  cv::circle(state_->target, state_->fixed(center), size, to_scalar(fill), cv::FILLED, cv::LINE_AA, kShift);
}

void RasterCanvas::text(Point at, std::string_view text, const TextStyle& style) {
  const std::string ascii = to_ascii(text);
  if (ascii.empty()) return;
  const Font font(style.size * state_->scale, style.bold);
  int below = 0;
  const cv::Size size = cv::getTextSize(ascii, cv::FONT_HERSHEY_SIMPLEX, font.scale, font.thickness, &below);
  const int pad = font.thickness + 2;
  below += pad;
  cv::Mat mask(size.height + below + pad, size.width + 2 * pad, CV_8UC1, cv::Scalar(0));
  cv::putText(mask, ascii, {pad, pad + size.height}, cv::FONT_HERSHEY_SIMPLEX, font.scale, cv::Scalar(255),
              font.thickness, cv::LINE_AA);
  const double share = style.anchor == Anchor::kStart ? 0 : style.anchor == Anchor::kMiddle ? 0.5 : 1;
  const int along = static_cast<int>(std::lround(share * size.width));
  const int x = static_cast<int>(std::lround(at.x * state_->scale - state_->origin.x));
  const int y = static_cast<int>(std::lround(at.y * state_->scale - state_->origin.y));
  if (style.upwards) {
    cv::Mat turned;
    cv::rotate(mask, turned, cv::ROTATE_90_COUNTERCLOCKWISE);
    state_->blend(turned, x - pad - size.height, y + along - pad - size.width, style.color);
  } else {
    state_->blend(mask, x - along - pad, y - pad - size.height, style.color);
  }
}

double RasterCanvas::text_width(std::string_view text, double size, bool bold) const {
  const Font font(size * state_->scale, bold);
  return cv::getTextSize(to_ascii(text), cv::FONT_HERSHEY_SIMPLEX, font.scale, font.thickness, nullptr).width /
         state_->scale;
}

void RasterCanvas::picture(const Box& box, const io::Picture& picture) {
  const cv::Rect area = state_->device(box);
  const cv::Rect inside = area & cv::Rect(0, 0, state_->target.cols, state_->target.rows);
  for (int y = inside.y; y < inside.y + inside.height; ++y) {
    const uint8_t* source = picture.row((y - area.y) * picture.height / area.height);
    uint8_t* out = state_->target.ptr<uint8_t>(y);
    for (int x = inside.x; x < inside.x + inside.width; ++x) {
      const uint8_t* pixel = source + (x - area.x) * picture.width / area.width * picture.channels;
      for (int c = 0; c < 3; ++c) out[3 * x + c] = pixel[picture.channels == 3 ? c : 0];
    }
  }
}

void RasterCanvas::begin_clip(const Box& box) {
  const cv::Rect area = state_->device(box) & cv::Rect(0, 0, state_->pixels.cols, state_->pixels.rows);
  FOVEA_CHECK(state_->target.data == state_->pixels.data && area.area() > 0, "clip inside a clip, or an empty one");
  state_->target = state_->pixels(area);
  state_->origin = {double(area.x), double(area.y)};
}

void RasterCanvas::end_clip() {
  state_->target = state_->pixels;
  state_->origin = {0, 0};
}

}  // namespace fovea::eval
