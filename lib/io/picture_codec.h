// The two codecs behind io/picture.h. Internal to io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "io/picture.h"

namespace fovea::io {

struct JpegInfo {
  int64_t height = 0, width = 0;  // as stored
  int orientation = 1;            // EXIF, 1..8
};
// What the header says; sizes are within the limits. Throws Error(kData).
JpegInfo jpeg_info(std::span<const std::byte> bytes, std::string_view place);
// As stored: orientation is not applied.
Picture decode_jpeg(std::span<const std::byte> bytes, std::string_view place);

std::pair<int64_t, int64_t> png_size(std::span<const std::byte> bytes, std::string_view place);
Picture decode_png(std::span<const std::byte> bytes, std::string_view place);

// EXIF orientation of a JPEG, 1 if absent or damaged; true if an Adobe marker exists (its CMYK values are inverted).
int jpeg_orientation(std::span<const std::byte> bytes);
bool jpeg_has_adobe_marker(std::span<const std::byte> bytes);

// Throws Error(kData) if a picture of this size is not allowed; `channels` bytes per pixel, plus the decoder's own
// needs.
void check_picture_size(int64_t height, int64_t width, int64_t channels, std::string_view place);

}  // namespace fovea::io
