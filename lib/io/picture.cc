#include "io/picture.h"

#include <algorithm>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/picture_codec.h"

namespace fovea::io {
namespace {

constexpr std::string_view kJpegMagic = "\xFF\xD8\xFF";
constexpr std::string_view kPngMagic("\x89PNG\r\n\x1A\n", 8);

bool starts_with(std::span<const std::byte> bytes, std::string_view magic) {
  return bytes.size() >= magic.size() && std::memcmp(bytes.data(), magic.data(), magic.size()) == 0;
}

[[noreturn]] void fail_format(std::span<const std::byte> bytes, std::string_view place) {
  fail_data(place, "a JPEG or PNG image", sniff(bytes.first(std::min<size_t>(bytes.size(), 4096))));
}

// EXIF: 1 upright, 2 mirrored, 3 turned by 180, 4 = 2+3, 5 transposed, 6 needs a turn right, 7 = anti-transposed,
// 8 needs a turn left. Pixel (y, x) of the result is pixel (sy, sx) of the stored picture.
Picture apply_orientation(Picture stored, int orientation) {
  if (orientation == 1) return stored;
  const bool swap = orientation >= 5;
  Picture upright{swap ? stored.width : stored.height, swap ? stored.height : stored.width, stored.channels, {}};
  upright.pixels.resize(stored.pixels.size());
  const bool flip_y = orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const bool flip_x = orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  uint8_t* out = upright.pixels.data();
  for (int64_t y = 0; y < upright.height; ++y) {
    for (int64_t x = 0; x < upright.width; ++x) {
      // For 5..8 the axes are exchanged first; the flips then act on the result's axes.
      const int64_t v = (swap ? (flip_x ? upright.width - 1 - x : x) : (flip_y ? upright.height - 1 - y : y));
      const int64_t u = (swap ? (flip_y ? upright.height - 1 - y : y) : (flip_x ? upright.width - 1 - x : x));
      const uint8_t* from = stored.row(v) + u * stored.channels;
      for (int64_t c = 0; c < stored.channels; ++c) *out++ = from[c];
    }
  }
  return upright;
}

}  // namespace

void check_picture_size(int64_t height, int64_t width, int64_t channels, std::string_view place) {
  if (height < 1 || width < 1) fail_data(place, "a picture of at least 1 x 1", fmt::format("{} x {}", width, height));
  const int64_t pixels = checked_multiply(height, width, place);
  if (pixels > kMaxPicturePixels) {
    fail_data(place, fmt::format("at most {} pixels", kMaxPicturePixels), fmt::format("{} x {}", width, height));
  }
  require_memory(pixels * channels, place);
}

bool has_picture_suffix(std::string_view name) {
  const size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot == 0) return false;
  std::string suffix(name.substr(dot + 1));
  for (char& c : suffix) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return suffix == "jpg" || suffix == "jpeg" || suffix == "png";
}

PictureFormat picture_format(std::span<const std::byte> bytes) {
  if (starts_with(bytes, kJpegMagic)) return PictureFormat::kJpeg;
  if (starts_with(bytes, kPngMagic)) return PictureFormat::kPng;
  return PictureFormat::kUnknown;
}

std::pair<int64_t, int64_t> picture_size(std::span<const std::byte> bytes, std::string_view place) {
  switch (picture_format(bytes)) {
    case PictureFormat::kJpeg: {
      const JpegInfo info = jpeg_info(bytes, place);
      return info.orientation >= 5 ? std::pair{info.width, info.height} : std::pair{info.height, info.width};
    }
    case PictureFormat::kPng:
      return png_size(bytes, place);
    case PictureFormat::kUnknown:
      break;
  }
  fail_format(bytes, place);
}

Picture decode_picture(std::span<const std::byte> bytes, std::string_view place) {
  switch (picture_format(bytes)) {
    case PictureFormat::kJpeg:
      return apply_orientation(decode_jpeg(bytes, place), jpeg_orientation(bytes));
    case PictureFormat::kPng:
      return decode_png(bytes, place);
    case PictureFormat::kUnknown:
      break;
  }
  fail_format(bytes, place);
}

Picture read_picture(const std::string& path) {
  // No sensible picture of the allowed size is larger than its raw pixels.
  const std::vector<std::byte> bytes = read_file(path, std::min(max_memory(), kMaxPicturePixels * 4));
  return decode_picture(bytes, path);
}

Picture to_channels(Picture picture, int64_t channels) {
  FOVEA_CHECK(channels == 1 || channels == 3, "{} channels", channels);
  if (picture.channels == channels) return picture;
  Picture result{picture.height, picture.width, channels, {}};
  const size_t count = static_cast<size_t>(picture.height * picture.width);
  result.pixels.resize(count * static_cast<size_t>(channels));
  for (size_t i = 0; i < count; ++i) {
    if (channels == 3) {
      std::fill_n(&result.pixels[3 * i], 3, picture.pixels[i]);
    } else {
      const uint8_t* rgb = &picture.pixels[3 * i];
      result.pixels[i] = static_cast<uint8_t>((299 * rgb[0] + 587 * rgb[1] + 114 * rgb[2] + 500) / 1000);
    }
  }
  return result;
}

}  // namespace fovea::io
