#include "eval/overlay.h"

#include <doctest/doctest.h>

#include <array>
#include <pugixml.hpp>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

constexpr Color kRed{0xD0, 0x10, 0x10};

io::Picture grey_picture(int64_t height, int64_t width, uint8_t value = 100) {
  return {height, width, 1, std::vector<uint8_t>(static_cast<size_t>(height * width), value)};
}

Color pixel(const io::Picture& picture, int64_t x, int64_t y) {
  const uint8_t* p = picture.row(y) + 3 * x;
  return {p[0], p[1], p[2]};
}

bool is_near(Color a, Color b) {
  return std::abs(a.r - b.r) <= 2 && std::abs(a.g - b.g) <= 2 && std::abs(a.b - b.b) <= 2;
}

// Pixels of this colour inside a window.
int count(const io::Picture& picture, Color color, int64_t x0, int64_t y0, int64_t x1, int64_t y1) {
  int found = 0;
  for (int64_t y = y0; y <= y1; ++y) {
    for (int64_t x = x0; x <= x1; ++x) found += is_near(pixel(picture, x, y), color) ? 1 : 0;
  }
  return found;
}

// A sheet of one picture of 200 x 100, drawn pixel by pixel; its margin is 12.
Sheet plain(std::vector<OverlayBox> boxes) { return single_sheet({grey_picture(100, 200), std::move(boxes), ""}, 200); }

}  // namespace

TEST_CASE("overlay: a box is drawn around its first and last pixel") {
  const io::Picture drawn = render_picture(plain({{{50, 20, 149, 79}, kRed}}), 1);
  CHECK(drawn.width == 224);
  CHECK(drawn.height == 124);
  // The edge at x = 50 is a line of 2 pixels, 49 and 50; the picture begins at 12.
  CHECK(is_near(pixel(drawn, 12 + 50, 12 + 50), kRed));
  CHECK(is_near(pixel(drawn, 12 + 150, 12 + 50), kRed));
  CHECK(is_near(pixel(drawn, 12 + 100, 12 + 20), kRed));
  CHECK(is_near(pixel(drawn, 12 + 100, 12 + 80), kRed));
  CHECK(pixel(drawn, 12 + 100, 12 + 50) == Color{100, 100, 100});
}

TEST_CASE("overlay: boxes that leave the picture are cut, those along its border are seen") {
  const io::Picture drawn = render_picture(plain({{{-50, 0, 249, 99}, kRed}}), 1);
  CHECK(count(drawn, kRed, 12, 12, 211, 14) >= 190);  // top
  CHECK(count(drawn, kRed, 0, 0, 11, 123) == 0);      // margins
  CHECK(count(drawn, kRed, 212, 0, 223, 123) == 0);
}

TEST_CASE("overlay: dashed boxes have gaps") {
  const int solid = count(render_picture(plain({{{50, 20, 149, 79}, kRed}}), 1), kRed, 12, 12, 211, 111);
  const int dashed = count(render_picture(plain({{{50, 20, 149, 79}, kRed, "", true}}), 1), kRed, 12, 12, 211, 111);
  CHECK(dashed > solid / 4);
  CHECK(dashed < solid * 9 / 10);
}

TEST_CASE("overlay: labels stay inside the picture and off each other") {
  std::vector<OverlayBox> boxes;
  for (int i = 0; i < 3; ++i) boxes.push_back({{150, 0, 199, 40}, hue(i), "motorbike"});
  const Sheet sheet = plain(boxes);
  pugi::xml_document svg;
  REQUIRE(svg.load_string(render_svg(sheet).c_str()));
  struct Place {
    double left, top, right, bottom;
  };
  std::vector<Place> places;
  for (const auto& node : svg.select_nodes("/svg/g/rect")) {
    const auto number = [&](const char* name) { return node.node().attribute(name).as_double(); };
    places.push_back({number("x"), number("y"), number("x") + number("width"), number("y") + number("height")});
  }
  REQUIRE(places.size() == 3);
  for (size_t i = 0; i < 3; ++i) {
    CHECK(places[i].left >= 12);
    CHECK(places[i].top >= 12);
    CHECK(places[i].right <= 212.01);
    CHECK(places[i].bottom <= 112.01);
    for (size_t j = 0; j < i; ++j) {
      const bool apart = places[i].left >= places[j].right - 0.02 || places[j].left >= places[i].right - 0.02 ||
                         places[i].top >= places[j].bottom - 0.02 || places[j].top >= places[i].bottom - 0.02;
      CHECK(apart);
    }
  }
}

