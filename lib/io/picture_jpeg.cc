#include <turbojpeg.h>

#include <algorithm>
#include <cstring>
#include <memory>

#include "base/error.h"
#include "base/text.h"
#include "io/byte_order.h"
#include "io/picture_codec.h"

namespace fovea::io {
namespace {

struct HandleCloser {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Handle = std::unique_ptr<void, HandleCloser>;

Handle checked(tjhandle handle) {
  if (handle == nullptr) fail(ErrorKind::kSystem, "cannot start the JPEG library: {}", tjGetErrorStr2(nullptr));
  return Handle(handle);
}

[[noreturn]] void fail_jpeg(tjhandle handle, std::string_view place) {
  fail(ErrorKind::kData, "{}: damaged JPEG image: {}", place, printable(tjGetErrorStr2(handle), 120));
}

const unsigned char* raw(std::span<const std::byte> bytes) {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}

struct Header {
  int width = 0, height = 0, subsampling = 0, colorspace = 0;
};

Header read_header(tjhandle handle, std::span<const std::byte> bytes, std::string_view place) {
  Header header;
  const int code = tjDecompressHeader3(handle, raw(bytes), static_cast<unsigned long>(bytes.size()), &header.width,
                                       &header.height, &header.subsampling, &header.colorspace);
  if (code != 0 || header.width <= 0 || header.height <= 0) fail_jpeg(handle, place);
  // 3 bytes of output, and as much again for a progressive picture's coefficients (2 bytes each, 3 or 4 components).
  check_picture_size(header.height, header.width, 12, place);
  return header;
}

// One marker segment: calls body(marker, payload) for each until it returns true or the scan starts.
template <typename Body>
void each_segment(std::span<const std::byte> bytes, Body&& body) {
  size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == std::byte{0xFF}) {
    const int marker = std::to_integer<int>(bytes[at + 1]);
    if (marker == 0xFF) {  // fill byte
      ++at;
      continue;
    }
    if (marker == 0xDA || marker == 0xD9) return;
    const size_t length = load_be<uint16_t>(&bytes[at + 2]);
    if (length < 2 || length > bytes.size() - at - 2) return;
    if (body(marker, bytes.subspan(at + 4, length - 2))) return;
    at += 2 + length;
  }
}

bool starts_with(std::span<const std::byte> bytes, std::string_view text) {
  return bytes.size() >= text.size() && std::memcmp(bytes.data(), text.data(), text.size()) == 0;
}

// Tag 0x0112 of the first directory of a TIFF block; 1 for anything unusual.
int tiff_orientation(std::span<const std::byte> tiff) {
  if (tiff.size() < 8) return 1;
  const std::endian order = starts_with(tiff, "II") ? std::endian::little : std::endian::big;
  if (order == std::endian::big && !starts_with(tiff, "MM")) return 1;
  const size_t directory = load_as<uint32_t>(&tiff[4], order);
  if (directory > tiff.size() - 2) return 1;
  const size_t entries = load_as<uint16_t>(&tiff[directory], order);
  for (size_t i = 0; i < entries; ++i) {
    const size_t at = directory + 2 + 12 * i;
    if (at + 12 > tiff.size()) return 1;
    if (load_as<uint16_t>(&tiff[at], order) != 0x0112 || load_as<uint16_t>(&tiff[at + 2], order) != 3) continue;
    const int value = load_as<uint16_t>(&tiff[at + 8], order);
    return value >= 1 && value <= 8 ? value : 1;
  }
  return 1;
}

// Adobe writes CMYK inverted: 255 is no ink.
void cmyk_to_rgb(const std::vector<uint8_t>& cmyk, bool inverted, std::vector<uint8_t>& rgb) {
  for (size_t i = 0; i * 4 < cmyk.size(); ++i) {
    const auto light = [&](size_t k) { return inverted ? int{cmyk[4 * i + k]} : 255 - cmyk[4 * i + k]; };
    for (size_t k = 0; k < 3; ++k) rgb[3 * i + k] = static_cast<uint8_t>((light(k) * light(3) + 127) / 255);
  }
}

}  // namespace

int jpeg_orientation(std::span<const std::byte> bytes) {
  int orientation = 1;
  each_segment(bytes, [&](int marker, std::span<const std::byte> payload) {
    if (marker != 0xE1 || !starts_with(payload, std::string_view("Exif\0\0", 6))) return false;
    orientation = tiff_orientation(payload.subspan(6));
    return true;
  });
  return orientation;
}

bool jpeg_has_adobe_marker(std::span<const std::byte> bytes) {
  bool found = false;
  each_segment(bytes, [&](int marker, std::span<const std::byte> payload) {
    found = marker == 0xEE && starts_with(payload, "Adobe");
    return found;
  });
  return found;
}

JpegInfo jpeg_info(std::span<const std::byte> bytes, std::string_view place) {
  const Handle handle = checked(tjInitDecompress());
  const Header header = read_header(handle.get(), bytes, place);
  return {header.height, header.width, jpeg_orientation(bytes)};
}

Picture decode_jpeg(std::span<const std::byte> bytes, std::string_view place) {
  const Handle handle = checked(tjInitDecompress());
  const Header header = read_header(handle.get(), bytes, place);
  const bool grey = header.colorspace == TJCS_GRAY;
  const bool cmyk = header.colorspace == TJCS_CMYK || header.colorspace == TJCS_YCCK;
  const int format = grey ? TJPF_GRAY : cmyk ? TJPF_CMYK : TJPF_RGB;
  Picture picture{header.height, header.width, grey ? 1 : 3, {}};
  const size_t count = static_cast<size_t>(picture.height) * static_cast<size_t>(picture.width);
  std::vector<uint8_t> decoded(count * static_cast<size_t>(tjPixelSize[format]));
  // A warning counts as an error: the library would fill the missing part with grey. 500 scans are the limit, because
  // a small progressive file can otherwise ask for hours.
  const int code = tjDecompress2(handle.get(), raw(bytes), static_cast<unsigned long>(bytes.size()), decoded.data(),
                                 header.width, 0, header.height, format, TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING);
  if (code != 0) fail_jpeg(handle.get(), place);
  if (cmyk) {
    picture.pixels.resize(count * 3);
    cmyk_to_rgb(decoded, jpeg_has_adobe_marker(bytes), picture.pixels);
  } else {
    picture.pixels = std::move(decoded);
  }
  return picture;
}

std::vector<std::byte> encode_jpeg(const Picture& picture, int quality) {
  FOVEA_CHECK(quality >= 1 && quality <= 100, "JPEG quality {}", quality);
  FOVEA_CHECK(picture.channels == 1 || picture.channels == 3, "{} channels", picture.channels);
  if (picture.height < 1 || picture.width < 1 || picture.height > 65535 || picture.width > 65535) {
    fail(ErrorKind::kData, "a JPEG image cannot be {} x {}", picture.width, picture.height);
  }
  const Handle handle = checked(tjInitCompress());
  const bool grey = picture.channels == 1;
  const int subsampling = grey ? TJSAMP_GRAY : quality >= 90 ? TJSAMP_444 : TJSAMP_420;
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  const int code = tjCompress2(handle.get(), picture.pixels.data(), static_cast<int>(picture.width), 0,
                               static_cast<int>(picture.height), grey ? TJPF_GRAY : TJPF_RGB, &buffer, &size,
                               subsampling, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(buffer, tjFree);
  if (code != 0) fail(ErrorKind::kSystem, "JPEG encoder: {}", tjGetErrorStr2(handle.get()));
  const auto* first = reinterpret_cast<const std::byte*>(buffer);
  return {first, first + size};
}

}  // namespace fovea::io
