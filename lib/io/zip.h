// Zip archives in memory, for npz. Internal to io.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::io {

struct ZipEntry {
  std::string name;
  uint16_t method = 0;  // 0 stored, 8 deflate
  uint32_t crc = 0;
  int64_t packed_size = 0, size = 0;
  int64_t header_offset = 0;  // of the local header
};

// The central directory, zip64 included. Throws Error(kData) at `place` for anything inconsistent: no end record,
// several disks, encrypted entries, other packing methods, entries outside the file, duplicate names.
std::vector<ZipEntry> list_zip(std::span<const std::byte> bytes, std::string_view place);
// The unpacked content, CRC checked.
std::vector<std::byte> read_zip_entry(std::span<const std::byte> bytes, const ZipEntry& entry, std::string_view place);

// An archive of stored entries without time stamps; below 4 GiB.
std::vector<std::byte> make_zip(const std::vector<std::pair<std::string, std::vector<std::byte>>>& files);

}  // namespace fovea::io
