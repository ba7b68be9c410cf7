#include "io/picture.h"

#include <png.h>
#include <turbojpeg.h>
#include <zlib.h>

#include <algorithm>
#include <cstdlib>

#include "io/byte_fixtures.h"

using namespace fovea;
using namespace fovea::io;
using namespace fovea::test;

namespace {

// A smooth picture, so that JPEG keeps it nearly as it is.
Picture gradient(int64_t height, int64_t width, int64_t channels) {
  Picture picture{height, width, channels, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      for (int64_t c = 0; c < channels; ++c) {
        picture.pixels.push_back(static_cast<uint8_t>(20 + 2 * x + y + 40 * c));
      }
    }
  }
  return picture;
}

int largest_difference(const Picture& a, const Picture& b) {
  int largest = 0;
  for (size_t i = 0; i < a.pixels.size(); ++i) largest = std::max(largest, std::abs(a.pixels[i] - b.pixels[i]));
  return largest;
}

std::string png_chunk(const std::string& name, const std::string& content) {
  const std::string body = name + content;
  const uLong crc = crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()));
  return big(content.size(), 4) + body + big(crc, 4);
}

// A PNG by hand: `rows` are the unfiltered scan lines, each with its leading filter byte 0.
Bytes make_png(uint32_t width, uint32_t height, int depth, int color, const std::string& rows) {
  std::string packed(compressBound(rows.size()), '\0');
  uLongf size = packed.size();
  compress(reinterpret_cast<Bytef*>(packed.data()), &size, reinterpret_cast<const Bytef*>(rows.data()), rows.size());
  packed.resize(size);
  const std::string header = big(width, 4) + big(height, 4) + big(static_cast<uint64_t>(depth), 1) +
                             big(static_cast<uint64_t>(color), 1) + std::string(3, '\0');
  return to_bytes(std::string("\x89PNG\r\n\x1A\n", 8) + png_chunk("IHDR", header) + png_chunk("IDAT", packed) +
                  png_chunk("IEND", ""));
}

// Four grey quadrants: 0 (top left), 80, 160, 240 (bottom right).
Picture quadrants(int64_t height, int64_t width) {
  Picture picture{height, width, 1, {}};
  for (int64_t y = 0; y < height; ++y) {
    for (int64_t x = 0; x < width; ++x) {
      picture.pixels.push_back(static_cast<uint8_t>((y < height / 2 ? 0 : 160) + (x < width / 2 ? 0 : 80)));
    }
  }
  return picture;
}

// Puts an EXIF block with one orientation entry after the SOI marker.
Bytes with_orientation(const Bytes& jpeg, int orientation, bool little_endian) {
  const auto number = [&](uint64_t value, int bytes) {
    return little_endian ? little(value, bytes) : big(value, bytes);
  };
  const std::string tiff = std::string(little_endian ? "II" : "MM") + number(42, 2) + number(8, 4) + number(1, 2) +
                           number(0x0112, 2) + number(3, 2) + number(1, 4) +
                           number(static_cast<uint64_t>(orientation), 2) + number(0, 2) + number(0, 4);
  const std::string payload = std::string("Exif\0\0", 6) + tiff;
  std::string text = to_text(jpeg);
  text.insert(2, "\xFF\xE1" + big(payload.size() + 2, 2) + payload);
  return to_bytes(text);
}

int level(const Picture& picture, int64_t y, int64_t x) {
  return (picture.pixels[static_cast<size_t>(y * picture.width + x)] + 40) / 80;
}

}  // namespace

TEST_CASE("picture: names of pictures end in .jpg, .jpeg or .png") {
  for (const char* name : {"a.jpg", "a.b.JPEG", "dir/a.PnG"}) CHECK(has_picture_suffix(name));
  for (const char* name : {"", "jpg", ".jpg", "a.jpg.txt", "a.jp", "a."}) CHECK_FALSE(has_picture_suffix(name));
}

