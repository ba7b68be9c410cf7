#include "systems/picture_file.h"

#include <algorithm>
#include <span>
#include <tuple>

#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/picture.h"

namespace fovea {

LoadedPicture load_picture(const std::string& path, const std::string& id) {
  LoadedPicture picture;
  try {
    if (path.empty()) fail(ErrorKind::kNoInput, "image {}: no picture of this name", printable(id));
    picture.bytes = read_file(path, std::min(max_memory(), io::kMaxPicturePixels * 4));
    std::tie(picture.height, picture.width) = io::picture_size(picture.bytes, path);
    io::decode_picture(picture.bytes, path);
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData && error.kind() != ErrorKind::kNoInput) throw;
    picture.error = error;
  }
  return picture;
}

std::vector<std::byte> picture_bytes(const io::ImagesReader& reader, int64_t item) {
  if (reader.storage() == io::PixelStorage::kEncoded) {
    const std::vector<uint8_t> bytes = reader.read_encoded(item);
    const auto view = std::as_bytes(std::span(bytes));
    return {view.begin(), view.end()};
  }
  if (reader.storage() != io::PixelStorage::kRaw) {
    throw Error(ErrorKind::kData, reader.path() + ": expected pictures in the set, found none",
                "--no-copy-pictures writes the annotations alone");
  }
  io::Picture picture{reader.height(), reader.width(), reader.channels(), {}};
  picture.pixels.resize(static_cast<size_t>(picture.height * picture.width * picture.channels));
  reader.read_pixels(item, item + 1, std::span<uint8_t>(picture.pixels));
  return io::encode_png(picture);
}

std::string picture_suffix(const io::ImagesReader& reader, int64_t item) {
  if (reader.storage() != io::PixelStorage::kEncoded) return ".png";
  const std::vector<uint8_t> bytes = reader.read_encoded(item);
  return io::picture_format(std::as_bytes(std::span(bytes))) == io::PictureFormat::kPng ? ".png" : ".jpg";
}

}  // namespace fovea
