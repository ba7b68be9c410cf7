// Montage and page of one caption, and pointing on known maps.
#include <doctest/doctest.h>

#include <cmath>

#include "data/caption_set.h"
#include "io/h5_fixtures.h"
#include "systems/caption/drawing.h"
#include "systems/caption/pointing.h"

namespace fovea::caption {
namespace {

const std::vector<std::string> kWords{"<end>", "<unk>", "red", "circle", "caf\u00e9 \U0001f436"};

io::Picture grey(int64_t height, int64_t width) {
  return {height, width, 3, std::vector<uint8_t>(static_cast<size_t>(3 * height * width), 120)};
}

// Two words: the first looks at the top left cell of 2 x 2, the second everywhere.
io::GeneratedCaption caption() {
  io::GeneratedCaption made;
  made.tokens = {2, 3, 0};
  made.text = "red circle";
  made.attention = {1, 0, 0, 0, 0.25F, 0.25F, 0.25F, 0.25F, 0, 0, 0, 1};
  made.gate = {0.5F, 0.25F, 1};
  return made;
}

double brightness(const io::Picture& cell, double y, double x) {
  const auto row = static_cast<int64_t>(y * static_cast<double>(cell.height - 1));
  return cell.row(row)[3 * static_cast<int64_t>(x * static_cast<double>(cell.width - 1))];
}

TEST_CASE("caption_drawing: a cell is bright where its word looked and dark elsewhere") {
  const io::Picture picture = grey(100, 100);
  const io::GeneratedCaption made = caption();
  const DrawnCaption drawn = drawn_caption(picture, std::nullopt, made, kWords, {2, 2});
  CHECK(drawn.words == std::vector<std::string>{"red", "circle"});
  DrawOptions options;
  options.side = 64;
  for (const char* style : {"light", "grey", "heat"}) {
    CAPTURE(style);
    options.style = style;
    const io::Picture cell = draw_cell(drawn, options, 0);
    CHECK(cell.height == 128);
    CHECK(brightness(cell, 0.1, 0.1) > brightness(cell, 0.9, 0.9) + 60);
    CHECK(std::abs(brightness(cell, 0.1, 0.9) - brightness(cell, 0.9, 0.1)) <= 2);
  }
  options.style = "light";
  CHECK(brightness(draw_cell(drawn, options, -1), 0.5, 0.5) == 120);
  options.normalise = "none";  // equal weights are neutral: the same everywhere, neither dark nor full
  const io::Picture flat = draw_cell(drawn, options, 1);
  CHECK(std::abs(brightness(flat, 0.1, 0.1) - brightness(flat, 0.9, 0.9)) <= 1);
  CHECK(brightness(flat, 0.5, 0.5) > 60);
  CHECK(brightness(flat, 0.5, 0.5) < 100);
  options.normalise = "caption";
  CHECK(brightness(draw_cell(drawn, options, 1), 0.1, 0.1) < brightness(draw_cell(drawn, options, 0), 0.1, 0.1));
}

TEST_CASE("caption_drawing: the crop is put back on the whole picture") {
  data::Preprocess preprocess;
  preprocess.height = preprocess.width = 50;
  preprocess.channels = 3;
  preprocess.resize_side = 50;
  const io::Picture picture = grey(50, 150);  // seen: the middle third
  const io::GeneratedCaption made = caption();
  const DrawnCaption drawn = drawn_caption(picture, preprocess, made, kWords, {2, 2});
  CHECK(drawn.area.left == doctest::Approx(50));
  DrawOptions options;
  options.side = 75;
  options.full_image = true;
  const io::Picture cell = draw_cell(drawn, options, 0);
  CHECK(cell.height == 50);
  CHECK(cell.width == 150);
  CHECK(brightness(cell, 0.1, 0.37) > brightness(cell, 0.1, 0.1) + 60);
  CHECK(brightness(cell, 0.1, 0.9) == brightness(cell, 0.1, 0.1));
}

TEST_CASE("caption_drawing: labels, sheets, and a page with any text") {
  const io::Picture picture = grey(40, 60);
  io::GeneratedCaption made = caption();
  made.tokens[1] = 4;
  const DrawnCaption drawn = drawn_caption(picture, std::nullopt, made, kWords, {2, 2});
  DrawOptions options;
  options.side = 48;
  CHECK(cell_label(drawn, options, 0) == "red (0.50)");
  options.numbers = true;
  CHECK(cell_label(drawn, options, 1) == "caf\u00e9 \U0001f436 (0.25)  max 0.25 H 1.39");
  const eval::Sheet one = caption_sheet(std::span(&drawn, 1), options, "", 0);
  CHECK(one.cells.size() == 3);
  CHECK(one.columns == 2);
  CHECK(one.cell_width == 48);
  const std::vector<DrawnCaption> two{drawn, drawn};
  const eval::Sheet several = caption_sheet(two, options, "", 0);
  CHECK(several.columns == 3);
  CHECK(several.row_titles.size() == 2);
  CHECK(eval::render_picture(several, 1).width > 3 * 48);
  CaptionPage page("a <b> & c");
  page.add(drawn, options, {"one & <two>"});
  const std::string html = page.finish();
  CHECK(html.find("caf\u00e9 \U0001f436") != std::string::npos);
  CHECK(html.find("<li>one &amp; &lt;two&gt;</li>") != std::string::npos);
  CHECK(html.find("<title>a &lt;b&gt; &amp; c</title>") != std::string::npos);
  CHECK(html.find("<script") == std::string::npos);
}

TEST_CASE("pointing: attention inside the named object's box against chance") {
  const TemporaryFolder folder;
  {
    io::ImagesLayout layout;
    layout.objects = layout.captions = true;
    layout.label_set = {"red circle", "blue square"};
    io::ImagesWriter writer(folder / "set.h5", test::root_attributes(), layout);
    io::ImageRecord record;
    record.id = "a";
    record.height = record.width = 20;
    record.captions = {"a red circle"};
    record.objects = {{0, 0, 9, 9, 0, false, false}, {10, 10, 19, 19, 1, false, false}};
    writer.add(record);
    writer.finish();
    io::CaptionsLayout captions;
    captions.vocabulary = kWords;
    captions.grid = {2, 2};
    io::CaptionsWriter out(folder / "c.h5", test::root_attributes(), captions);
    io::GeneratedCaption made = caption();
    made.gate.clear();
    out.add("a", std::span(&made, 1));
    out.finish();
  }
  const auto report =
      measure_pointing(io::CaptionsReader(folder / "c.h5"), data::read_caption_set(folder / "set.h5"), "");
  REQUIRE(report);
  CHECK(report->all.words == 2);
  CHECK(report->words.at("red").mass == doctest::Approx(1));
  CHECK(report->words.at("circle").mass == doctest::Approx(0.25));
  CHECK(report->all.uniform == doctest::Approx(0.25));
  CHECK(report->all.peak == 1);
  CHECK(report->words.at("circle").entropy == doctest::Approx(1));
}

}  // namespace
}  // namespace fovea::caption
