// Panels of lines, bands and guides.
#include <algorithm>
#include <cmath>

#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kStub = 14;       // length of the coloured mark before a label
constexpr double kLegendGap = 8;   // between plot and mark
constexpr double kLegendRow = 15;  // least distance of two labels
constexpr double kMarkerRadius = 2.6;
constexpr double kRangeMargin = 0.03;  // of the y range, so that no line lies on the frame

Color color_of(const Line& line, size_t position) { return hue(line.hue >= 0 ? line.hue : static_cast<int>(position)); }

// When the hues are used up, the next round is dashed, then dotted.
Dash dash_of(const Line& line, size_t position) {
  if (line.hue >= 0 || line.dash != Dash::kSolid) return line.dash;
  return static_cast<Dash>(position / kHueCount % 3);
}

struct LegendEntry {
  std::string label;
  Stroke stroke;
  double wanted = 0;  // y of the last point
  bool is_band = false;
};

struct Scales {
  AxisScale x, y;
};

std::pair<std::pair<double, double>, std::pair<double, double>> ranges(const Panel& panel) {
  DataRange x(panel.x.scale), y(panel.y.scale);
  for (const Line& line : panel.lines) {
    x.add(line.x);
    y.add(line.y);
  }
  for (const Band& band : panel.bands) {
    x.add(band.x);
    y.add(band.low);
    y.add(band.high);
  }
  for (const Guide& guide : panel.guides) (guide.vertical ? x : y).add(guide.value);
  return {x.ends(panel.x.low, panel.x.high, 0), y.ends(panel.y.low, panel.y.high, kRangeMargin)};
}

std::vector<Tick> x_ticks_that_fit(const Canvas& canvas, const AxisScale& scale, double width) {
  for (int count = std::clamp(static_cast<int>(width / 45), 2, 12); count > 2; --count) {
    auto ticks = scale.ticks(count);
    bool fits = true;
    for (size_t i = 1; i < ticks.size(); ++i) {
      const double needed = (canvas.text_width(ticks[i - 1].label, kTickSize, false) +
                             canvas.text_width(ticks[i].label, kTickSize, false)) /
                                2 +
                            10;
      fits = fits && scale.place(ticks[i].value) - scale.place(ticks[i - 1].value) >= needed;
    }
    if (fits) return ticks;
  }
  return scale.ticks(2);
}

void draw_x_ticks(Canvas& canvas, const AxisScale& scale, const std::vector<Tick>& ticks, const Box& plot) {
  for (const Tick& tick : ticks) {
    const double x = scale.place(tick.value);
    const Point ends[] = {{x, plot.bottom()}, {x, plot.bottom() + 4}};
    canvas.polyline(ends, {kSoftInk, 1, Dash::kSolid});
    canvas.text({x, plot.bottom() + 4 + kTickSize + 1}, tick.label,
                {kTickSize, Anchor::kMiddle, kSoftInk, false, false});
  }
  const Point axis[] = {{plot.left, plot.bottom()}, {plot.right(), plot.bottom()}};
  canvas.polyline(axis, {kSoftInk, 1, Dash::kSolid});
}

// The unbroken pieces of a line.
std::vector<std::vector<Point>> pieces(const std::vector<double>& x, const std::vector<double>& y,
                                       const Scales& scales) {
  std::vector<std::vector<Point>> out(1);
  for (size_t i = 0; i < x.size(); ++i) {
    if (scales.x.shows(x[i]) && scales.y.shows(y[i]))
      out.back().push_back({scales.x.place(x[i]), scales.y.place(y[i])});
    else if (!out.back().empty())
      out.emplace_back();
  }
  if (out.back().empty()) out.pop_back();
  return out;
}

void draw_line(Canvas& canvas, const Line& line, const Stroke& stroke, const Scales& scales) {
  for (const auto& piece : pieces(line.x, line.y, scales)) {
    if (piece.size() > 1) canvas.polyline(thinned(piece), stroke);
    if (!line.markers && piece.size() > 1) continue;
    for (const Point& point : piece) canvas.circle(point, std::max(kMarkerRadius, stroke.width), stroke.color);
  }
}

void draw_band(Canvas& canvas, const Band& band, const Scales& scales) {
  std::vector<Point> outline, back;
  for (size_t i = 0; i < band.x.size(); ++i) {
    if (!scales.x.shows(band.x[i]) || !scales.y.shows(band.low[i]) || !scales.y.shows(band.high[i])) continue;
    outline.push_back({scales.x.place(band.x[i]), scales.y.place(band.high[i])});
    back.push_back({scales.x.place(band.x[i]), scales.y.place(band.low[i])});
  }
  outline.insert(outline.end(), back.rbegin(), back.rend());
  if (outline.size() > 2) canvas.polygon(outline, hue(band.hue), 0.18);
}

