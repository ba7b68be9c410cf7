#include "eval/figure.h"

#include <doctest/doctest.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <limits>
#include <pugixml.hpp>

#include "base/error.h"
#include "base/file.h"
#include "eval/panel.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

Figure curves(int points = 20) {
  Figure figure;
  figure.title = "a < b & \"c\"";
  Panel panel;
  panel.title = "loss";
  panel.x.label = "step";
  panel.y.label = "loss";
  for (const char* name : {"plain", "with <BN>"}) {
    Line line;
    line.label = name;
    for (int i = 0; i < points; ++i) {
      line.x.push_back(i);
      line.y.push_back(std::exp(-i / 10.0) + static_cast<double>(panel.lines.size()));
    }
    panel.lines.push_back(line);
  }
  figure.panels.push_back(panel);
  return figure;
}

Figure confusion(int classes) {
  Figure figure;
  HeatMap map;
  map.rows = map.columns = classes;
  for (int i = 0; i < classes * classes; ++i) map.values.push_back(i % (classes + 1) == 0 ? 90 : i % 7);
  for (int i = 0; i < classes; ++i) {
    map.row_labels.push_back("class " + std::to_string(i));
    map.column_labels.push_back("class " + std::to_string(i));
  }
  Panel panel;
  panel.heat_map = map;
  figure.panels.push_back(panel);
  return figure;
}

pugi::xml_document parsed(const std::string& svg) {
  pugi::xml_document document;
  const auto result = document.load_string(svg.c_str());
  CHECK_MESSAGE(result, result.description());
  return document;
}

int count(const pugi::xml_node& node, const std::string& name) {
  int found = node.name() == name ? 1 : 0;
  for (const auto& child : node.children()) found += count(child, name);
  return found;
}

// The share of pixels that are not white.
double inked(const io::Picture& picture) {
  int64_t dark = 0;
  for (size_t i = 0; i < picture.pixels.size(); i += 3)
    dark += picture.pixels[i] < 250 || picture.pixels[i + 1] < 250 ? 1 : 0;
  return static_cast<double>(dark) / static_cast<double>(picture.width * picture.height);
}

bool has_color(const io::Picture& picture, Color color) {
  for (size_t i = 0; i < picture.pixels.size(); i += 3) {
    if (picture.pixels[i] == color.r && picture.pixels[i + 1] == color.g && picture.pixels[i + 2] == color.b)
      return true;
  }
  return false;
}

}  // namespace

TEST_CASE("figure: SVG is well-formed, escaped, free of scripts, and the same each time") {
  const std::string svg = render_svg(curves());
  const auto document = parsed(svg);
  CHECK(std::string(document.child("svg").child("title").text().get()) == "a < b & \"c\"");
  CHECK(svg.find("with &lt;BN&gt;") != std::string::npos);
  CHECK(svg.find("<script") == std::string::npos);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg == render_svg(curves()));
}

TEST_CASE("figure: each line is drawn in its own hue, in both formats") {
  const std::string svg = render_svg(curves());
  CHECK(svg.find("#0072b2") != std::string::npos);
  CHECK(svg.find("#d55e00") != std::string::npos);
  const io::Picture picture = render_picture(curves());
  CHECK(has_color(picture, hue(0)));
  CHECK(has_color(picture, hue(1)));
  CHECK_FALSE(has_color(picture, hue(2)));
  CHECK(inked(picture) > 0.01);
  CHECK(inked(picture) < 0.3);
  CHECK(picture.pixels == render_picture(curves()).pixels);
}

TEST_CASE("figure: labels of lines are whole when the margin was made for them") {
  for (const char* label : {"15 %", "50 %", "85 %", "run 7", "with BN"}) {
    Figure figure = curves();
    figure.panels[0].lines[0].label = figure.panels[0].lines[1].label = label;
    CHECK(render_svg(figure).find(std::string(">") + label + "</text>") != std::string::npos);
  }
}

TEST_CASE("figure: values that can't be shown make gaps, not lines to nowhere") {
  Figure figure = curves(9);
  figure.panels[0].lines.resize(1);
  const int whole = count(parsed(render_svg(figure)), "polyline");
  figure.panels[0].lines[0].y[4] = std::nan("");
  CHECK(count(parsed(render_svg(figure)), "polyline") == whole + 1);
  figure.panels[0].lines[0].y[6] = std::numeric_limits<double>::infinity();
  CHECK(render_svg(figure).find("inf") == std::string::npos);
  render_picture(figure);
}

