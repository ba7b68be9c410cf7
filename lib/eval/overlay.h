// Boxes, labels and masks drawn over pictures, one picture or a sheet of them; as SVG or PNG, like figures.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/box.h"
#include "base/file.h"
#include "eval/canvas.h"
#include "eval/figure.h"
#include "io/picture.h"

namespace fovea::eval {

struct OverlayBox {
  fovea::Box box;  // in pixels of the picture; what leaves the picture is cut
  Color color = kInk;
  std::string label = {};  // on a ground of this colour, inside the picture; empty: none
  bool dashed = false;
  bool outlined = true;  // false: mask and label alone
  // One byte for each pixel of the box, row-major (whole-numbered corners), not 0 = covered; empty: no mask.
  std::vector<uint8_t> mask = {};
};

// Limbs and joints: places are pixel centres of the picture, widths and radii are in its pixels.
struct OverlayLine {
  Point from, to;
  Color color = kInk;
  double width = 1;
};
struct OverlayDot {
  Point at;
  double radius = 2;
  Color color = kInk;
  bool hollow = false;  // a ring
};

// A picture and what lies on it. Lines and dots are drawn first, then boxes, each in their order; masks lie below all
// outlines, labels above.
struct Overlay {
  io::Picture picture;
  std::vector<OverlayBox> boxes;
  std::string caption;  // below the picture; cut to its cell
  std::vector<OverlayLine> lines = {};
  std::vector<OverlayDot> dots = {};
};

// The pictures in rows of cells of one size, letterboxed, each above its caption.
struct Sheet {
  std::string title;
  std::vector<Overlay> cells;                  // row by row
  std::vector<std::string> row_titles;         // above the rows; missing and empty ones take no room
  int columns = 0;                             // 0 = about square
  double cell_width = 480, cell_height = 360;  // CSS pixels, without the caption
  double text_size = 13;                       // of labels and captions
  double line_width = 2;                       // of outlines
  bool shrink_captions = false;                // long captions become smaller, to 60 %, before they are cut
};

// One picture on a sheet of its own, its longer side `longer_side` CSS pixels.
Sheet single_sheet(Overlay overlay, double longer_side = 720);

// The picture in RGB with the boxes' masks blended over it, their borders opaque: pixels of the picture's own size.
io::Picture blend_masks(const io::Picture& picture, const std::vector<OverlayBox>& boxes, double opacity = 0.45);

// All throw Error(kUsage) for a sheet too large to draw (RasterCanvas).
std::string render_svg(const Sheet& sheet);
io::Picture render_picture(const Sheet& sheet, double scale = 2);  // device pixels per CSS pixel
std::vector<std::byte> encode_sheet(const Sheet& sheet, FigureFormat format);
// By the suffix of the path, written completely or not at all (figure_format, base/file.h).
void write_sheet(const Sheet& sheet, const std::string& path, OutputPolicy policy = {});

// Draws into `area`, which has the picture's proportions; `pixels` is the picture at the resolution to be shown.
void draw_overlay(Canvas& canvas, const Overlay& overlay, const io::Picture& pixels, const Box& area, double text_size,
                  double line_width);

}  // namespace fovea::eval
