// JPEG and PNG pictures from and to bytes. No other formats are built in.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::io {

inline constexpr int64_t kMaxPicturePixels = int64_t{1} << 28;  // 16384 x 16384: above any photograph

// pixels [H,W,C], C = 1 (grey) or 3 (RGB), row-major, no padding.
struct Picture {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> pixels = {};
  uint8_t* row(int64_t y) { return pixels.data() + y * width * channels; }
  const uint8_t* row(int64_t y) const { return pixels.data() + y * width * channels; }
};

// .jpg, .jpeg or .png after a name, in any case.
bool has_picture_suffix(std::string_view name);

enum class PictureFormat { kUnknown, kJpeg, kPng };

// From the first bytes (signature) alone.
PictureFormat picture_format(std::span<const std::byte> bytes);

// Height and width after EXIF orientation, from the header alone. Throws like decode_picture.
std::pair<int64_t, int64_t> picture_size(std::span<const std::byte> bytes, std::string_view place);

// JPEG: grey stays one channel, YCbCr/RGB/CMYK/YCCK become RGB, EXIF orientation is applied (all 8 cases).
// PNG: 8 bits per channel (16 are reduced), palettes expanded, alpha composed on black; grey stays one channel.
// Throws Error(kData) starting with `place` if the bytes are neither, damaged, truncated, above kMaxPicturePixels, or
// above max_memory(). A JPEG with a decoder warning (premature end, corrupt data) is an error, not a grey half picture.
Picture decode_picture(std::span<const std::byte> bytes, std::string_view place);
// As above from a file ("-" = stdin). Throws Error(kNoInput) if it can't be read.
Picture read_picture(const std::string& path);

// Lossless; the same picture gives the same bytes with the same zlib.
std::vector<std::byte> encode_png(const Picture& picture);
// quality 1..100, 4:4:4 for quality >= 90, else 4:2:0.
std::vector<std::byte> encode_jpeg(const Picture& picture, int quality = 92);

// Grey -> RGB by repetition, RGB -> grey by BT.601 luma (0.299 R + 0.587 G + 0.114 B, rounded). channels = 1 or 3.
Picture to_channels(Picture picture, int64_t channels);

}  // namespace fovea::io