TEST_CASE("figure: a log axis leaves out what is not positive") {
  Figure figure = curves(9);
  figure.panels[0].x.scale = ScaleKind::kLog;  // x begins at 0
  const std::string svg = render_svg(figure);
  CHECK(svg.find("nan") == std::string::npos);
  CHECK(svg.find("inf") == std::string::npos);
}

TEST_CASE("figure: empty panels, empty lines and single points are drawn") {
  Figure figure;
  figure.panels.resize(3);
  figure.panels[1].lines.resize(1);
  Line point;
  point.x = {3};
  point.y = {4};
  figure.panels[2].lines = {point};
  CHECK(count(parsed(render_svg(figure)), "circle") == 1);
  render_picture(figure);
  render_svg(Figure{});
  render_picture(Figure{});
}

TEST_CASE("figure: panels that break their contract are internal errors") {
  Figure unequal = curves();
  unequal.panels[0].lines[0].x.pop_back();
  CHECK_THROWS_AS(render_svg(unequal), Error);
  Figure two_kinds = curves();
  two_kinds.panels[0].bars = Bars{{"a"}, {{"", {1}}}};
  CHECK_THROWS_AS(render_svg(two_kinds), Error);
  Figure wrong_map = confusion(3);
  wrong_map.panels[0].heat_map->values.pop_back();
  CHECK_THROWS_AS(render_svg(wrong_map), Error);
}

TEST_CASE("figure: axis ends that make no range are usage errors") {
  Figure figure = curves();
  figure.panels[0].y.low = 2;
  figure.panels[0].y.high = 1;
  try {
    render_svg(figure);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.kind() == ErrorKind::kUsage);
  }
}

TEST_CASE("heat map: cells are coloured by value and carry it where there is room") {
  const std::string svg = render_svg(confusion(4));
  CHECK(svg.find("#08306b") != std::string::npos);  // the highest value
  CHECK(svg.find(">90</text>") != std::string::npos);
  Figure silent = confusion(4);
  silent.panels[0].heat_map->show_values = false;
  CHECK(render_svg(silent).find(">90</text>") == std::string::npos);
}

TEST_CASE("heat map: a thousand classes become one embedded picture, not a million rectangles") {
  Figure figure = confusion(300);
  const std::string svg = render_svg(figure);
  CHECK(count(parsed(svg), "image") == 1);
  CHECK(svg.size() < 500000);
  const io::Picture picture = render_picture(figure);
  CHECK(has_color(picture, sequential(1)));
}

TEST_CASE("heat map: a constant or absent map is still a map") {
  Figure figure = confusion(2);
  figure.panels[0].heat_map->values = {5, 5, 5, 5};
  render_svg(figure);
  figure.panels[0].heat_map->values.assign(4, std::nan(""));
  figure.panels[0].heat_map->is_diverging = true;
  CHECK(render_svg(figure).find("nan") == std::string::npos);
}

TEST_CASE("bars: one rectangle per present value, standing on zero") {
  Figure figure;
  Panel panel;
  panel.bars = Bars{{"a", "b", "c"}, {{"one", {1, 2, std::nan("")}}, {"two", {0.5, 4, 3}}}};
  figure.panels = {panel};
  // Background, two legend swatches, five bars.
  CHECK(count(parsed(render_svg(figure)), "rect") == 1 + 2 + 5);
  CHECK(render_svg(figure).find(">0</text>") != std::string::npos);
  CHECK(has_color(render_picture(figure), hue(1)));
  figure.panels[0].bars = Bars{};
  render_svg(figure);
}

TEST_CASE("picture panel: keeps the aspect ratio and the pixels") {
  Figure figure;
  Panel panel;
  panel.picture = io::Picture{2, 4, 3, std::vector<uint8_t>(24, 0x42)};
  figure.panels = {panel};
  CHECK(has_color(render_picture(figure), {0x42, 0x42, 0x42}));
  CHECK(count(parsed(render_svg(figure)), "image") == 1);
}

TEST_CASE("small multiples: the grid is square unless columns are given") {
  Figure figure;
  figure.panels.resize(7);
  figure.panel_width = figure.panel_height = 100;
  const auto square = parsed(render_svg(figure));
  CHECK(square.child("svg").attribute("width").as_double() == doctest::Approx(2 * 16 + 3 * 100 + 2 * 20));
  figure.columns = 1;
  const auto tall = parsed(render_svg(figure));
  CHECK(tall.child("svg").attribute("width").as_double() == doctest::Approx(132));
  CHECK(tall.child("svg").attribute("height").as_double() == doctest::Approx(2 * 16 + 7 * 100 + 6 * 20));
}

