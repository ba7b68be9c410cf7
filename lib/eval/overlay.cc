// One picture: masks in its own pixels, then outlines and labels with the canvas.
#include "eval/overlay.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kLabelPad = 4;     // on the left and right of a label's text, CSS pixels
constexpr double kLabelRoom = 1.4;  // height of a label in font sizes
constexpr double kBaseline = 1.04;  // from a label's top to its baseline, in font sizes
constexpr double kHalo = 1.6;       // how much wider the pale line below an outline is

uint8_t mix(uint8_t below, uint8_t above, double share) {
  return static_cast<uint8_t>(std::lround(below + share * (above - below)));
}

void blend_mask(io::Picture& picture, const OverlayBox& marked, double opacity) {
  const auto left = static_cast<int64_t>(marked.box.x1), top = static_cast<int64_t>(marked.box.y1);
  const auto columns = static_cast<int64_t>(width(marked.box)), rows = static_cast<int64_t>(height(marked.box));
  FOVEA_CHECK(columns > 0 && rows > 0 && static_cast<int64_t>(marked.mask.size()) == columns * rows,
              "a mask of {} pixels for a box of {}x{}", marked.mask.size(), columns, rows);
  const auto covers = [&](int64_t x, int64_t y) {
    return x >= 0 && y >= 0 && x < columns && y < rows && marked.mask[static_cast<size_t>(y * columns + x)] != 0;
  };
  const std::array<uint8_t, 3> ink = {marked.color.r, marked.color.g, marked.color.b};
  for (int64_t y = std::max<int64_t>(0, -top); y < std::min(rows, picture.height - top); ++y) {
    uint8_t* row = picture.row(top + y);
    for (int64_t x = std::max<int64_t>(0, -left); x < std::min(columns, picture.width - left); ++x) {
      if (!covers(x, y)) continue;
      const bool inner = covers(x - 1, y) && covers(x + 1, y) && covers(x, y - 1) && covers(x, y + 1);
      uint8_t* pixel = row + 3 * (left + x);
      for (size_t c = 0; c < 3; ++c) pixel[c] = mix(pixel[c], ink[c], inner ? opacity : 1);
    }
  }
}

bool overlap(const Box& a, const Box& b) {
  return a.left < b.right() && b.left < a.right() && a.top < b.bottom() && b.top < a.bottom();
}

// Edges of a box on the canvas. A line along the picture's border is moved inside by half its width, to be seen whole.
Box outline(const fovea::Box& box, const Overlay& overlay, const Box& area, double line_width) {
  const double scale_x = area.width / static_cast<double>(overlay.picture.width);
  const double scale_y = area.height / static_cast<double>(overlay.picture.height);
  const double inset = line_width / 2;
  const auto inside = [&](double v, double low, double high) {
    return std::clamp(v, low + inset, std::max(low + inset, high - inset));
  };
  const double left = inside(area.left + box.x1 * scale_x, area.left, area.right());
  const double top = inside(area.top + box.y1 * scale_y, area.top, area.bottom());
  const double right = inside(area.left + (box.x2 + 1.0) * scale_x, area.left, area.right());
  const double bottom = inside(area.top + (box.y2 + 1.0) * scale_y, area.top, area.bottom());
  return {left, top, right - left, bottom - top};
}

void draw_outline(Canvas& canvas, const Box& edge, const OverlayBox& box, double line_width) {
  const std::array<Point, 5> path = {{{edge.left, edge.top},
                                      {edge.right(), edge.top},
                                      {edge.right(), edge.bottom()},
                                      {edge.left, edge.bottom()},
                                      {edge.left, edge.top}}};
  canvas.polyline(path, {kPaper, line_width + kHalo, Dash::kSolid});  // keeps dark outlines off dark pictures
  canvas.polyline(path, {box.color, line_width, box.dashed ? Dash::kDashed : Dash::kSolid});
}

// Places labels so that they cover no other label if they can avoid it.
class Labels {
 public:
  Labels(Canvas& canvas, const Box& area, double size) : canvas_(canvas), area_(area), size_(size) {}

