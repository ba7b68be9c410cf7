// What a figure is drawn with: a few primitives, written once as SVG and once as pixels. Coordinates are in CSS pixels,
// x to the right, y down.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "eval/palette.h"
#include "io/picture.h"

namespace fovea::eval {

struct Point {
  double x = 0, y = 0;
};

struct Box {
  double left = 0, top = 0, width = 0, height = 0;
  double right() const { return left + width; }
  double bottom() const { return top + height; }
};

enum class Dash { kSolid, kDashed, kDotted };
enum class Anchor { kStart, kMiddle, kEnd };

struct Stroke {
  Color color = kInk;
  double width = 1;
  Dash dash = Dash::kSolid;
};

struct TextStyle {
  double size = 12;
  Anchor anchor = Anchor::kStart;
  Color color = kInk;
  bool bold = false;
  bool upwards = false;  // rotated to read from bottom to top; the anchor then runs along y
};

// Lengths of a dash and the gap behind it, in CSS pixels. Empty for kSolid.
std::vector<double> dash_pattern(Dash dash, double width);

class Canvas {
 public:
  virtual ~Canvas() = default;

  virtual void rectangle(const Box& box, Color fill) = 0;
  virtual void polyline(std::span<const Point> points, const Stroke& stroke) = 0;
  virtual void polygon(std::span<const Point> points, Color fill, double opacity) = 0;
  virtual void circle(Point center, double radius, Color fill) = 0;
  // `at` is on the baseline. Text is UTF-8; what the canvas can't draw becomes '?'.
  virtual void text(Point at, std::string_view text, const TextStyle& style) = 0;
  virtual double text_width(std::string_view text, double size, bool bold) const = 0;
  // The picture's pixels as sharp squares, stretched over the box.
  virtual void picture(const Box& box, const io::Picture& picture) = 0;
  // Everything until end_clip() is cut at the box. Not nested.
  virtual void begin_clip(const Box& box) = 0;
  virtual void end_clip() = 0;
};

// Self-contained SVG 1.1 without scripts; equal calls give equal bytes.
class SvgCanvas : public Canvas {
 public:
  SvgCanvas(double width, double height, std::string_view title);
  std::string finish();  // once

  void rectangle(const Box& box, Color fill) override;
  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void polygon(std::span<const Point> points, Color fill, double opacity) override;
  void circle(Point center, double radius, Color fill) override;
  void text(Point at, std::string_view text, const TextStyle& style) override;
  double text_width(std::string_view text, double size, bool bold) const override;
  void picture(const Box& box, const io::Picture& picture) override;
  void begin_clip(const Box& box) override;
  void end_clip() override;

 private:
  std::string out_;
  int clips_ = 0;
};

// Pixels through OpenCV imgproc, `scale` device pixels for each CSS pixel.
class RasterCanvas : public Canvas {
 public:
  RasterCanvas(double width, double height, double scale);
  ~RasterCanvas() override;
  io::Picture finish();  // once

  void rectangle(const Box& box, Color fill) override;
  void polyline(std::span<const Point> points, const Stroke& stroke) override;
  void polygon(std::span<const Point> points, Color fill, double opacity) override;
  void circle(Point center, double radius, Color fill) override;
  void text(Point at, std::string_view text, const TextStyle& style) override;
  double text_width(std::string_view text, double size, bool bold) const override;
  void picture(const Box& box, const io::Picture& picture) override;
  void begin_clip(const Box& box) override;
  void end_clip() override;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// For XML text and attributes: & < > " ' escaped, control characters dropped, invalid UTF-8 replaced by U+FFFD.
std::string escape_xml(std::string_view text);

}  // namespace fovea::eval
