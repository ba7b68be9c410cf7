// Picture files on their way into and out of image sets: the same in every convert.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/error.h"
#include "io/images_file.h"

namespace fovea {

struct LoadedPicture {
  std::vector<std::byte> bytes;  // of the file
  int64_t height = 0, width = 0;
  std::optional<Error> error;  // why it is bad: missing, or no picture
};
// Reads and decodes the file, so that what goes into a set can be used later. Errors but kData and kNoInput are thrown.
LoadedPicture load_picture(const std::string& path, const std::string& id);

// The bytes of a JPEG or PNG file: those of the set, or its pixels as PNG. Throws Error(kData) for a set without.
std::vector<std::byte> picture_bytes(const io::ImagesReader& reader, int64_t item);
// ".png" or ".jpg", as picture_bytes are.
std::string picture_suffix(const io::ImagesReader& reader, int64_t item);

}  // namespace fovea
