#include <png.h>

#include <cstring>

#include "base/error.h"
#include "base/text.h"
#include "io/byte_order.h"
#include "io/picture_codec.h"

namespace fovea::io {
namespace {

// The library does without the end of the file once it has all pixels; we do not: a cut file is a cut file.
void require_all_chunks(std::span<const std::byte> bytes, std::string_view place) {
  constexpr size_t kSignature = 8, kFrame = 12;  // length, name, checksum
  size_t at = kSignature;
  while (bytes.size() - at >= kFrame) {
    const size_t length = load_be<uint32_t>(&bytes[at]);
    if (length > bytes.size() - at - kFrame) break;
    if (std::memcmp(&bytes[at + 4], "IEND", 4) == 0) return;
    at += kFrame + length;
  }
  fail(ErrorKind::kData, "{}: truncated PNG image: {} bytes without an end", place, bytes.size());
}

// The library's state, released even when the reader's constructor throws.
struct PngState {
  PngState() {
    std::memset(&image, 0, sizeof(image));
    image.version = PNG_IMAGE_VERSION;
  }
  ~PngState() { png_image_free(&image); }
  PngState(const PngState&) = delete;
  PngState& operator=(const PngState&) = delete;
  png_image image;
};

class PngReader {
 public:
  PngReader(std::span<const std::byte> bytes, std::string_view place) : place_(place) {
    if (png_image_begin_read_from_memory(&image(), bytes.data(), bytes.size()) == 0) fail_png();
    // Without this the library takes 16-bit pictures for linear light.
    image().flags |= PNG_IMAGE_FLAG_16BIT_sRGB;
    const bool color = (image().format & PNG_FORMAT_FLAG_COLOR) != 0;
    image().format = color ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
    check_picture_size(height(), width(), channels() + 1, place);
  }

  int64_t height() const { return state_.image.height; }
  int64_t width() const { return state_.image.width; }
  int64_t channels() const { return state_.image.format == PNG_FORMAT_RGB ? 3 : 1; }

  Picture read() {
    Picture picture{height(), width(), channels(), {}};
    picture.pixels.resize(static_cast<size_t>(picture.height * picture.width * picture.channels));
    const png_color black{0, 0, 0};
    const auto stride = static_cast<png_int_32>(picture.width * picture.channels);
    if (png_image_finish_read(&image(), &black, picture.pixels.data(), stride, nullptr) == 0) fail_png();
    return picture;
  }

 private:
  png_image& image() { return state_.image; }
  [[noreturn]] void fail_png() {
    fail(ErrorKind::kData, "{}: damaged PNG image: {}", place_, printable(image().message, sizeof(image().message)));
  }
  std::string_view place_;
  PngState state_;
};

}  // namespace

std::pair<int64_t, int64_t> png_size(std::span<const std::byte> bytes, std::string_view place) {
  const PngReader reader(bytes, place);
  return {reader.height(), reader.width()};
}

Picture decode_png(std::span<const std::byte> bytes, std::string_view place) {
  require_all_chunks(bytes, place);
  return PngReader(bytes, place).read();
}

std::vector<std::byte> encode_png(const Picture& picture) {
  FOVEA_CHECK(picture.channels == 1 || picture.channels == 3, "{} channels", picture.channels);
  check_picture_size(picture.height, picture.width, picture.channels, "PNG encoder");
  png_image image;
  std::memset(&image, 0, sizeof(image));
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  const auto stride = static_cast<png_int_32>(picture.width * picture.channels);
  // Room for incompressible data, so that one pass is enough.
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), stride, nullptr) == 0) {
    fail(ErrorKind::kSystem, "PNG encoder: {}", image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace fovea::io
