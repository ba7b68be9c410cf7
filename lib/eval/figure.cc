#include "eval/figure.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kMargin = 16, kGutter = 20, kTitleSize = 18, kTitleRoom = 34, kCaptionSize = 11, kCaptionRoom = 24;

struct Grid {
  int columns, rows;
  double width, height, top;
  explicit Grid(const Figure& figure) {
    const int panels = std::max<int>(1, static_cast<int>(figure.panels.size()));
    const int square = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(panels))));
    columns = figure.columns > 0 ? std::min(figure.columns, panels) : square;
    rows = (panels + columns - 1) / columns;
    top = kMargin + (figure.title.empty() ? 0 : kTitleRoom);
    width = 2 * kMargin + columns * figure.panel_width + (columns - 1) * kGutter;
    height =
        top + rows * figure.panel_height + (rows - 1) * kGutter + kMargin + (figure.caption.empty() ? 0 : kCaptionRoom);
  }
};

void check(const Panel& panel) {
  const int kinds = (panel.bars ? 1 : 0) + (panel.heat_map ? 1 : 0) + (panel.picture ? 1 : 0) +
                    (panel.lines.empty() && panel.bands.empty() ? 0 : 1);
  FOVEA_CHECK(kinds <= 1, "panel '{}' holds {} kinds of content", panel.title, kinds);
  for (const auto& line : panel.lines)
    FOVEA_CHECK(line.x.size() == line.y.size(), "line '{}': {} x, {} y", line.label, line.x.size(), line.y.size());
  for (const auto& band : panel.bands) {
    FOVEA_CHECK(band.x.size() == band.low.size() && band.x.size() == band.high.size(), "band '{}' of unequal lengths",
                band.label);
  }
  if (panel.bars) {
    for (const auto& group : panel.bars->groups) {
      FOVEA_CHECK(group.values.size() == panel.bars->categories.size(), "bars '{}': {} values", group.label,
                  group.values.size());
    }
  }
  if (const auto& map = panel.heat_map) {
    FOVEA_CHECK(
        map->rows > 0 && map->columns > 0 && static_cast<int64_t>(map->values.size()) == map->rows * map->columns,
        "heat map {}x{}: {} values", map->rows, map->columns, map->values.size());
    const auto fits = [](const std::vector<std::string>& labels, int64_t n) {
      return labels.empty() || static_cast<int64_t>(labels.size()) == n;
    };
    FOVEA_CHECK(fits(map->row_labels, map->rows) && fits(map->column_labels, map->columns),
                "heat map: labels of another count");
  }
}

void draw(Canvas& canvas, const Figure& figure, const Grid& grid) {
  const double room = grid.width - 2 * kMargin;
  if (!figure.title.empty()) {
    const std::string title = fitted(canvas, figure.title, kTitleSize, true, room);
    canvas.text({kMargin, kMargin + kTitleSize}, title, {kTitleSize, Anchor::kStart, kInk, true, false});
  }
  for (size_t i = 0; i < figure.panels.size(); ++i) {
    const int row = static_cast<int>(i) / grid.columns, column = static_cast<int>(i) % grid.columns;
    const Box box{kMargin + column * (figure.panel_width + kGutter), grid.top + row * (figure.panel_height + kGutter),
                  figure.panel_width, figure.panel_height};
    draw_panel(canvas, figure.panels[i], box);
  }
  if (!figure.caption.empty()) {
    const std::string caption = fitted(canvas, figure.caption, kCaptionSize, false, room);
    canvas.text({kMargin, grid.height - kMargin}, caption, {kCaptionSize, Anchor::kStart, kSoftInk, false, false});
  }
}

void check(const Figure& figure) {
  FOVEA_CHECK(figure.panel_width >= 60 && figure.panel_height >= 60, "panels of {}x{}", figure.panel_width,
              figure.panel_height);
  for (const auto& panel : figure.panels) check(panel);
}

}  // namespace

std::string render_svg(const Figure& figure) {
  check(figure);
  const Grid grid(figure);
  SvgCanvas canvas(grid.width, grid.height, figure.title.empty() ? "figure" : figure.title);
  draw(canvas, figure, grid);
  return canvas.finish();
}

io::Picture render_picture(const Figure& figure, double scale) {
  check(figure);
  const Grid grid(figure);
  RasterCanvas canvas(grid.width, grid.height, scale);
  draw(canvas, figure, grid);
  return canvas.finish();
}

FigureFormat figure_format(const std::string& path) {
  const std::string name = base_name(path);
  const size_t dot = name.rfind('.');
  std::string suffix = dot == std::string::npos ? "" : name.substr(dot);
  std::transform(suffix.begin(), suffix.end(), suffix.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  if (suffix == ".svg") return FigureFormat::kSvg;
  if (suffix == ".png") return FigureFormat::kPng;
  fail(ErrorKind::kUsage, "{}: expected a file name that ends in .svg or .png, found '{}'", printable(path),
       printable(suffix));
}

std::vector<std::byte> encode_figure(const Figure& figure, FigureFormat format) {
  if (format == FigureFormat::kPng) return io::encode_png(render_picture(figure));
  const std::string text = render_svg(figure);
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_figure(const Figure& figure, const std::string& path, OutputPolicy policy) {
  const FigureFormat format = figure_format(path);
  AtomicFile file(path, policy);
  const auto bytes = encode_figure(figure, format);
  file.write(std::span<const std::byte>(bytes));
  file.commit();
}

}  // namespace fovea::eval
