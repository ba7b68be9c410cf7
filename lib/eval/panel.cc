#include "eval/panel.h"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace fovea::eval {
namespace {

constexpr double kPanelTitleRoom = 24;

void draw_picture(Canvas& canvas, const io::Picture& picture, const Box& box) {
  if (picture.width <= 0 || picture.height <= 0) return;
  const double scale =
      std::min(box.width / static_cast<double>(picture.width), box.height / static_cast<double>(picture.height));
  canvas.picture(
      {box.left, box.top, static_cast<double>(picture.width) * scale, static_cast<double>(picture.height) * scale},
      picture);
}

}  // namespace

void draw_panel(Canvas& canvas, const Panel& panel, const Box& box) {
  Box inner = box;
  if (!panel.title.empty()) {
    const std::string title = fitted(canvas, panel.title, kPanelTitleSize, true, box.width);
    canvas.text({box.left, box.top + kPanelTitleSize}, title, {kPanelTitleSize, Anchor::kStart, kInk, true, false});
    inner.top += kPanelTitleRoom;
    inner.height -= kPanelTitleRoom;
  }
  if (panel.heat_map)
    draw_heat_map(canvas, panel, inner);
  else if (panel.bars)
    draw_bars(canvas, panel, inner);
  else if (panel.picture)
    draw_picture(canvas, *panel.picture, inner);
  else
    draw_lines(canvas, panel, inner);
}

void draw_axis_labels(Canvas& canvas, const Panel& panel, const Box& box, const Box& plot) {
  if (!panel.x.label.empty()) {
    const std::string text = fitted(canvas, panel.x.label, kLabelSize, false, box.width);
    canvas.text({plot.left + plot.width / 2, box.bottom() - 4}, text,
                {kLabelSize, Anchor::kMiddle, kInk, false, false});
  }
  if (!panel.y.label.empty()) {
    const std::string text = fitted(canvas, panel.y.label, kLabelSize, false, box.height);
    canvas.text({box.left + kLabelSize, plot.top + plot.height / 2}, text,
                {kLabelSize, Anchor::kMiddle, kInk, false, true});
  }
}

void draw_y_ticks(Canvas& canvas, const AxisScale& scale, const std::vector<Tick>& ticks, const Box& plot) {
  for (const Tick& tick : ticks) {
    const double y = scale.place(tick.value);
    const Point ends[] = {{plot.left, y}, {plot.right(), y}};
    canvas.polyline(ends, {kGridInk, 1, Dash::kSolid});
    canvas.text({plot.left - kTickGap, y + kTickSize * 0.36}, tick.label,
                {kTickSize, Anchor::kEnd, kSoftInk, false, false});
  }
}

void draw_note(Canvas& canvas, Point at, std::string_view text, Anchor anchor) {
  if (text.empty()) return;
  const double width = canvas.text_width(text, kTickSize, false);
  const double left = anchor == Anchor::kEnd ? at.x - width - 2 : at.x - 2, top = at.y - kTickSize;
  const Point ground[] = {{left, top}, {left + width + 4, top}, {left + width + 4, at.y + 3}, {left, at.y + 3}};
  canvas.polygon(ground, kPaper, 0.8);
  canvas.text(at, text, {kTickSize, anchor, kSoftInk, false, false});
}

int y_tick_count(double height) { return std::clamp(static_cast<int>(height / 36), 3, 10); }

double widest(const Canvas& canvas, const std::vector<Tick>& ticks) {
  double width = 0;
  for (const Tick& tick : ticks) width = std::max(width, canvas.text_width(tick.label, kTickSize, false));
  return width;
}

double widest(const Canvas& canvas, const std::vector<std::string>& texts, double size) {
  double width = 0;
  for (const auto& text : texts) width = std::max(width, canvas.text_width(text, size, false));
  return width;
}

std::string fitted(const Canvas& canvas, std::string_view text, double size, bool bold, double width) {
  width += 1e-6;  // a width that was computed from this very text must not cut it by rounding
  if (canvas.text_width(text, size, bold) <= width) return std::string(text);
  std::string cut(text);
  while (!cut.empty()) {
    // Drop one character, that is its continuation bytes and its first.
    while (!cut.empty() && (cut.back() & 0xC0) == 0x80) cut.pop_back();
    if (!cut.empty()) cut.pop_back();
    if (canvas.text_width(cut + "...", size, bold) <= width) return cut + "...";
  }
  return cut;
}

std::vector<double> spread(std::vector<double> wanted, double gap, double low, double high) {
  std::vector<size_t> order(wanted.size());
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return wanted[a] < wanted[b]; });
  if (order.empty()) return wanted;
  // Too many for the room: closer together, but evenly.
  if (order.size() > 1) gap = std::min(gap, std::max(0.0, (high - low) / static_cast<double>(order.size() - 1)));
  double floor = low;
  for (size_t i : order) {
    wanted[i] = std::max(wanted[i], floor);
    floor = wanted[i] + gap;
  }
  double ceiling = high;
  for (auto it = order.rbegin(); it != order.rend(); ++it) {
    wanted[*it] = std::min(wanted[*it], ceiling);
    ceiling = wanted[*it] - gap;
  }
  return wanted;
}

std::vector<Point> thinned(const std::vector<Point>& points) {
  if (points.size() < 3) return points;
  const auto [least, most] =
      std::minmax_element(points.begin(), points.end(), [](const Point& a, const Point& b) { return a.x < b.x; });
  if (static_cast<double>(points.size()) <= 4 * (most->x - least->x + 1)) return points;
  std::vector<Point> out;
  for (size_t begin = 0; begin < points.size();) {
    size_t end = begin, low = begin, high = begin;
    while (end < points.size() && std::floor(points[end].x) == std::floor(points[begin].x)) {
      if (points[end].y < points[low].y) low = end;
      if (points[end].y > points[high].y) high = end;
      ++end;
    }
    size_t keep[] = {begin, std::min(low, high), std::max(low, high), end - 1};
    for (size_t i = 0; i < 4; ++i) {
      if (i == 0 || keep[i] != keep[i - 1]) out.push_back(points[keep[i]]);
    }
    begin = end;
  }
  return out;
}

}  // namespace fovea::eval
