#include "systems/caption/drawing.h"

#include <algorithm>
#include <cmath>

#include "base/base64.h"
#include "base/error.h"
#include "base/text.h"
#include "data/raster.h"

namespace fovea::caption {
namespace {

constexpr int kDensity = 2;       // pixels per CSS pixel
constexpr double kOpacity = 0.8;  // of the authors' grey map
constexpr double kShade = 0.22;   // what is left of the brightness where attention is least
constexpr double kGlow = 0.18;    // how far it goes to white where it is greatest

struct Range {
  double low = 0, high = 1;
};

std::span<const float> weights_of(const DrawnCaption& drawn, int64_t word) {
  const auto places = static_cast<size_t>(drawn.grid[0]) * static_cast<size_t>(drawn.grid[1]);
  return drawn.attention.subspan(static_cast<size_t>(word) * places, places);
}

// The part of the picture that a cell shows.
eval::SeenArea shown_area(const DrawnCaption& drawn, const DrawOptions& options) {
  if (!options.full_image) return drawn.area;
  return {0, 0, static_cast<double>(drawn.picture->width), static_cast<double>(drawn.picture->height)};
}

std::pair<int64_t, int64_t> cell_size(const eval::SeenArea& area, const DrawOptions& options) {
  const double scale = static_cast<double>(options.side * kDensity) / std::max(area.width, area.height);
  return {std::max<int64_t>(8, std::llround(area.height * scale)),
          std::max<int64_t>(8, std::llround(area.width * scale))};
}

io::Picture base_picture(const DrawnCaption& drawn, const DrawOptions& options) {
  const eval::SeenArea area = shown_area(drawn, options);
  const auto [height, width] = cell_size(area, options);
  const auto limit = [](double value, int64_t most) { return std::clamp<int64_t>(std::llround(value), 0, most); };
  const int64_t left = limit(area.left, drawn.picture->width - 1), top = limit(area.top, drawn.picture->height - 1);
  const int64_t right = limit(area.left + area.width, drawn.picture->width);
  const int64_t bottom = limit(area.top + area.height, drawn.picture->height);
  const data::Raster cut = data::cut(data::view_of(*drawn.picture), {top, left, std::max<int64_t>(1, bottom - top),
                                                                     std::max<int64_t>(1, right - left)});
  data::Raster resized = data::resize(cut.view(), height, width);
  return io::to_channels({resized.height, resized.width, resized.channels, std::move(resized.bytes)}, 3);
}

// The map over the cell, before normalisation; NaN outside what the network saw.
std::vector<float> cell_map(const DrawnCaption& drawn, const DrawOptions& options, int64_t word, int64_t height,
                            int64_t width) {
  const auto weights = weights_of(drawn, word);
  if (!options.full_image) return eval::upsample_attention(weights, drawn.grid, height, width);
  const double y = static_cast<double>(height) / static_cast<double>(drawn.picture->height);
  const double x = static_cast<double>(width) / static_cast<double>(drawn.picture->width);
  const int64_t top = std::llround(drawn.area.top * y), left = std::llround(drawn.area.left * x);
  const int64_t tall = std::max<int64_t>(1, std::llround(drawn.area.height * y));
  const int64_t wide = std::max<int64_t>(1, std::llround(drawn.area.width * x));
  const auto inner = eval::upsample_attention(weights, drawn.grid, tall, wide);
  std::vector<float> map(static_cast<size_t>(height * width), std::nanf(""));
  for (int64_t row = std::max<int64_t>(0, top); row < std::min(height, top + tall); ++row) {
    for (int64_t column = std::max<int64_t>(0, left); column < std::min(width, left + wide); ++column) {
      map[static_cast<size_t>(row * width + column)] = inner[static_cast<size_t>((row - top) * wide + column - left)];
    }
  }
  return map;
}

void widen(Range& range, const std::vector<float>& map) {
  for (const float value : map) {
    if (std::isnan(value)) continue;
    range.low = std::min(range.low, static_cast<double>(value));
    range.high = std::max(range.high, static_cast<double>(value));
  }
}

Range range_of(const DrawnCaption& drawn, const DrawOptions& options, const std::vector<float>& map, int64_t height,
               int64_t width) {
  if (options.normalise == "none") return {0, 1};  // see level()
  Range range{1e30, -1e30};
  if (options.normalise == "word") {
    widen(range, map);
    return range;
  }
  for (size_t t = 0; t < drawn.words.size(); ++t) {
    widen(range, cell_map(drawn, options, static_cast<int64_t>(t), height, width));
  }
  return range;
}

// 0..1. Absolute levels are those of log(alpha L) between 1/16 and 16 times the neutral weight 1/L, which is in the
// middle.
double level(double value, const Range& range, const DrawOptions& options, double places) {
  if (options.normalise == "none") {
    return std::clamp(0.5 + std::log2(std::max(value * places, 1e-6)) / 8, 0.0, 1.0);
  }
  return range.high > range.low ? std::clamp((value - range.low) / (range.high - range.low), 0.0, 1.0) : 0;
}

// Dark blue over red to yellow.
eval::Color heat(double t) {
  const auto channel = [](double v) { return static_cast<uint8_t>(std::lround(255 * std::clamp(v, 0.0, 1.0))); };
  return {channel(1.6 * t), channel(1.7 * t - 0.7), channel(t < 0.35 ? 0.35 + t : 1.2 - 2 * t)};
}

void paint(uint8_t* pixel, double t, const std::string& style) {
  const eval::Color color = style == "heat" ? heat(t) : eval::Color{};
  const std::array<uint8_t, 3> hue{color.r, color.g, color.b};
  for (size_t c = 0; c < 3; ++c) {
    double value = pixel[c];
    if (style == "grey") {
      value = (1 - kOpacity) * value + kOpacity * 255 * t;
    } else if (style == "heat") {
      const double opacity = 0.25 + 0.4 * t;
      value = (1 - opacity) * value + opacity * hue[c];
    } else {
      value = value * (kShade + (1 - kShade) * t);
      value += kGlow * t * (255 - value);
    }
    pixel[c] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0, 255.0)));
  }
}

