// A sheet of pictures: the grid, the letterboxes, the captions.
#include <algorithm>
#include <cmath>
#include <cstring>

#include "base/error.h"
#include "data/raster.h"
#include "eval/overlay.h"
#include "eval/panel.h"

namespace fovea::eval {
namespace {

constexpr double kSheetMargin = 12, kGap = 10, kTitleSize = 17, kTitleRoom = 30, kRowTitleSize = 14, kRowTitleRoom = 24;
constexpr double kCaptionRoom = 1.6;           // in text sizes
constexpr Color kLetterbox{0xF1, 0xF1, 0xF1};  // around pictures that do not fill their cell

struct Layout {
  int columns;
  double caption, width, height;
  std::vector<double> tops;  // of the cells of each row

  explicit Layout(const Sheet& sheet) {
    const int count = static_cast<int>(sheet.cells.size());
    const int square = static_cast<int>(std::ceil(std::sqrt(static_cast<double>(count))));
    columns = sheet.columns > 0 ? std::min(sheet.columns, count) : square;
    const bool captions =
        std::any_of(sheet.cells.begin(), sheet.cells.end(), [](const Overlay& cell) { return !cell.caption.empty(); });
    caption = captions ? kCaptionRoom * sheet.text_size : 0;
    width = 2 * kSheetMargin + columns * sheet.cell_width + (columns - 1) * kGap;
    double y = kSheetMargin + (sheet.title.empty() ? 0 : kTitleRoom);
    for (size_t row = 0; static_cast<int>(row) < (count + columns - 1) / columns; ++row) {
      if (row > 0) y += kGap;
      if (row < sheet.row_titles.size() && !sheet.row_titles[row].empty()) y += kRowTitleRoom;
      tops.push_back(y);
      y += sheet.cell_height + caption;
    }
    height = y + kSheetMargin;
  }
  Box cell(const Sheet& sheet, int index) const {
    return {kSheetMargin + (index % columns) * (sheet.cell_width + kGap), tops[static_cast<size_t>(index / columns)],
            sheet.cell_width, sheet.cell_height};
  }
};

void check(const Sheet& sheet) {
  FOVEA_CHECK(!sheet.cells.empty(), "a sheet without pictures");
  FOVEA_CHECK(sheet.cell_width >= 8 && sheet.cell_height >= 8, "cells of {}x{}", sheet.cell_width, sheet.cell_height);
}

// The largest box of the picture's proportions inside the cell, in the middle.
Box letterboxed(const io::Picture& picture, const Box& cell) {
  const double scale =
      std::min(cell.width / static_cast<double>(picture.width), cell.height / static_cast<double>(picture.height));
  const double w = scale * static_cast<double>(picture.width), h = scale * static_cast<double>(picture.height);
  return {cell.left + (cell.width - w) / 2, cell.top + (cell.height - h) / 2, w, h};
}

// The picture with its masks at `density` pixels per CSS pixel; canvases draw pixels as squares, photographs want to be
// smooth. `may_grow`: the canvas would only enlarge (SVG viewers can do that themselves).
io::Picture prepared(const Overlay& overlay, const Box& area, double density, bool may_grow) {
  io::Picture picture = blend_masks(overlay.picture, overlay.boxes);
  const auto w = std::max<int64_t>(1, std::llround(area.width * density));
  const auto h = std::max<int64_t>(1, std::llround(area.height * density));
  if ((w == picture.width && h == picture.height) || (!may_grow && w >= picture.width && h >= picture.height)) {
    return picture;
  }
  data::Raster resized = data::resize(data::view_of(picture), h, w);
  return {resized.height, resized.width, resized.channels, std::move(resized.bytes)};
}

double caption_size(const Canvas& canvas, const Sheet& sheet, const std::string& caption, double width) {
  const double wanted = canvas.text_width(caption, sheet.text_size, false);
  if (!sheet.shrink_captions || wanted <= width) return sheet.text_size;
  return sheet.text_size * std::max(0.6, width / wanted);
}

void draw(Canvas& canvas, const Sheet& sheet, const Layout& layout, double density, bool may_grow) {
  const double room = layout.width - 2 * kSheetMargin;
  if (!sheet.title.empty()) {
    canvas.text({kSheetMargin, kSheetMargin + kTitleSize}, fitted(canvas, sheet.title, kTitleSize, true, room),
                {kTitleSize, Anchor::kStart, kInk, true, false});
  }
  for (int i = 0; i < static_cast<int>(sheet.cells.size()); ++i) {
    const Overlay& overlay = sheet.cells[static_cast<size_t>(i)];
    const Box cell = layout.cell(sheet, i);
    const auto row = static_cast<size_t>(i / layout.columns);
    if (i % layout.columns == 0 && row < sheet.row_titles.size() && !sheet.row_titles[row].empty()) {
      canvas.text({cell.left, cell.top - kRowTitleRoom + 1.1 * kRowTitleSize},
                  fitted(canvas, sheet.row_titles[row], kRowTitleSize, true, room),
                  {kRowTitleSize, Anchor::kStart, kInk, true, false});
    }
    if (overlay.picture.pixels.empty()) continue;  // a place left free
    canvas.rectangle(cell, kLetterbox);
    const Box area = letterboxed(overlay.picture, cell);
    draw_overlay(canvas, overlay, prepared(overlay, area, density, may_grow), area, sheet.text_size, sheet.line_width);
    if (!overlay.caption.empty()) {
      const double size = caption_size(canvas, sheet, overlay.caption, cell.width);
      canvas.text({cell.left + 1, cell.bottom() + 1.15 * sheet.text_size},
                  fitted(canvas, overlay.caption, size, false, cell.width),
                  {size, Anchor::kStart, kSoftInk, false, false});
    }
  }
}

}  // namespace

Sheet single_sheet(Overlay overlay, double longer_side) {
  const auto w = static_cast<double>(overlay.picture.width), h = static_cast<double>(overlay.picture.height);
  const double scale = longer_side / std::max({w, h, 1.0});
  Sheet sheet;
  sheet.cell_width = std::max(8.0, std::round(w * scale));
  sheet.cell_height = std::max(8.0, std::round(h * scale));
  sheet.columns = 1;
  sheet.cells.push_back(std::move(overlay));
  return sheet;
}

std::string render_svg(const Sheet& sheet) {
  check(sheet);
  const Layout layout(sheet);
  SvgCanvas canvas(layout.width, layout.height, sheet.title.empty() ? "pictures" : sheet.title);
  draw(canvas, sheet, layout, 2, false);
  return canvas.finish();
}

io::Picture render_picture(const Sheet& sheet, double scale) {
  check(sheet);
  const Layout layout(sheet);
  RasterCanvas canvas(layout.width, layout.height, scale);
  draw(canvas, sheet, layout, scale, true);
  return canvas.finish();
}

std::vector<std::byte> encode_sheet(const Sheet& sheet, FigureFormat format) {
  if (format == FigureFormat::kPng) return io::encode_png(render_picture(sheet));
  const std::string text = render_svg(sheet);
  std::vector<std::byte> bytes(text.size());
  std::memcpy(bytes.data(), text.data(), text.size());
  return bytes;
}

void write_sheet(const Sheet& sheet, const std::string& path, OutputPolicy policy) {
  const FigureFormat format = figure_format(path);
  AtomicFile file(path, policy);
  const auto bytes = encode_sheet(sheet, format);
  file.write(std::span<const std::byte>(bytes));
  file.commit();
}

}  // namespace fovea::eval
