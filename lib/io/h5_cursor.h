// A bounded little-endian reader over one HDF5 structure.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/error.h"

namespace fovea::io {

// "FILE: damaged HDF5 structure: WHAT at byte N"
[[noreturn]] inline void fail_damaged(const std::string& file, int64_t at, std::string_view what) {
  fail(ErrorKind::kData, "{}: damaged HDF5 structure: {} at byte {}", file, what, at);
}

class H5Cursor {
 public:
  // `address` is the file offset of bytes[0], for messages.
  H5Cursor(std::span<const std::byte> bytes, int64_t address, const std::string& file, std::string_view what)
      : bytes_(bytes), address_(address), file_(file), what_(what) {}

  int64_t position() const { return static_cast<int64_t>(at_); }
  int64_t remaining() const { return static_cast<int64_t>(bytes_.size() - at_); }
  [[noreturn]] void damaged(std::string_view detail) const {
    fail_damaged(file_, address_ + position(), std::string(what_) + ": " + std::string(detail));
  }

  std::span<const std::byte> take(int64_t count) {
    if (count < 0 || count > remaining()) damaged("too short");
    const auto part = bytes_.subspan(at_, static_cast<size_t>(count));
    at_ += static_cast<size_t>(count);
    return part;
  }
  void skip(int64_t count) { take(count); }
  void align8() { skip((8 - position() % 8) % 8); }

  uint8_t u8() { return static_cast<uint8_t>(number(1)); }
  uint16_t u16() { return static_cast<uint16_t>(number(2)); }
  uint32_t u32() { return static_cast<uint32_t>(number(4)); }
  uint64_t u64() { return number(8); }
  // A file offset or size; the undefined address (all ones) is -1, anything beyond 2^62 is damage.
  int64_t offset() {
    const uint64_t value = u64();
    if (value == ~uint64_t{0}) return -1;
    if (value >> 62 != 0) damaged("address out of range");
    return static_cast<int64_t>(value);
  }
  void expect(std::string_view signature) {
    const auto found = take(static_cast<int64_t>(signature.size()));
    for (size_t i = 0; i < signature.size(); ++i) {
      if (static_cast<char>(found[i]) != signature[i]) damaged("wrong signature");
    }
  }

 private:
  uint64_t number(int bytes) {
    const auto part = take(bytes);
    uint64_t value = 0;
    for (int i = bytes - 1; i >= 0; --i) value = value << 8 | static_cast<uint64_t>(part[static_cast<size_t>(i)]);
    return value;
  }

  std::span<const std::byte> bytes_;
  int64_t address_;
  const std::string& file_;
  std::string_view what_;
  size_t at_ = 0;
};

}  // namespace fovea::io