std::string joined_words(const DrawnCaption& drawn) { return join(drawn.words, " "); }

constexpr std::string_view kPageHead = R"(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>%TITLE%</title>
<style>
body{font:15px/1.4 system-ui,sans-serif;margin:24px;color:#222;background:#fff}
h1{font-size:20px}
section{margin:0 0 28px;padding-top:12px;border-top:1px solid #ddd}
h2{font-size:16px;margin:0 0 2px}
.id{color:#777;font-size:13px;overflow-wrap:anywhere}
.words{display:flex;flex-wrap:wrap;gap:8px;margin:8px 0}
figure{margin:0}
img{display:block;max-width:100%;border-radius:3px}
figcaption{text-align:center;font-size:14px;overflow-wrap:anywhere}
figcaption small{color:#777}
ul{margin:4px 0 0;padding-left:20px;color:#555;font-size:14px}
</style></head><body>
<h1>%TITLE%</h1>
)";

std::string replace_all(std::string text, std::string_view what, const std::string& by) {
  for (size_t at = text.find(what); at != std::string::npos; at = text.find(what, at + by.size())) {
    text.replace(at, what.size(), by);
  }
  return text;
}

}  // namespace

DrawnCaption drawn_caption(const io::Picture& picture, const std::optional<data::Preprocess>& preprocess,
                           const io::GeneratedCaption& caption, const std::vector<std::string>& vocabulary,
                           std::array<int32_t, 2> grid) {
  DrawnCaption drawn;
  drawn.picture = &picture;
  drawn.area = eval::seen_area(preprocess, picture.height, picture.width);
  drawn.grid = caption.attention.empty() ? std::array<int32_t, 2>{0, 0} : grid;
  for (const int32_t token : caption.tokens) {
    if (token == data::Vocabulary::kEnd) break;
    drawn.words.push_back(vocabulary[static_cast<size_t>(token)]);
  }
  drawn.attention = caption.attention;
  drawn.gate = caption.gate;
  drawn.title = caption.text;
  return drawn;
}

io::Picture draw_cell(const DrawnCaption& drawn, const DrawOptions& options, int64_t word) {
  io::Picture cell = base_picture(drawn, options);
  if (word < 0 || drawn.grid[0] == 0) return cell;
  const std::vector<float> map = cell_map(drawn, options, word, cell.height, cell.width);
  const Range range = range_of(drawn, options, map, cell.height, cell.width);
  const double places = static_cast<double>(drawn.grid[0]) * drawn.grid[1];
  for (size_t i = 0; i < map.size(); ++i) {
    const double t = std::isnan(map[i]) ? 0 : level(static_cast<double>(map[i]), range, options, places);
    paint(&cell.pixels[3 * i], t, options.style);
  }
  return cell;
}

std::string cell_label(const DrawnCaption& drawn, const DrawOptions& options, int64_t word) {
  if (word < 0) return "";
  const auto t = static_cast<size_t>(word);
  std::string label = drawn.words[t];
  if (t < drawn.gate.size()) label += fmt::format(" ({:.2f})", drawn.gate[t]);
  if (options.numbers && drawn.grid[0] > 0) {
    const auto weights = weights_of(drawn, word);
    label += fmt::format("  max {:.2f} H {:.2f}", *std::max_element(weights.begin(), weights.end()),
                         eval::attention_entropy(weights));
  }
  return label;
}

eval::Sheet caption_sheet(std::span<const DrawnCaption> drawn, const DrawOptions& options, const std::string& title,
                          int columns) {
  FOVEA_CHECK(!drawn.empty(), "no caption to draw");
  eval::Sheet sheet;
  sheet.text_size = 16;
  sheet.shrink_captions = true;
  size_t most = 1;
  double tall = 8, wide = 8;
  for (const DrawnCaption& one : drawn) {
    most = std::max(most, one.grid[0] == 0 ? 1 : one.words.size() + 1);
    const auto [height, width] = cell_size(shown_area(one, options), options);
    tall = std::max(tall, static_cast<double>(height) / kDensity);
    wide = std::max(wide, static_cast<double>(width) / kDensity);
  }
  const bool single = drawn.size() == 1;
  const auto rows = std::max<long>(1, std::lround(std::sqrt(static_cast<double>(most))));
  sheet.columns = single ? (columns > 0 ? columns : static_cast<int>((static_cast<long>(most) + rows - 1) / rows))
                         : static_cast<int>(most);
  sheet.cell_height = tall;
  sheet.cell_width = wide;
  sheet.title = !title.empty() ? title : single ? joined_words(drawn[0]) : "";
  for (const DrawnCaption& one : drawn) {
    const size_t cells = one.grid[0] == 0 ? 1 : one.words.size() + 1;
    for (size_t k = 0; k < (single ? cells : most); ++k) {
      const auto word = static_cast<int64_t>(k) - 1;
      sheet.cells.push_back(k < cells ? eval::Overlay{draw_cell(one, options, word), {}, cell_label(one, options, word)}
                                      : eval::Overlay{});
    }
    if (!single) sheet.row_titles.push_back((one.title.empty() ? "" : one.title + ":  ") + joined_words(one));
  }
  return sheet;
}

CaptionPage::CaptionPage(const std::string& title)
    : out_(replace_all(std::string(kPageHead), "%TITLE%", eval::escape_xml(title))) {}

void CaptionPage::add(const DrawnCaption& drawn, const DrawOptions& options,
                      const std::vector<std::string>& references) {
  out_ += "<section><h2>" + eval::escape_xml(joined_words(drawn)) + "</h2>\n";
  if (!drawn.title.empty()) out_ += "<div class=\"id\">" + eval::escape_xml(drawn.title) + "</div>\n";
  out_ += "<div class=\"words\">\n";
  const int64_t words = drawn.grid[0] == 0 ? 0 : static_cast<int64_t>(drawn.words.size());
  for (int64_t word = -1; word < words; ++word) {
    const io::Picture cell = draw_cell(drawn, options, word);
    const std::string label = cell_label(drawn, options, word);
    const size_t blank = word < 0 ? 0 : drawn.words[static_cast<size_t>(word)].size();
    out_ += fmt::format(
        "<figure><img width=\"{}\" height=\"{}\" alt=\"{}\" src=\"data:image/jpeg;base64,{}\">"
        "<figcaption>{}<small>{}</small></figcaption></figure>\n",
        cell.width / kDensity, cell.height / kDensity, eval::escape_xml(label), base64(io::encode_jpeg(cell, 85)),
        eval::escape_xml(label.substr(0, blank)), eval::escape_xml(label.substr(blank)));
  }
  out_ += "</div>\n";
  if (!references.empty()) {
    out_ += "<ul>";
    for (const std::string& reference : references) out_ += "<li>" + eval::escape_xml(reference) + "</li>";
    out_ += "</ul>\n";
  }
  out_ += "</section>\n";
}

std::string CaptionPage::finish() { return std::move(out_) + "</body></html>\n"; }

}  // namespace fovea::caption
