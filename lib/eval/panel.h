// Drawing one panel of a figure into a box of a canvas. Internal to eval; figures are made through figure.h.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "eval/canvas.h"
#include "eval/figure.h"

namespace fovea::eval {

inline constexpr double kTickSize = 11, kLabelSize = 12, kPanelTitleSize = 14;  // font sizes
inline constexpr double kTickGap = 6;                                           // between tick labels and the plot
inline constexpr double kTickRoom = 20;                                         // height of the row of x tick labels
inline constexpr double kAxisLabelRoom = 20;                                    // height (width) of an x (y) axis label

void draw_panel(Canvas& canvas, const Panel& panel, const Box& box);

// Pieces of it.
void draw_lines(Canvas& canvas, const Panel& panel, const Box& box);
void draw_bars(Canvas& canvas, const Panel& panel, const Box& box);
void draw_heat_map(Canvas& canvas, const Panel& panel, const Box& box);

// Axis titles: x below the plot at the bottom of the box, y along its left edge.
void draw_axis_labels(Canvas& canvas, const Panel& panel, const Box& box, const Box& plot);
// Grid lines across the plot and labels on its left.
void draw_y_ticks(Canvas& canvas, const AxisScale& scale, const std::vector<Tick>& ticks, const Box& plot);
// Text of tick size over whatever lies there, on a pale ground. `anchor` is kStart or kEnd.
void draw_note(Canvas& canvas, Point at, std::string_view text, Anchor anchor);
int y_tick_count(double height);
double widest(const Canvas& canvas, const std::vector<Tick>& ticks);
double widest(const Canvas& canvas, const std::vector<std::string>& texts, double size);

// The text, cut with "..." so that it is at most `width` wide.
std::string fitted(const Canvas& canvas, std::string_view text, double size, bool bold, double width);
// Positions as near to `wanted` as possible, in the same order, at least `gap` apart and inside [low, high] if they
// fit.
std::vector<double> spread(std::vector<double> wanted, double gap, double low, double high);
// Points of a line in pixels, thinned to the extremes of each pixel column when there are many more points than
// columns.
std::vector<Point> thinned(const std::vector<Point>& points);

}  // namespace fovea::eval