  void add(const Box& edge, const OverlayBox& box) {
    const std::string text = fitted(canvas_, box.label, size_, true, area_.width - 2 * kLabelPad);
    if (text.empty()) return;
    const double room = kLabelRoom * size_;
    const double wide = canvas_.text_width(text, size_, true) + 2 * kLabelPad;
    const auto at = [&](double left, double top) {
      return Box{std::clamp(left, area_.left, std::max(area_.left, area_.right() - wide)),
                 std::clamp(top, area_.top, std::max(area_.top, area_.bottom() - room)), wide, room};
    };
    // Above, inside at the top, below, inside at the bottom; each on the left, then on the right.
    std::vector<Box> places;
    for (const double top : {edge.top - room, edge.top, edge.bottom(), edge.bottom() - room}) {
      places.push_back(at(edge.left, top));
      places.push_back(at(edge.right() - wide, top));
    }
    const auto is_free = [&](const Box& place) {
      return std::none_of(placed_.begin(), placed_.end(), [&](const Box& other) { return overlap(place, other); });
    };
    const auto found = std::find_if(places.begin(), places.end(), is_free);
    const Box place = found == places.end() ? places[0] : *found;
    placed_.push_back(place);
    canvas_.rectangle(place, box.color);
    canvas_.text({place.left + kLabelPad, place.top + kBaseline * size_}, text,
                 {size_, Anchor::kStart, readable_on(box.color), true, false});
  }

 private:
  Canvas& canvas_;
  Box area_;
  double size_;
  std::vector<Box> placed_;
};

}  // namespace

io::Picture blend_masks(const io::Picture& picture, const std::vector<OverlayBox>& boxes, double opacity) {
  io::Picture blended = io::to_channels(picture, 3);
  for (const OverlayBox& box : boxes) {
    if (!box.mask.empty()) blend_mask(blended, box, opacity);
  }
  return blended;
}

namespace {

// A pale rim below each line and dot keeps it apart from what it lies on.
void draw_skeletons(Canvas& canvas, const Overlay& overlay, const Box& area) {
  const double scale = area.width / static_cast<double>(overlay.picture.width);
  const auto place = [&](const Point& p) {
    return Point{area.left + (p.x + 0.5) * scale, area.top + (p.y + 0.5) * scale};
  };
  constexpr double kRim = 1.2;  // CSS pixels on each side
  for (const OverlayLine& line : overlay.lines) {
    const std::array<Point, 2> ends{place(line.from), place(line.to)};
    const double width = std::max(1.0, line.width * scale);
    if (line.color != kPaper) canvas.polyline(ends, {kPaper, width + 2 * kRim, Dash::kSolid});
    canvas.polyline(ends, {line.color, width, Dash::kSolid});
  }
  for (const OverlayDot& dot : overlay.dots) {
    const double radius = std::max(1.5, dot.radius * scale);
    canvas.circle(place(dot.at), radius + kRim, kPaper);
    canvas.circle(place(dot.at), radius, dot.color);
    if (dot.hollow) canvas.circle(place(dot.at), 0.55 * radius, kPaper);
  }
}

}  // namespace

void draw_overlay(Canvas& canvas, const Overlay& overlay, const io::Picture& pixels, const Box& area, double text_size,
                  double line_width) {
  FOVEA_CHECK(overlay.picture.width > 0 && overlay.picture.height > 0, "an empty picture");
  canvas.picture(area, pixels);
  canvas.begin_clip(area);
  draw_skeletons(canvas, overlay, area);
  std::vector<Box> edges;
  for (const OverlayBox& box : overlay.boxes) {
    edges.push_back(outline(box.box, overlay, area, line_width));
    if (box.outlined) draw_outline(canvas, edges.back(), box, line_width);
  }
  // The last box lies on top, so its label chooses its place first.
  Labels labels(canvas, area, text_size);
  for (size_t i = overlay.boxes.size(); i-- > 0;) {
    if (!overlay.boxes[i].label.empty()) labels.add(edges[i], overlay.boxes[i]);
  }
  canvas.end_clip();
}

}  // namespace fovea::eval
