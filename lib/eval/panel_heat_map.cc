// Panels of coloured cells, e.g. confusion matrices.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kKeyWidth = 12, kKeyGap = 14;  // colour key beside the cells
constexpr int64_t kMostRectangles = 2500;       // more cells become one picture

struct ColorScale {
  double low, high;
  bool is_diverging;

  explicit ColorScale(const HeatMap& map) : is_diverging(map.is_diverging) {
    DataRange range(ScaleKind::kLinear);
    range.add(map.values);
    auto ends = range.ends(map.low, map.high, 0);
    if (is_diverging) {
      const double reach = std::max(std::abs(ends.first), std::abs(ends.second));
      ends = {map.low.value_or(-reach), map.high.value_or(reach)};
    } else if (!map.low && std::none_of(map.values.begin(), map.values.end(), [](double v) { return v < 0; })) {
      ends.first = 0;
    }
    low = ends.first;
    high = ends.second > low ? ends.second : low + 1;
  }
  Color operator()(double value) const {
    if (!is_diverging) return sequential((value - low) / (high - low));
    const double t = value < 0 ? 0.5 - 0.5 * value / (low < 0 ? low : -1) : 0.5 + 0.5 * value / (high > 0 ? high : 1);
    return diverging(t);
  }
};

void draw_key(Canvas& canvas, const ColorScale& colors, const Box& plot) {
  const AxisScale scale(ScaleKind::kLinear, colors.low, colors.high, plot.bottom(), plot.top);
  const double left = plot.right() + kKeyGap;
  constexpr int kSteps = 48;
  const double step = plot.height / kSteps;
  for (int i = 0; i < kSteps; ++i) {
    const double value = colors.high - (i + 0.5) / kSteps * (colors.high - colors.low);
    canvas.rectangle({left, plot.top + i * step, kKeyWidth, step + (i + 1 < kSteps ? 0.6 : 0)}, colors(value));
  }
  for (const Tick& tick : scale.ticks(std::clamp(static_cast<int>(plot.height / 50), 2, 6))) {
    canvas.text({left + kKeyWidth + 5, scale.place(tick.value) + kTickSize * 0.36}, tick.label,
                {kTickSize, Anchor::kStart, kSoftInk, false, false});
  }
}

void draw_cells(Canvas& canvas, const HeatMap& map, const ColorScale& colors, const Box& plot) {
  if (map.rows * map.columns > kMostRectangles) {
    io::Picture picture{map.rows, map.columns, 3, {}};
    for (double value : map.values) {
      const Color color = colors(value);
      picture.pixels.insert(picture.pixels.end(), {color.r, color.g, color.b});
    }
    canvas.picture(plot, picture);
    return;
  }
  const double width = plot.width / static_cast<double>(map.columns),
               height = plot.height / static_cast<double>(map.rows);
  for (int64_t row = 0; row < map.rows; ++row) {
    for (int64_t column = 0; column < map.columns; ++column) {
      const double value = map.values[static_cast<size_t>(row * map.columns + column)];
      const Box cell{plot.left + static_cast<double>(column) * width, plot.top + static_cast<double>(row) * height,
                     width, height};
      canvas.rectangle(cell, colors(value));
      if (!map.show_values || std::isnan(value) || height < kTickSize + 3) continue;
      const std::string text = fmt::format("{:.{}f}", value, map.digits);
      if (canvas.text_width(text, kTickSize, false) > width - 2) continue;
      canvas.text({cell.left + width / 2, cell.top + height / 2 + kTickSize * 0.36}, text,
                  {kTickSize, Anchor::kMiddle, readable_on(colors(value)), false, false});
    }
  }
}

void draw_frame(Canvas& canvas, const Box& plot) {
  const Point corners[] = {{plot.left, plot.top},
                           {plot.right(), plot.top},
                           {plot.right(), plot.bottom()},
                           {plot.left, plot.bottom()},
                           {plot.left, plot.top}};
  canvas.polyline(corners, {kSoftInk, 1, Dash::kSolid});
}

void draw_row_labels(Canvas& canvas, const HeatMap& map, const Box& plot, double room) {
  const double height = plot.height / static_cast<double>(map.rows);
  const auto every = static_cast<size_t>(std::max(1.0, std::ceil((kTickSize + 1) / height)));
  for (size_t i = 0; i < map.row_labels.size(); i += every) {
    const double y = plot.top + (static_cast<double>(i) + 0.5) * height;
    canvas.text({plot.left - kTickGap, y + kTickSize * 0.36}, fitted(canvas, map.row_labels[i], kTickSize, false, room),
                {kTickSize, Anchor::kEnd, kSoftInk, false, false});
  }
}

void draw_column_labels(Canvas& canvas, const HeatMap& map, const Box& plot, bool upright, double room) {
  const double width = plot.width / static_cast<double>(map.columns);
  const auto every = upright ? static_cast<size_t>(std::max(1.0, std::ceil((kTickSize + 1) / width))) : 1;
  for (size_t i = 0; i < map.column_labels.size(); i += every) {
    const double x = plot.left + (static_cast<double>(i) + 0.5) * width;
    const std::string text = fitted(canvas, map.column_labels[i], kTickSize, false, upright ? room : width);
    const Point at = upright ? Point{x + kTickSize * 0.36, plot.bottom() + 5} : Point{x, plot.bottom() + 4 + kTickSize};
    canvas.text(at, text, {kTickSize, upright ? Anchor::kEnd : Anchor::kMiddle, kSoftInk, false, upright});
  }
}

}  // namespace

void draw_heat_map(Canvas& canvas, const Panel& panel, const Box& box) {
  const HeatMap& map = *panel.heat_map;
  const ColorScale colors(map);
  const double row_room = std::min(widest(canvas, map.row_labels, kTickSize), box.width * 0.3);
  const AxisScale key(ScaleKind::kLinear, colors.low, colors.high, 0, 1);
  const double key_room = kKeyGap + kKeyWidth + 5 + widest(canvas, key.ticks(6));
  Box plot = box;
  plot.left += (panel.y.label.empty() ? 0 : kAxisLabelRoom) + (map.row_labels.empty() ? 0 : row_room + kTickGap);
  plot.width = std::max(10.0, box.right() - plot.left - key_room);
  const double longest = widest(canvas, map.column_labels, kTickSize);
  const bool upright = longest > plot.width / static_cast<double>(map.columns) - 4;
  const double column_room = map.column_labels.empty() ? 0
                             : upright                 ? std::min(longest, box.height * 0.3) + 10
                                                       : kTickRoom;
  plot.top += 6;
  plot.height = std::max(10.0, plot.height - 6 - column_room - (panel.x.label.empty() ? 4 : kAxisLabelRoom));

  draw_cells(canvas, map, colors, plot);
  draw_frame(canvas, plot);
  draw_row_labels(canvas, map, plot, row_room);
  draw_column_labels(canvas, map, plot, upright, column_room - 10);
  draw_axis_labels(canvas, panel, box, plot);
  draw_key(canvas, colors, plot);
}

}  // namespace fovea::eval
