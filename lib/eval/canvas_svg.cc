// SVG by hand: plain shapes and attributes that every viewer knows, numbers with at most two decimals.
#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "eval/canvas.h"

namespace fovea::eval {
namespace {

std::string number(double value) {
  std::string text = fmt::format("{:.2f}", value);
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text == "-0" ? "0" : text;
}

std::string hex(Color color) { return fmt::format("#{:02x}{:02x}{:02x}", color.r, color.g, color.b); }

std::string point_list(std::span<const Point> points) {
  std::string out;
  for (const Point& point : points) {
    if (!out.empty()) out += ' ';
    out += number(point.x) + ',' + number(point.y);
  }
  return out;
}

std::string box_attributes(const Box& box) {
  return fmt::format("x=\"{}\" y=\"{}\" width=\"{}\" height=\"{}\"", number(box.left), number(box.top),
                     number(box.width), number(box.height));
}

// Advance widths in units of the font size. They follow DejaVu Sans, the widest of the fonts named in the file, so that
// a layout made with them has room in any of them.
double advance(char32_t c) {
  constexpr std::string_view kNarrow = "iljI.,:;'|!", kThin = "ft()[]-r/\\\"", kWide = "mwMW%@";
  if (c >= 0x2E80) return 1.0;
  if (c >= 0x80) return 0.7;
  const char letter = static_cast<char>(c);
  if (letter == ' ') return 0.32;
  if (kNarrow.find(letter) != std::string_view::npos) return 0.34;
  if (kThin.find(letter) != std::string_view::npos) return 0.42;
  if (kWide.find(letter) != std::string_view::npos) return 0.95;
  if (letter >= 'A' && letter <= 'Z') return 0.71;
  return 0.63;
}

}  // namespace

std::string escape_xml(std::string_view text) {
  const bool valid = is_valid_utf8(text);
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else if (c == '"')
      out += "&quot;";
    else if (c == '\'')
      out += "&#39;";
    else if (byte >= 0x80 && !valid)
      out += "\xEF\xBF\xBD";
    else if (byte >= 0x20 && byte != 0x7F)
      out += c;
  }
  return out;
}

std::vector<double> dash_pattern(Dash dash, double width) {
  if (dash == Dash::kDashed) return {3.5 * width, 2.5 * width};
  if (dash == Dash::kDotted) return {1.2 * width, 1.8 * width};
  return {};
}

SvgCanvas::SvgCanvas(double width, double height, std::string_view title) {
  const std::string w = number(width), h = number(height);
  out_ = fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0}\" "
      "height=\"{1}\" "
      "viewBox=\"0 0 {0} {1}\" font-family=\"Helvetica, Arial, 'Liberation Sans', 'DejaVu Sans', sans-serif\">\n",
      w, h);
  out_ +=
      fmt::format("<title>{}</title>\n<rect width=\"{}\" height=\"{}\" fill=\"#ffffff\"/>\n", escape_xml(title), w, h);
}

std::string SvgCanvas::finish() { return std::move(out_) + "</svg>\n"; }

void SvgCanvas::rectangle(const Box& box, Color fill) {
  out_ += fmt::format("<rect {} fill=\"{}\"/>\n", box_attributes(box), hex(fill));
}

void SvgCanvas::polyline(std::span<const Point> points, const Stroke& stroke) {
  std::string dash;
  for (double length : dash_pattern(stroke.dash, stroke.width)) dash += (dash.empty() ? "" : " ") + number(length);
  if (!dash.empty()) dash = fmt::format(" stroke-dasharray=\"{}\"", dash);
  out_ += fmt::format(
      "<polyline points=\"{}\" fill=\"none\" stroke=\"{}\" stroke-width=\"{}\" stroke-linejoin=\"round\"{}/>\n",
      point_list(points), hex(stroke.color), number(stroke.width), dash);
}

void SvgCanvas::polygon(std::span<const Point> points, Color fill, double opacity) {
  out_ += fmt::format("<polygon points=\"{}\" fill=\"{}\" fill-opacity=\"{}\"/>\n", point_list(points), hex(fill),
                      number(opacity));
}

void SvgCanvas::circle(Point center, double radius, Color fill) {
  out_ += fmt::format("<circle cx=\"{}\" cy=\"{}\" r=\"{}\" fill=\"{}\"/>\n", number(center.x), number(center.y),
                      number(radius), hex(fill));
}

void SvgCanvas::text(Point at, std::string_view text, const TextStyle& style) {
  const std::string x = number(at.x), y = number(at.y);
  std::string extra;
  if (style.anchor != Anchor::kStart)
    extra += fmt::format(" text-anchor=\"{}\"", style.anchor == Anchor::kEnd ? "end" : "middle");
  if (style.bold) extra += " font-weight=\"bold\"";
  if (style.upwards) extra += fmt::format(" transform=\"rotate(-90 {} {})\"", x, y);
  out_ += fmt::format("<text x=\"{}\" y=\"{}\" font-size=\"{}\" fill=\"{}\"{}>{}</text>\n", x, y, number(style.size),
                      hex(style.color), extra, escape_xml(text));
}

double SvgCanvas::text_width(std::string_view text, double size, bool bold) const {
  double width = 0;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if ((byte & 0xC0) == 0x80) continue;  // continuation byte: the lead byte was counted
    width += advance(byte >= 0xE3 ? 0x2E80 : byte);
  }
  return width * size * (bold ? 1.1 : 1.0);
}

void SvgCanvas::picture(const Box& box, const io::Picture& picture) {
  const auto png = io::encode_png(picture);
  out_ += fmt::format(
      "<image {} preserveAspectRatio=\"none\" style=\"image-rendering:pixelated\" "
      "href=\"data:image/png;base64,{}\"/>\n",
      box_attributes(box), base64(png));
}

void SvgCanvas::begin_clip(const Box& box) {
  const int id = ++clips_;
  out_ += fmt::format("<clipPath id=\"c{}\"><rect {}/></clipPath>\n<g clip-path=\"url(#c{})\">\n", id,
                      box_attributes(box), id);
}

void SvgCanvas::end_clip() { out_ += "</g>\n"; }

}  // namespace fovea::eval
