#include "io/label_png.h"

#include <doctest/doctest.h>
#include <png.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "io/picture.h"

using namespace fovea;
using namespace fovea::io;

namespace {

LabelMap stripes(int64_t height, int64_t width) {
  LabelMap map{height, width, {}};
  for (int64_t i = 0; i < height * width; ++i)
    map.labels.push_back(static_cast<uint8_t>(i % 257 == 256 ? 255 : i % 257));
  return map;
}

// Written with libpng's long interface: `labels` of `depth` bits, grey or with a palette.
std::vector<std::byte> written(const LabelMap& map, int kind, int depth, int interlace) {
  std::vector<std::byte> bytes;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  const auto append = [](png_structp p, png_bytep data, size_t size) {
    auto& out = *static_cast<std::vector<std::byte>*>(png_get_io_ptr(p));
    out.insert(out.end(), reinterpret_cast<std::byte*>(data), reinterpret_cast<std::byte*>(data) + size);
  };
  png_set_write_fn(png, &bytes, append, nullptr);
  png_set_IHDR(png, info, static_cast<png_uint_32>(map.width), static_cast<png_uint_32>(map.height), depth, kind,
               interlace, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  const std::vector<png_color> palette(size_t{1} << std::min(depth, 8), png_color{7, 7, 7});  // all colours alike
  if (kind == PNG_COLOR_TYPE_PALETTE) png_set_PLTE(png, info, palette.data(), static_cast<int>(palette.size()));
  png_write_info(png, info);
  png_set_packing(png);
  for (int pass = png_set_interlace_handling(png); pass > 0; --pass) {
    for (int64_t y = 0; y < map.height; ++y) png_write_row(png, map.labels.data() + y * map.width);
  }
  png_write_end(png, nullptr);
  png_destroy_write_struct(&png, &info);
  return bytes;
}

}  // namespace

TEST_CASE("label_png: labels come back as written, with VOC's colours for a picture reader") {
  const TemporaryFolder folder;
  const LabelMap map = stripes(40, 33);
  const auto bytes = encode_label_png(map);
  const LabelMap back = decode_label_png(bytes, "map.png");
  CHECK(back.height == 40);
  CHECK(back.width == 33);
  CHECK(back.labels == map.labels);
  CHECK(encode_label_png(map) == bytes);
  const Picture seen = decode_picture(bytes, "map.png");
  REQUIRE(seen.channels == 3);
  CHECK(seen.pixels[3 * 15] == 192);  // label 15, person
  CHECK(seen.pixels[3 * 15 + 1] == 128);
  CHECK(seen.pixels[3 * 15 + 2] == 128);
}

TEST_CASE("label_png: the colours are those of VOC's development kit") {
  using Rgb = std::array<uint8_t, 3>;
  CHECK(voc_color(0) == Rgb{0, 0, 0});
  CHECK(voc_color(1) == Rgb{128, 0, 0});        // aeroplane
  CHECK(voc_color(6) == Rgb{0, 128, 128});      // bus
  CHECK(voc_color(20) == Rgb{0, 64, 128});      // tvmonitor
  CHECK(voc_color(255) == Rgb{224, 224, 192});  // void
}

TEST_CASE("label_png: palettes and grey of every depth, interlaced or not, are read as numbers") {
  for (const int depth : {1, 2, 4, 8}) {
    LabelMap map = stripes(13, 21);
    for (uint8_t& label : map.labels) label = static_cast<uint8_t>(label & ((1U << depth) - 1));
    for (const int kind : {PNG_COLOR_TYPE_PALETTE, PNG_COLOR_TYPE_GRAY}) {
      for (const int interlace : {PNG_INTERLACE_NONE, PNG_INTERLACE_ADAM7}) {
        CAPTURE(depth);
        CAPTURE(kind);
        CAPTURE(interlace);
        CHECK(decode_label_png(written(map, kind, depth, interlace), "m.png").labels == map.labels);
      }
    }
  }
}

TEST_CASE("label_png: pictures that hold no labels are refused, and say why") {
  const auto message = [](const std::vector<std::byte>& bytes) {
    try {
      decode_label_png(bytes, "m.png");
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kData);
      return std::string(error.what());
    }
    return std::string();
  };
  const Picture color{2, 2, 3, std::vector<uint8_t>(12, 9)};
  CHECK(message(encode_png(color)).find("a palette, or grey") != std::string::npos);
  CHECK(message(encode_jpeg(color)).find("a JPEG image") != std::string::npos);
  CHECK(message({}).find("a PNG image") != std::string::npos);
  LabelMap wide{2, 4, std::vector<uint8_t>(16, 1)};
  CHECK(message(written(wide, PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE)).find("16 bits") != std::string::npos);
}

TEST_CASE("label_png: cut and damaged files are refused") {
  const auto bytes = encode_label_png(stripes(50, 50));
  for (size_t part = 1; part < 16; ++part) {
    const std::vector<std::byte> cut(bytes.begin(),
                                     bytes.begin() + static_cast<std::ptrdiff_t>(bytes.size() * part / 16));
    CHECK_THROWS_AS(decode_label_png(cut, "m.png"), Error);
  }
  // What stands before the palette (sRGB and the like) does not matter to labels.
  const std::string text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  const size_t palette = text.find("PLTE");
  REQUIRE(palette != std::string::npos);
  for (size_t at = palette; at < bytes.size(); at += 37) {
    auto flipped = bytes;
    flipped[at] ^= std::byte{0x40};
    CHECK_THROWS_AS(decode_label_png(flipped, "m.png"), Error);
  }
}
