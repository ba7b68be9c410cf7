// Figures: a grid of panels with lines, bands, bars, heat maps or pictures; written as SVG or PNG. The model is plain
// data, the layout is done at render time, and equal figures give equal bytes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/file.h"
#include "eval/canvas.h"
#include "eval/scale.h"
#include "io/picture.h"

namespace fovea::eval {

struct Axis {
  std::string label;
  ScaleKind scale = ScaleKind::kLinear;
  std::optional<double> low, high;  // fixed ends; free ones follow the data
};

// Points are joined in their order; a NaN, an infinity, or on a log axis a value <= 0 makes a gap. Labelled lines are
// named at their right end, in the margin.
struct Line {
  std::string label;
  std::vector<double> x, y;  // equally many
  int hue = -1;              // index into the palette; -1 = position in the panel
  Dash dash = Dash::kSolid;
  double width = 2;
  bool markers = false;
};

// A pale area between two curves, e.g. two percentiles.
struct Band {
  std::string label;
  std::vector<double> x, low, high;  // equally many
  int hue = 0;
};

// A thin dashed line across the panel, e.g. a chance level.
struct Guide {
  double value = 0;
  bool vertical = false;
  std::string label;
};

// Vertical bars from zero: one slot per category, one bar per group in each slot.
struct BarGroup {
  std::string label;
  std::vector<double> values;  // one per category; NaN = absent
};
struct Bars {
  std::vector<std::string> categories;
  std::vector<BarGroup> groups;
  int digits = 2;  // of the values written over the bars, where there is room
};

// Cells from low (white) to high (dark), row 0 on top. NaN cells are grey.
struct HeatMap {
  int64_t rows = 0, columns = 0;
  std::vector<double> values;                          // [rows,columns]
  std::vector<std::string> row_labels, column_labels;  // empty: none; else one each
  std::optional<double> low, high;  // of the colours; default: the data's, from 0 if none is negative
  bool is_diverging = false;        // zero is white, both signs have a colour
  bool show_values = true;          // where there is room
  int digits = 0;
};

// One of: lines and bands, bars, heat map, picture.
struct Panel {
  std::string title;
  Axis x, y;
  std::vector<Line> lines;
  std::vector<Band> bands;
  std::vector<Guide> guides;
  std::optional<Bars> bars;
  std::optional<HeatMap> heat_map;
  std::optional<io::Picture> picture;
};

struct Figure {
  std::string title, caption;
  std::vector<Panel> panels;
  int columns = 0;                               // 0 = about square
  double panel_width = 620, panel_height = 360;  // CSS pixels, labels included
};

// All throw Error(kUsage) for axis ends that make no range, and for pictures too large to draw.
std::string render_svg(const Figure& figure);
io::Picture render_picture(const Figure& figure, double scale = 2);  // device pixels per CSS pixel

enum class FigureFormat { kSvg, kPng };
// By the suffix of the path, any case; throws Error(kUsage) for others.
FigureFormat figure_format(const std::string& path);
// The file's bytes for a path like this.
std::vector<std::byte> encode_figure(const Figure& figure, FigureFormat format);
// Written completely or not at all (base/file.h).
void write_figure(const Figure& figure, const std::string& path, OutputPolicy policy = {});

}  // namespace fovea::eval