TEST_CASE("figure: a PNG beyond what can be drawn is refused, the SVG is not") {
  Figure figure;
  figure.panels.resize(400);
  figure.columns = 1;
  CHECK_THROWS_AS(render_picture(figure), Error);
  CHECK_FALSE(render_svg(figure).empty());
}

TEST_CASE("figure_format: follows the suffix, and nothing else") {
  CHECK(figure_format("a/b.svg") == FigureFormat::kSvg);
  CHECK(figure_format("x.y.PNG") == FigureFormat::kPng);
  for (const char* path : {"a.pdf", "svg", "dir.svg/file", ""}) {
    CHECK_THROWS_AS(figure_format(path), Error);
  }
}

TEST_CASE("write_figure: writes what the suffix says and leaves nothing else") {
  const auto folder = std::filesystem::temp_directory_path() / ("fovea-figure-" + std::to_string(getpid()));
  std::filesystem::create_directory(folder);
  write_figure(curves(), (folder / "c.svg").string());
  write_figure(curves(), (folder / "c.png").string());
  CHECK(read_text_file((folder / "c.svg").string(), 1 << 20) == render_svg(curves()));
  const io::Picture picture = io::read_picture((folder / "c.png").string());
  CHECK(picture.pixels == render_picture(curves()).pixels);
  CHECK_THROWS_AS(write_figure(curves(), (folder / "missing" / "c.svg").string()), Error);
  CHECK(std::distance(std::filesystem::directory_iterator(folder), {}) == 2);
  std::filesystem::remove_all(folder);
}

TEST_CASE("spread: labels keep their order and their distance") {
  const auto places = spread({50, 51, 10, 49}, 15, 0, 100);
  CHECK(places[2] == 10);
  CHECK(places[0] - places[3] >= 15);
  CHECK(places[1] - places[0] >= 15);
  const auto pushed = spread({98, 99, 100}, 15, 0, 100);
  CHECK(pushed[2] == 100);
  CHECK(pushed[0] == doctest::Approx(70));
  const auto crowded = spread({0, 0, 0, 0, 0}, 50, 0, 100);  // can't be 50 apart: evenly instead
  CHECK(crowded.front() == 0);
  CHECK(crowded.back() == doctest::Approx(100));
  CHECK(spread({}, 10, 0, 1).empty());
}

TEST_CASE("thinned: many points keep the extremes of each pixel column") {
  std::vector<Point> points;
  for (int i = 0; i < 100000; ++i) points.push_back({i / 1000.0, i == 54321 ? 999.0 : std::sin(i)});
  const auto few = thinned(points);
  CHECK(few.size() <= 4 * 101);
  CHECK(std::any_of(few.begin(), few.end(), [](const Point& p) { return p.y == 999.0; }));
  CHECK(few.front().x == points.front().x);
  CHECK(few.back().x == points.back().x);
  const std::vector<Point> short_line = {{0, 0}, {100, 1}, {200, 2}};
  CHECK(thinned(short_line).size() == 3);
}

TEST_CASE("fitted: cuts whole characters and marks the cut") {
  const SvgCanvas canvas(10, 10, "");
  CHECK(fitted(canvas, "short", 12, false, 500) == "short");
  const std::string cut = fitted(canvas, "äöüäöüäöüäöü", 12, false, 60);
  CHECK(cut.size() < 24);
  CHECK(cut.substr(cut.size() - 3) == "...");
  CHECK((cut.size() - 3) % 2 == 0);
  CHECK(canvas.text_width(cut, 12, false) <= 60);
}

TEST_CASE("escape_xml: nothing breaks out of a text or an attribute") {
  CHECK(escape_xml("<a b=\"c\" d='e'>&") == "&lt;a b=&quot;c&quot; d=&#39;e&#39;&gt;&amp;");
  CHECK(escape_xml("a\x01\x1b\nb") == "ab");
  CHECK(escape_xml("\xff") == "\xEF\xBF\xBD");
}

TEST_CASE("palette: text is readable on every colour of the ramps") {
  const auto luma = [](Color c) { return 0.299 * c.r + 0.587 * c.g + 0.114 * c.b; };
  for (double t = 0; t <= 1; t += 0.05) {
    for (Color ground : {sequential(t), diverging(t)}) CHECK(std::abs(luma(ground) - luma(readable_on(ground))) > 80);
  }
  CHECK(sequential(-1) == kPaper);
  CHECK(sequential(2) == sequential(1));
  CHECK(diverging(0.5) == kPaper);
  CHECK_FALSE(sequential(std::nan("")) == kPaper);
}