TEST_CASE("picture: PNG keeps every pixel") {
  for (const int64_t channels : {1, 3}) {
    const Picture picture = gradient(13, 7, channels);
    const Bytes bytes = encode_png(picture);
    CHECK(picture_format(bytes) == PictureFormat::kPng);
    CHECK(picture_size(bytes, "x") == std::pair<int64_t, int64_t>{13, 7});
    const Picture back = decode_picture(bytes, "x");
    CHECK(back.height == 13);
    CHECK(back.width == 7);
    CHECK(back.channels == channels);
    CHECK(back.pixels == picture.pixels);
    CHECK(encode_png(picture) == bytes);
  }
}

TEST_CASE("picture: JPEG keeps a smooth picture, grey stays grey") {
  for (const int64_t channels : {1, 3}) {
    for (const int quality : {75, 95}) {
      const Picture picture = gradient(24, 40, channels);
      const Bytes bytes = encode_jpeg(picture, quality);
      CHECK(picture_format(bytes) == PictureFormat::kJpeg);
      const Picture back = decode_picture(bytes, "x");
      CHECK(back.channels == channels);
      REQUIRE(back.pixels.size() == picture.pixels.size());
      CHECK(largest_difference(picture, back) <= (quality == 95 ? 6 : 20));
    }
  }
}

TEST_CASE("picture: CMYK becomes RGB") {
  // Inverted CMYK as Adobe writes it: (255, 64, 64, 255) is red, since 255 = no ink.
  std::vector<uint8_t> cmyk;
  for (int i = 0; i < 16 * 16; ++i) cmyk.insert(cmyk.end(), {255, 64, 64, 255});
  tjhandle handle = tjInitCompress();
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  REQUIRE(tjCompress2(handle, cmyk.data(), 16, 0, 16, TJPF_CMYK, &buffer, &size, TJSAMP_444, 95, 0) == 0);
  const auto* first = reinterpret_cast<const std::byte*>(buffer);
  const Bytes bytes(first, first + size);
  tjFree(buffer);
  tjDestroy(handle);
  const Picture picture = decode_picture(bytes, "x");
  CHECK(picture.channels == 3);
  CHECK(std::abs(picture.pixels[0] - 255) <= 3);
  CHECK(std::abs(picture.pixels[1] - 64) <= 3);
  CHECK(std::abs(picture.pixels[2] - 64) <= 3);
}

TEST_CASE("picture: EXIF orientation turns the picture upright") {
  const Bytes jpeg = encode_jpeg(quadrants(16, 32), 95);
  // Levels of the corners (top left, top right, bottom left, bottom right) by the EXIF 2.3 table.
  const int expected[8][4] = {{0, 1, 2, 3}, {1, 0, 3, 2}, {3, 2, 1, 0}, {2, 3, 0, 1},
                              {0, 2, 1, 3}, {2, 0, 3, 1}, {3, 1, 2, 0}, {1, 3, 0, 2}};
  for (int orientation = 1; orientation <= 8; ++orientation) {
    for (const bool little_endian : {true, false}) {
      CAPTURE(orientation);
      const Bytes bytes = with_orientation(jpeg, orientation, little_endian);
      const Picture picture = decode_picture(bytes, "x");
      const bool turned = orientation >= 5;
      CHECK(picture.height == (turned ? 32 : 16));
      CHECK(picture_size(bytes, "x") == std::pair{picture.height, picture.width});
      const int64_t bottom = picture.height - 2, right = picture.width - 2;
      const int* want = expected[orientation - 1];
      CHECK(level(picture, 1, 1) == want[0]);
      CHECK(level(picture, 1, right) == want[1]);
      CHECK(level(picture, bottom, 1) == want[2]);
      CHECK(level(picture, bottom, right) == want[3]);
    }
  }
  CHECK(decode_picture(with_orientation(jpeg, 99, true), "x").height == 16);
}

