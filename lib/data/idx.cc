#include "data/idx.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "io/byte_order.h"
#include "io/gzip.h"

namespace fovea::data {
namespace {

constexpr uint32_t kUnsignedBytes = 0x08;

struct IdxHeader {
  std::array<int64_t, 4> extents{1, 1, 1, 1};
  size_t rank = 0;
  std::span<const std::byte> data;
};

// Magic 00 00 TYPE RANK, then RANK big-endian extents, then the bytes.
IdxHeader parse_header(std::span<const std::byte> bytes, size_t least, size_t most, std::string_view place) {
  const std::string where = std::string(place) + ": header";
  if (bytes.size() < 4) fail_data(where, "an idx file", bytes.empty() ? "an empty file" : "only a few bytes");
  const auto magic = io::load_be<uint32_t>(bytes.data());
  IdxHeader header;
  header.rank = magic & 0xFF;
  if (magic >> 8 != kUnsignedBytes || header.rank < least || header.rank > most) {
    const std::string expected =
        fmt::format("magic 0x{:08x}{}", 0x800 + least, least == most ? "" : fmt::format(" or 0x{:08x}", 0x800 + most));
    fail_data(where, expected,
              fmt::format("0x{:08x} ({})", magic, sniff(bytes.first(std::min<size_t>(bytes.size(), 64)))),
              least == 1 && magic == 0x803 ? "this is an image file; give it as the images" : "");
  }
  const size_t size = 4 + 4 * header.rank;
  if (bytes.size() < size) fail_data(where, fmt::format("{} bytes", size), std::to_string(bytes.size()));
  int64_t needed = 1;
  for (size_t i = 0; i < header.rank; ++i) {
    header.extents[i] = io::load_be<uint32_t>(&bytes[4 + 4 * i]);
    needed = checked_multiply(needed, header.extents[i], where);
  }
  header.data = bytes.subspan(size);
  if (needed != static_cast<int64_t>(header.data.size())) {
    fail_data(std::string(place) + ": data", fmt::format("{} bytes as the header says", needed),
              std::to_string(header.data.size()));
  }
  return header;
}

}  // namespace

PixelSet parse_idx_images(std::span<const std::byte> bytes, std::string_view place) {
  const IdxHeader header = parse_header(bytes, 3, 4, place);
  PixelSet set;
  set.count = header.extents[0];
  set.height = header.extents[1];
  set.width = header.extents[2];
  set.channels = header.extents[3];
  if (set.count < 1 || set.height < 1 || set.width < 1 || (set.channels != 1 && set.channels != 3)) {
    fail_data(std::string(place) + ": header", "images of 1 or 3 channels",
              fmt::format("{} images of {} x {} x {}", set.count, set.height, set.width, set.channels));
  }
  const auto* first = reinterpret_cast<const uint8_t*>(header.data.data());
  set.pixels.assign(first, first + header.data.size());
  return set;
}

std::vector<int32_t> parse_idx_labels(std::span<const std::byte> bytes, std::string_view place) {
  const IdxHeader header = parse_header(bytes, 1, 1, place);
  std::vector<int32_t> labels;
  labels.reserve(header.data.size());
  for (const std::byte label : header.data) labels.push_back(std::to_integer<int32_t>(label));
  return labels;
}

PixelSet read_idx(const std::string& images_path, const std::string& labels_path) {
  PixelSet set = parse_idx_images(io::read_maybe_gzip(images_path, max_memory()), images_path);
  if (labels_path.empty()) return set;
  set.labels = parse_idx_labels(io::read_maybe_gzip(labels_path, max_memory()), labels_path);
  if (static_cast<int64_t>(set.labels.size()) != set.count) {
    fail_data(labels_path, fmt::format("{} labels as {} has images", set.count, base_name(images_path)),
              std::to_string(set.labels.size()));
  }
  const int32_t largest = *std::max_element(set.labels.begin(), set.labels.end());
  for (int32_t i = 0; i <= std::max(largest, 9); ++i) set.label_set.push_back(std::to_string(i));
  return set;
}

}  // namespace fovea::data