void draw_guide(Canvas& canvas, const Guide& guide, const Scales& scales, const Box& plot) {
  const AxisScale& scale = guide.vertical ? scales.x : scales.y;
  if (!scale.shows(guide.value) || guide.value < scale.low() || guide.value > scale.high()) return;
  const double at = scale.place(guide.value);
  const Point ends[] = {guide.vertical ? Point{at, plot.top} : Point{plot.left, at},
                        guide.vertical ? Point{at, plot.bottom()} : Point{plot.right(), at}};
  canvas.polyline(ends, {kSoftInk, 1, Dash::kDashed});
  // Beside a vertical guide, above a horizontal one at its right end; on the other side where there is no room.
  if (guide.vertical) {
    const bool left = at + 6 + canvas.text_width(guide.label, kTickSize, false) > plot.right();
    draw_note(canvas, {left ? at - 6 : at + 6, plot.top + kTickSize + 1}, guide.label,
              left ? Anchor::kEnd : Anchor::kStart);
  } else {
    const bool below = at - 6 - kTickSize < plot.top;
    draw_note(canvas, {plot.right() - 4, below ? at + kTickSize + 3 : at - 5}, guide.label, Anchor::kEnd);
  }
}

double last_place(const std::vector<double>& x, const std::vector<double>& y, const Scales& scales, const Box& plot) {
  for (size_t i = x.size(); i-- > 0;) {
    if (scales.x.shows(x[i]) && scales.y.shows(y[i])) return std::clamp(scales.y.place(y[i]), plot.top, plot.bottom());
  }
  return plot.bottom();
}

std::vector<LegendEntry> legend(const Panel& panel) {
  std::vector<LegendEntry> out;
  for (size_t i = 0; i < panel.lines.size(); ++i) {
    const Line& line = panel.lines[i];
    if (!line.label.empty()) out.push_back({line.label, {color_of(line, i), line.width, dash_of(line, i)}, 0, false});
  }
  for (const Band& band : panel.bands) {
    if (!band.label.empty()) out.push_back({band.label, {hue(band.hue), 1, Dash::kSolid}, 0, true});
  }
  return out;
}

double legend_width(const Canvas& canvas, const std::vector<LegendEntry>& entries, double at_most) {
  double width = 0;
  for (const auto& entry : entries) width = std::max(width, canvas.text_width(entry.label, kLabelSize, false));
  return entries.empty() ? 0 : std::min(at_most, kLegendGap + kStub + 5 + width);
}

void draw_legend(Canvas& canvas, const Panel& panel, std::vector<LegendEntry> entries, const Scales& scales,
                 const Box& plot, double width) {
  size_t next = 0;
  for (const Line& line : panel.lines) {
    if (!line.label.empty()) entries[next++].wanted = last_place(line.x, line.y, scales, plot);
  }
  for (const Band& band : panel.bands) {
    if (!band.label.empty()) entries[next++].wanted = last_place(band.x, band.high, scales, plot);
  }
  std::vector<double> wanted;
  for (const auto& entry : entries) wanted.push_back(entry.wanted);
  const auto places = spread(wanted, kLegendRow, plot.top + 4, plot.bottom() - 4);
  const double left = plot.right() + kLegendGap;
  for (size_t i = 0; i < entries.size(); ++i) {
    const Point ends[] = {{left, places[i]}, {left + kStub, places[i]}};
    if (entries[i].is_band) {
      const Point area[] = {
          {left, places[i] - 5}, {left + kStub, places[i] - 5}, {left + kStub, places[i] + 5}, {left, places[i] + 5}};
      canvas.polygon(area, entries[i].stroke.color, 0.25);
    } else {
      canvas.polyline(ends, entries[i].stroke);
    }
    const std::string text = fitted(canvas, entries[i].label, kLabelSize, false, width - kLegendGap - kStub - 5);
    canvas.text({left + kStub + 5, places[i] + kLabelSize * 0.36}, text,
                {kLabelSize, Anchor::kStart, kInk, false, false});
  }
}

}  // namespace

void draw_lines(Canvas& canvas, const Panel& panel, const Box& box) {
  const auto [x_ends, y_ends] = ranges(panel);
  const auto entries = legend(panel);
  const double right = legend_width(canvas, entries, box.width * 0.45);
  Box plot = box;
  plot.top += 6;
  plot.height -= 6 + kTickRoom + (panel.x.label.empty() ? 0 : kAxisLabelRoom);
  plot.height = std::max(plot.height, 10.0);
  const AxisScale y(panel.y.scale, y_ends.first, y_ends.second, plot.bottom(), plot.top);
  const auto y_ticks = y.ticks(y_tick_count(plot.height));
  plot.left += (panel.y.label.empty() ? 0 : kAxisLabelRoom) + widest(canvas, y_ticks) + kTickGap;
  // Room for half of the last x label when no legend gives it.
  plot.width = std::max(10.0, box.right() - plot.left - std::max(right, 18.0));
  const Scales scales{AxisScale(panel.x.scale, x_ends.first, x_ends.second, plot.left, plot.right()), y};

  draw_y_ticks(canvas, scales.y, y_ticks, plot);
  draw_x_ticks(canvas, scales.x, x_ticks_that_fit(canvas, scales.x, plot.width), plot);
  draw_axis_labels(canvas, panel, box, plot);
  canvas.begin_clip(plot);
  for (const Band& band : panel.bands) draw_band(canvas, band, scales);
  for (size_t i = 0; i < panel.lines.size(); ++i) {
    const Line& line = panel.lines[i];
    draw_line(canvas, line, {color_of(line, i), line.width, dash_of(line, i)}, scales);
  }
  for (const Guide& guide : panel.guides) draw_guide(canvas, guide, scales, plot);
  canvas.end_clip();
  draw_legend(canvas, panel, entries, scales, plot, right);
}

}  // namespace fovea::eval
