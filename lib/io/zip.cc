#include "io/zip.h"

#include <zlib.h>

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/byte_order.h"
#include "io/gzip.h"

namespace fovea::io {
namespace {

constexpr uint32_t kLocalMagic = 0x04034B50, kCentralMagic = 0x02014B50, kEndMagic = 0x06054B50;
constexpr uint32_t kEnd64Magic = 0x06064B50, kEnd64LocatorMagic = 0x07064B50;
constexpr size_t kLocalSize = 30, kCentralSize = 46, kEndSize = 22, kEnd64Size = 56, kEnd64LocatorSize = 20;
constexpr uint32_t kSaturated = 0xFFFFFFFF;  // "see the zip64 field"
constexpr uint16_t kZip64Extra = 1;
constexpr uint16_t kDosDate = (1 << 5) | 1;  // 1980-01-01, the zero of the format

struct Directory {
  uint64_t entries = 0, offset = 0, size = 0;
};

uint32_t crc_of(std::span<const std::byte> bytes) {
  uLong crc = crc32(0, nullptr, 0);
  while (!bytes.empty()) {
    const size_t part = std::min<size_t>(bytes.size(), size_t{1} << 30);
    crc = crc32(crc, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(part));
    bytes = bytes.subspan(part);
  }
  return static_cast<uint32_t>(crc);
}

// The last end record; a comment of up to 64 KiB may follow it.
size_t find_end(std::span<const std::byte> bytes, std::string_view place) {
  if (bytes.size() >= kEndSize) {
    const size_t last = bytes.size() - kEndSize;
    const size_t first = last > 0xFFFF ? last - 0xFFFF : 0;
    for (size_t at = last + 1; at-- > first;) {
      if (load_le<uint32_t>(&bytes[at]) != kEndMagic) continue;
      if (at + kEndSize + load_le<uint16_t>(&bytes[at] + 20) == bytes.size()) return at;
    }
  }
  fail(ErrorKind::kData, "{}: truncated: no zip directory at the end of {} bytes", place, bytes.size());
}

Directory find_directory(std::span<const std::byte> bytes, std::string_view place) {
  const size_t end = find_end(bytes, place);
  const std::byte* record = bytes.data() + end;
  Directory directory{load_le<uint16_t>(record + 10), load_le<uint32_t>(record + 16), load_le<uint32_t>(record + 12)};
  if (load_le<uint16_t>(record + 4) != load_le<uint16_t>(record + 6))
    fail(ErrorKind::kData, "{}: multi-disk zip", place);
  if (end >= kEnd64LocatorSize && load_le<uint32_t>(record - kEnd64LocatorSize) == kEnd64LocatorMagic) {
    const auto at = load_le<uint64_t>(record - kEnd64LocatorSize + 8);
    if (at > bytes.size() || bytes.size() - at < kEnd64Size || load_le<uint32_t>(&bytes[at]) != kEnd64Magic) {
      fail(ErrorKind::kData, "{}: zip64 end record outside the file", place);
    }
    const std::byte* large = bytes.data() + at;
    directory = {load_le<uint64_t>(large + 32), load_le<uint64_t>(large + 48), load_le<uint64_t>(large + 40)};
  }
  if (directory.offset > end || directory.size > end - directory.offset) {
    fail(ErrorKind::kData, "{}: zip directory outside the file", place);
  }
  // Each entry takes at least kCentralSize bytes: a larger count is a lie.
  if (directory.entries > directory.size / kCentralSize) {
    fail_data(std::string(place) + ": zip directory",
              "at most " + std::to_string(directory.size / kCentralSize) + " entries",
              std::to_string(directory.entries));
  }
  return directory;
}

// Sizes above 4 GiB stand in the extra field, in this order, each only if its short form is saturated.
void apply_zip64(std::span<const std::byte> extra, uint64_t& size, uint64_t& packed, uint64_t& offset) {
  while (extra.size() >= 4) {
    const auto id = load_le<uint16_t>(extra.data());
    const size_t length = load_le<uint16_t>(extra.data() + 2);
    if (length > extra.size() - 4) return;
    if (id == kZip64Extra) {
      std::span<const std::byte> field = extra.subspan(4, length);
      for (uint64_t* value : {&size, &packed, &offset}) {
        if (*value != kSaturated || field.size() < 8) continue;
        *value = load_le<uint64_t>(field.data());
        field = field.subspan(8);
      }
      return;
    }
    extra = extra.subspan(4 + length);
  }
}

ZipEntry parse_central(std::span<const std::byte> bytes, size_t& at, size_t end, const std::string& where) {
  if (end - at < kCentralSize || load_le<uint32_t>(&bytes[at]) != kCentralMagic) {
    fail(ErrorKind::kData, "{}: damaged zip directory at byte {}", where, at);
  }
  const std::byte* record = bytes.data() + at;
  const size_t name_size = load_le<uint16_t>(record + 28), extra_size = load_le<uint16_t>(record + 30),
               comment_size = load_le<uint16_t>(record + 32);
  if (name_size + extra_size + comment_size > end - at - kCentralSize) {
    fail(ErrorKind::kData, "{}: damaged zip directory at byte {}", where, at);
  }
  ZipEntry entry;
  entry.name.assign(reinterpret_cast<const char*>(record + kCentralSize), name_size);
  entry.method = load_le<uint16_t>(record + 10);
  entry.crc = load_le<uint32_t>(record + 16);
  uint64_t packed = load_le<uint32_t>(record + 20), size = load_le<uint32_t>(record + 24),
           offset = load_le<uint32_t>(record + 42);
  apply_zip64({record + kCentralSize + name_size, extra_size}, size, packed, offset);
  const std::string name = where + ": " + printable(entry.name);
  if ((load_le<uint16_t>(record + 8) & 1) != 0) fail_data(name, "a plain entry", "an encrypted one");
  if (entry.method != 0 && entry.method != 8) {
    fail_data(name, "packing method 0 or 8", std::to_string(entry.method));
  }
  if (offset > bytes.size() || packed > bytes.size() - offset)
    fail(ErrorKind::kData, "{}: entry outside the file", name);
  if (size > packed * 1100 + 64 || (entry.method == 0 && size != packed)) {
    fail_data(name, "a size possible for " + std::to_string(packed) + " packed bytes", std::to_string(size));
  }
  entry.packed_size = static_cast<int64_t>(packed);
  entry.size = static_cast<int64_t>(size);
  entry.header_offset = static_cast<int64_t>(offset);
  at += kCentralSize + name_size + extra_size + comment_size;
  return entry;
}

template <typename T>
void put(std::vector<std::byte>& out, T value) {
  for (size_t i = 0; i < sizeof(T); ++i) out.push_back(static_cast<std::byte>((uint64_t{value} >> (8 * i)) & 0xFF));
}

void put_text(std::vector<std::byte>& out, std::string_view text) {
  const auto* bytes = reinterpret_cast<const std::byte*>(text.data());
  out.insert(out.end(), bytes, bytes + text.size());
}

// The fields that local and central headers share, from "version needed" to "extra length".
void put_common(std::vector<std::byte>& out, uint32_t crc, size_t size, size_t name_size) {
  put<uint16_t>(out, 20);
  put<uint16_t>(out, 0x0800);  // names are UTF-8
  put<uint16_t>(out, 0);       // stored
  put<uint16_t>(out, 0);
  put<uint16_t>(out, kDosDate);
  put<uint32_t>(out, crc);
  put<uint32_t>(out, static_cast<uint32_t>(size));
  put<uint32_t>(out, static_cast<uint32_t>(size));
  put<uint16_t>(out, static_cast<uint16_t>(name_size));
  put<uint16_t>(out, 0);
}

}  // namespace

std::vector<ZipEntry> list_zip(std::span<const std::byte> bytes, std::string_view place) {
  const Directory directory = find_directory(bytes, place);
  const std::string where(place);
  std::vector<ZipEntry> entries;
  std::set<std::string> names;
  auto at = static_cast<size_t>(directory.offset);
  const size_t end = at + static_cast<size_t>(directory.size);
  for (uint64_t i = 0; i < directory.entries; ++i) {
    entries.push_back(parse_central(bytes, at, end, where));
    if (!names.insert(entries.back().name).second) {
      fail(ErrorKind::kData, "{}: {}: entry occurs twice", place, printable(entries.back().name));
    }
  }
  return entries;
}

std::vector<std::byte> read_zip_entry(std::span<const std::byte> bytes, const ZipEntry& entry, std::string_view place) {
  const std::string where = fmt::format("{}: {}", place, printable(entry.name));
  const auto at = static_cast<size_t>(entry.header_offset);
  if (at > bytes.size() || bytes.size() - at < kLocalSize || load_le<uint32_t>(bytes.data() + at) != kLocalMagic) {
    fail(ErrorKind::kData, "{}: damaged zip entry at byte {}", where, at);
  }
  const size_t skip = kLocalSize + load_le<uint16_t>(&bytes[at] + 26) + load_le<uint16_t>(&bytes[at] + 28);
  if (skip > bytes.size() - at || static_cast<size_t>(entry.packed_size) > bytes.size() - at - skip) {
    fail(ErrorKind::kData, "{}: truncated: entry ends outside the file", where);
  }
  const auto packed = bytes.subspan(at + skip, static_cast<size_t>(entry.packed_size));
  require_memory(entry.size, where);
  std::vector<std::byte> content;
  if (entry.method == 0) {
    content.assign(packed.begin(), packed.end());
  } else {
    content = inflate_raw(packed, entry.size, where);
  }
  if (crc_of(content) != entry.crc) fail(ErrorKind::kData, "{}: damaged (crc-32)", where);
  return content;
}

std::vector<std::byte> make_zip(const std::vector<std::pair<std::string, std::vector<std::byte>>>& files) {
  std::vector<std::byte> out, central;
  if (files.size() >= 0xFFFF) fail(ErrorKind::kData, "zip: more than 65534 entries");
  for (const auto& [name, content] : files) {
    if (name.size() > 0xFFFF) fail(ErrorKind::kData, "zip: {}: name too long", printable(name));
    if (out.size() + content.size() + central.size() + name.size() + 1024 >= kSaturated) {
      fail(ErrorKind::kData, "zip: {}: the archive would exceed 4 GiB", printable(name));
    }
    const auto offset = static_cast<uint32_t>(out.size());
    const uint32_t crc = crc_of(content);
    put(out, kLocalMagic);
    put_common(out, crc, content.size(), name.size());
    put_text(out, name);
    out.insert(out.end(), content.begin(), content.end());
    put(central, kCentralMagic);
    put<uint16_t>(central, 20);
    put_common(central, crc, content.size(), name.size());
    put<uint16_t>(central, 0);
    put<uint16_t>(central, 0);
    put<uint16_t>(central, 0);
    put<uint32_t>(central, 0);
    put(central, offset);
    put_text(central, name);
  }
  const auto offset = static_cast<uint32_t>(out.size());
  out.insert(out.end(), central.begin(), central.end());
  put(out, kEndMagic);
  put<uint32_t>(out, 0);
  put(out, static_cast<uint16_t>(files.size()));
  put(out, static_cast<uint16_t>(files.size()));
  put(out, static_cast<uint32_t>(central.size()));
  put(out, offset);
  put<uint16_t>(out, 0);
  return out;
}

}  // namespace fovea::io