TEST_CASE("overlay: a label too long for the picture is cut, markup in it is text") {
  pugi::xml_document svg;
  REQUIRE(svg.load_string(render_svg(plain({{{0, 0, 99, 99}, kRed, "<b>" + std::string(200, 'x')}})).c_str()));
  const std::string text = svg.select_node("/svg/g/text").node().text().get();
  CHECK(text.starts_with("<b>x"));
  CHECK(text.ends_with("..."));
  CHECK(text.size() < 40);
}

TEST_CASE("overlay: masks are blended inside and opaque at their border") {
  OverlayBox marked{{2, 1, 6, 5}, kRed};  // 5 x 5 with one corner off
  marked.mask.assign(25, 1);
  marked.mask[0] = 0;
  const io::Picture blended = blend_masks(grey_picture(8, 8), {marked}, 0.5);
  CHECK(blended.channels == 3);
  CHECK(pixel(blended, 2, 1) == Color{100, 100, 100});  // outside the mask
  CHECK(pixel(blended, 3, 1) == kRed);                  // border
  CHECK(pixel(blended, 3, 2) == Color{154, 58, 58});    // half of 100 and (208, 16, 16)
  CHECK(pixel(blended, 7, 5) == Color{100, 100, 100});
  // A mask that leaves the picture is cut.
  marked.box = {-3, 5, 1, 9};
  CHECK(pixel(blend_masks(grey_picture(8, 8), {marked}, 0.5), 1, 7) == kRed);
}

TEST_CASE("overlay: a sheet has rows of equal cells with pictures in the middle") {
  Sheet sheet;
  sheet.cell_width = 100;
  sheet.cell_height = 80;
  sheet.columns = 2;
  for (int i = 0; i < 3; ++i)
    sheet.cells.push_back({grey_picture(50, 100, static_cast<uint8_t>(50 + i)), {}, "caption"});
  sheet.cells[1] = {};  // a place left free
  sheet.row_titles = {"first", ""};
  const io::Picture drawn = render_picture(sheet, 1);
  CHECK(drawn.width == 12 + 100 + 10 + 100 + 12);
  CHECK(drawn.height == 260);  // margins 2 * 12, row title 24, gap 10, two rows of 80 + 20.8, rounded up
  CHECK(pixel(drawn, 12, 36 + 15) == Color{50, 50, 50});  // letterboxed: 15 above and below
  CHECK(pixel(drawn, 12, 36 + 14) == Color{0xF1, 0xF1, 0xF1});
  CHECK(pixel(drawn, 150, 70) == kPaper);
}

TEST_CASE("overlay: equal sheets give equal bytes in both formats, other suffixes are refused") {
  const TemporaryFolder folder;
  const Sheet sheet = plain({{{10, 10, 60, 60}, kRed, "cat 0.93"}});
  write_sheet(sheet, folder / "a.svg");
  write_sheet(sheet, folder / "a.png");
  const std::string svg = read_text_file(folder / "a.svg", 1 << 20);
  CHECK(svg == render_svg(sheet));
  CHECK(svg.find("cat 0.93") != std::string::npos);
  const io::Picture png = io::read_picture(folder / "a.png");
  CHECK(png.pixels == render_picture(sheet).pixels);
  CHECK_THROWS_AS(write_sheet(sheet, folder / "a.gif"), Error);
  CHECK(folder.entries() == 2);
}
