#include "io/label_png.h"

#include <png.h>

#include <algorithm>
#include <csetjmp>
#include <cstring>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/picture_codec.h"

namespace fovea::io {
namespace {

// The library reports errors by jumping out of its functions. The functions that it may jump through hold nothing that
// needs a destructor; all memory belongs to this class.
class IndexReader {
 public:
  IndexReader(std::span<const std::byte> bytes, std::string_view place) : bytes_(bytes), place_(place) {
    png_ = png_create_read_struct(PNG_LIBPNG_VER_STRING, this, on_error, on_warning);
    if (png_ != nullptr) info_ = png_create_info_struct(png_);
    if (info_ == nullptr) {
      png_destroy_read_struct(&png_, &info_, nullptr);
      fail(ErrorKind::kSystem, "{}: no memory for the PNG decoder", place_);
    }
  }
  ~IndexReader() { png_destroy_read_struct(&png_, &info_, nullptr); }
  IndexReader(const IndexReader&) = delete;
  IndexReader& operator=(const IndexReader&) = delete;

  LabelMap read() {
    if (bytes_.size() < 8 || png_sig_cmp(reinterpret_cast<png_const_bytep>(bytes_.data()), 0, 8) != 0) {
      fail_data(place_, "a PNG image", sniff(bytes_));
    }
    if (!read_header()) fail_damaged();
    const int depth = png_get_bit_depth(png_, info_), kind = png_get_color_type(png_, info_);
    if ((kind != PNG_COLOR_TYPE_PALETTE && kind != PNG_COLOR_TYPE_GRAY) || depth > 8) {
      fail_data(place_, "a PNG image of labels: a palette, or grey of at most 8 bits",
                fmt::format("{} of {} bits", kind == PNG_COLOR_TYPE_GRAY ? "grey" : "colours or alpha", depth));
    }
    LabelMap map{png_get_image_height(png_, info_), png_get_image_width(png_, info_), {}};
    check_picture_size(map.height, map.width, 1, place_);
    map.labels.resize(static_cast<size_t>(map.height * map.width));
    if (!read_rows(map.labels.data(), map.height, map.width)) fail_damaged();
    return map;
  }

 private:
  static IndexReader& self(png_structp png) { return *static_cast<IndexReader*>(png_get_io_ptr(png)); }

  static void on_error(png_structp png, png_const_charp text) {
    auto& reader = *static_cast<IndexReader*>(png_get_error_ptr(png));
    std::strncpy(reader.message_, text, sizeof(reader.message_) - 1);
    png_longjmp(png, 1);
  }
  static void on_warning(png_structp, png_const_charp) {}

  static void take(png_structp png, png_bytep out, size_t count) {
    IndexReader& reader = self(png);
    if (count > reader.bytes_.size() - reader.at_) png_error(png, "the file ends too early");
    std::memcpy(out, reader.bytes_.data() + reader.at_, count);
    reader.at_ += count;
  }

  bool read_header() {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    png_set_read_fn(png_, this, take);
    png_read_info(png_, info_);
    png_set_packing(png_);  // labels of 1, 2 and 4 bits as bytes, unchanged
    passes_ = png_set_interlace_handling(png_);
    png_read_update_info(png_, info_);
    return true;
  }

  bool read_rows(uint8_t* labels, int64_t height, int64_t width) {
    if (setjmp(png_jmpbuf(png_)) != 0) return false;
    for (int pass = 0; pass < passes_; ++pass) {
      for (int64_t y = 0; y < height; ++y) png_read_row(png_, labels + y * width, nullptr);
    }
    png_read_end(png_, nullptr);  // the checksums, and that there is an end
    return true;
  }

  [[noreturn]] void fail_damaged() const {
    fail(ErrorKind::kData, "{}: damaged PNG image: {}", place_, printable(message_, sizeof(message_)));
  }

  std::span<const std::byte> bytes_;
  size_t at_ = 0;
  std::string place_;
  png_structp png_ = nullptr;
  png_infop info_ = nullptr;
  int passes_ = 1;
  char message_[96] = {};
};

}  // namespace

LabelMap decode_label_png(std::span<const std::byte> bytes, std::string_view place) {
  return IndexReader(bytes, place).read();
}

LabelMap read_label_png(const std::string& path) {
  const auto bytes = read_file(path, std::min(max_memory(), kMaxPicturePixels * 4));  // as for pictures
  return decode_label_png(bytes, path);
}

std::array<uint8_t, 3> voc_color(uint8_t label) {
  std::array<uint8_t, 3> color{};
  for (int level = 7; level >= 5; --level) {
    for (size_t c = 0; c < 3; ++c) {
      if ((label >> c & 1) != 0) color[c] = static_cast<uint8_t>(color[c] | 1U << level);
    }
    label = static_cast<uint8_t>(label >> 3);
  }
  return color;
}

std::vector<std::byte> encode_label_png(const LabelMap& map) {
  FOVEA_CHECK(static_cast<int64_t>(map.labels.size()) == map.height * map.width, "{} labels", map.labels.size());
  check_picture_size(map.height, map.width, 1, "PNG encoder");
  png_image image;
  std::memset(&image, 0, sizeof(image));
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(map.width);
  image.height = static_cast<png_uint_32>(map.height);
  image.format = PNG_FORMAT_RGB_COLORMAP;
  image.colormap_entries = 256;
  std::array<uint8_t, 3 * 256> palette{};
  for (size_t label = 0; label < 256; ++label) {
    const auto color = voc_color(static_cast<uint8_t>(label));
    std::copy(color.begin(), color.end(), palette.begin() + static_cast<std::ptrdiff_t>(3 * label));
  }
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> bytes(size);
  const auto stride = static_cast<png_int_32>(map.width);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, map.labels.data(), stride, palette.data()) == 0) {
    fail(ErrorKind::kSystem, "PNG encoder: {}", image.message);
  }
  bytes.resize(size);
  return bytes;
}

}  // namespace fovea::io