TEST_CASE("picture: PNG of 16 bits, palette-free grey and alpha are reduced to 8-bit grey or RGB") {
  const Picture deep = decode_picture(make_png(2, 1, 16, 0, std::string("\0\x12\x34\xFF\x80", 5)), "x");
  CHECK(deep.channels == 1);
  CHECK(deep.pixels[0] == 0x12);
  CHECK(deep.pixels[1] == 0xFF);
  const Picture bits = decode_picture(make_png(8, 1, 1, 0, std::string("\0\xA5", 2)), "x");
  CHECK(bits.pixels == std::vector<uint8_t>{255, 0, 255, 0, 0, 255, 0, 255});
  // Opaque red, and transparent green that leaves black.
  const Picture alpha = decode_picture(make_png(2, 1, 8, 6, std::string("\0\xFF\0\0\xFF\0\xFF\0\0", 9)), "x");
  CHECK(alpha.pixels == std::vector<uint8_t>{255, 0, 0, 0, 0, 0});
}

TEST_CASE("picture: every truncation is an error that names the place") {
  const Bytes png = encode_png(gradient(9, 11, 3)), jpeg = encode_jpeg(gradient(33, 17, 3), 80);
  expect_truncations_fail(png, 7, [](const Bytes& part) { decode_picture(part, "x"); });
  expect_truncations_fail(jpeg, 7, [](const Bytes& part) { decode_picture(part, "x"); });
  expect_error(ErrorKind::kData, "photo.jpg: damaged JPEG image",
               [&] { decode_picture(std::span(jpeg).first(jpeg.size() / 2), "photo.jpg"); });
}

TEST_CASE("picture: flipped bytes of a PNG are found by its checksums") {
  const Bytes png = encode_png(gradient(9, 11, 3));
  for (size_t at = 16; at < png.size() - 12; at += 3) {
    Bytes broken = png;
    broken[at] ^= std::byte{0x10};
    try {
      decode_picture(broken, "x");
      // Ancillary chunks (sRGB) may be damaged without harm to the pixels.
      CHECK(decode_picture(broken, "x").pixels == decode_picture(png, "x").pixels);
    } catch (const Error& error) {
      CHECK(error.kind() == ErrorKind::kData);
    }
  }
}

TEST_CASE("picture: absurd sizes are refused before allocation") {
  expect_error(ErrorKind::kData, "at most 268435456 pixels",
               [] { decode_picture(make_png(1000000, 1000000, 8, 2, "x"), "x"); });
  Bytes jpeg = encode_jpeg(gradient(8, 8, 3), 80);
  for (size_t i = 2; i + 9 < jpeg.size(); ++i) {
    if (jpeg[i] != std::byte{0xFF} || jpeg[i + 1] != std::byte{0xC0}) continue;
    for (size_t k = 5; k <= 8; ++k) jpeg[i + k] = std::byte{0xFE};
    break;
  }
  expect_error(ErrorKind::kData, "at most 268435456 pixels", [&] { decode_picture(jpeg, "x"); });
  const Bytes png = encode_png(gradient(200, 200, 3));
  const MemoryLimit limit(100000);
  expect_error(ErrorKind::kData, "x", [&] { decode_picture(png, "x"); });
}

TEST_CASE("picture: other formats are named") {
  expect_error(ErrorKind::kData, "expected a JPEG or PNG image", [] { decode_picture(to_bytes("GIF89a....."), "x"); });
  expect_error(ErrorKind::kData, "x: ", [] { decode_picture({}, "x"); });
  expect_error(ErrorKind::kNoInput, "absent.png", [] { read_picture("/nonexistent/absent.png"); });
}

TEST_CASE("picture: grey and RGB convert by BT.601") {
  const Picture rgb{1, 3, 3, {255, 0, 0, 0, 255, 0, 10, 20, 30}};
  CHECK(to_channels(rgb, 1).pixels == std::vector<uint8_t>{76, 150, 18});
  const Picture grey{1, 2, 1, {7, 9}};
  CHECK(to_channels(grey, 3).pixels == std::vector<uint8_t>{7, 7, 7, 9, 9, 9});
  CHECK(to_channels(rgb, 3).pixels == rgb.pixels);
}
