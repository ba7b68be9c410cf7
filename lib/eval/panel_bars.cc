// Panels of bars.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kLegendRoom = 22, kSwatch = 10, kBarShare = 0.78;  // of a slot

std::pair<double, double> value_range(const Panel& panel) {
  DataRange range(panel.y.scale);
  if (panel.y.scale == ScaleKind::kLinear) range.add(0.0);
  for (const BarGroup& group : panel.bars->groups) range.add(group.values);
  for (const Guide& guide : panel.guides) range.add(guide.value);
  auto ends = range.ends(panel.y.low, panel.y.high, 0.06);
  // Bars stand on zero.
  if (!panel.y.low && panel.y.scale == ScaleKind::kLinear && ends.first < 0) {
    bool any_negative = false;
    for (const BarGroup& group : panel.bars->groups) {
      any_negative =
          any_negative || std::any_of(group.values.begin(), group.values.end(), [](double v) { return v < 0; });
    }
    if (!any_negative) ends.first = 0;
  }
  return ends;
}

void draw_group_legend(Canvas& canvas, const Bars& bars, const Box& box) {
  double x = box.left;
  for (size_t i = 0; i < bars.groups.size(); ++i) {
    const double width = canvas.text_width(bars.groups[i].label, kLabelSize, false);
    if (i > 0 && x + kSwatch + 5 + width > box.right()) return;
    canvas.rectangle({x, box.top + 3, kSwatch, kSwatch}, hue(static_cast<int>(i)));
    const std::string text = fitted(canvas, bars.groups[i].label, kLabelSize, false, box.right() - x - kSwatch - 5);
    canvas.text({x + kSwatch + 5, box.top + 3 + kSwatch - 0.5}, text, {kLabelSize, Anchor::kStart, kInk, false, false});
    x += kSwatch + 5 + width + 16;
  }
}

// Horizontal if they fit, else upright; every n-th if even those are too many.
void draw_categories(Canvas& canvas, const Bars& bars, const Box& plot, bool upright, double room) {
  const double slot = plot.width / static_cast<double>(bars.categories.size());
  const size_t every = upright ? static_cast<size_t>(std::max(1.0, std::ceil((kTickSize + 2) / slot))) : 1;
  for (size_t i = 0; i < bars.categories.size(); i += every) {
    const double x = plot.left + (static_cast<double>(i) + 0.5) * slot;
    const std::string text = fitted(canvas, bars.categories[i], kTickSize, false, upright ? room : slot);
    const Point at = upright ? Point{x + kTickSize * 0.36, plot.bottom() + 6} : Point{x, plot.bottom() + 5 + kTickSize};
    canvas.text(at, text, {kTickSize, upright ? Anchor::kEnd : Anchor::kMiddle, kSoftInk, false, upright});
  }
}

void draw_all_bars(Canvas& canvas, const Bars& bars, const AxisScale& scale, const Box& plot) {
  const double slot = plot.width / static_cast<double>(bars.categories.size());
  const double width = slot * kBarShare / static_cast<double>(bars.groups.size());
  const double base = std::clamp(scale.shows(0) ? scale.place(0) : plot.bottom(), plot.top, plot.bottom());
  for (size_t g = 0; g < bars.groups.size(); ++g) {
    for (size_t i = 0; i < bars.categories.size(); ++i) {
      const double value = bars.groups[g].values[i];
      if (!scale.shows(value)) continue;
      const double y = std::clamp(scale.place(value), plot.top, plot.bottom());
      const double x =
          plot.left + (static_cast<double>(i) + (1 - kBarShare) / 2) * slot + static_cast<double>(g) * width;
      canvas.rectangle({x, std::min(y, base), std::max(0.5, width * 0.94), std::abs(base - y)},
                       hue(static_cast<int>(g)));
      const std::string text = fmt::format("{:.{}f}", value, bars.digits);
      if (canvas.text_width(text, kTickSize, false) >
          width + (bars.groups.size() == 1 ? slot * (1 - kBarShare) - 2 : 0))
        continue;
      canvas.text({x + width * 0.47, y <= base ? y - 4 : y + kTickSize + 2}, text,
                  {kTickSize, Anchor::kMiddle, kInk, false, false});
    }
  }
}

}  // namespace

void draw_bars(Canvas& canvas, const Panel& panel, const Box& box) {
  const Bars& bars = *panel.bars;
  const auto ends = value_range(panel);
  Box plot = box;
  if (bars.groups.size() > 1) {
    draw_group_legend(canvas, bars, box);
    plot.top += kLegendRoom;
    plot.height -= kLegendRoom;
  }
  plot.top += 6;
  plot.height -= 6;
  // The width of the y labels depends on the height, and that on the category labels: assume wide y labels for these.
  const double slots = std::max<double>(1, static_cast<double>(bars.categories.size()));
  const double longest = widest(canvas, bars.categories, kTickSize);
  const bool upright = longest > (box.width - 60) / slots - 4;
  const double room = std::min(longest, box.height * 0.4);
  plot.height -= (upright ? room + 10 : kTickRoom) + (panel.x.label.empty() ? 0 : kAxisLabelRoom);
  plot.height = std::max(plot.height, 10.0);
  const AxisScale scale(panel.y.scale, ends.first, ends.second, plot.bottom(), plot.top);
  const auto ticks = scale.ticks(y_tick_count(plot.height));
  plot.left += (panel.y.label.empty() ? 0 : kAxisLabelRoom) + widest(canvas, ticks) + kTickGap;
  plot.width = std::max(10.0, box.right() - plot.left);

  draw_y_ticks(canvas, scale, ticks, plot);
  draw_axis_labels(canvas, panel, box, plot);
  if (bars.categories.empty() || bars.groups.empty()) return;
  draw_all_bars(canvas, bars, scale, plot);
  draw_categories(canvas, bars, plot, upright, room);
  for (const Guide& guide : panel.guides) {
    if (guide.vertical || !scale.shows(guide.value)) continue;
    const Point line[] = {{plot.left, scale.place(guide.value)}, {plot.right(), scale.place(guide.value)}};
    canvas.polyline(line, {kSoftInk, 1, Dash::kDashed});
    draw_note(canvas, {plot.right(), line[0].y - 4}, guide.label, Anchor::kEnd);
  }
}

}  // namespace fovea::eval
