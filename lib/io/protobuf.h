// A bounded reader of the protocol-buffer wire format: enough for Caffe models and ONNX initialisers, without schemas.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

enum class WireType : int { kVarint = 0, kFixed64 = 1, kBytes = 2, kGroupStart = 3, kGroupEnd = 4, kFixed32 = 5 };

// One field. `bytes` views the message (kBytes, and the 4 or 8 bytes of fixed types); `varint` holds a kVarint.
struct WireField {
  uint32_t number = 0;
  WireType type = WireType::kVarint;
  uint64_t varint = 0;
  std::span<const std::byte> bytes;
  int64_t offset = 0;  // of the field's tag within the file, for messages
};

// Walks the fields of one message. Never reads outside the span, never copies. Groups are skipped (nesting <= 32).
// Throws Error(kData, "PLACE: byte 1234: ...") on truncation, over-long varints, bad tags.
class WireReader {
 public:
  // `place` must outlive the reader. `base` = offset of message[0] in the file.
  WireReader(std::span<const std::byte> message, std::string_view place, int64_t base = 0);
  // nullopt at the end of the message.
  std::optional<WireField> next();
  // The reader of a sub-message; `depth` guards against hostile nesting (at most 64).
  WireReader message(const WireField& field) const;

  // Checked access: throws unless the field has the type.
  std::string text(const WireField& field) const;
  uint64_t unsigned_value(const WireField& field) const;
  int64_t signed_value(const WireField& field) const;  // int32/int64 (not zigzag)
  // Appends a float / double / int64 field, packed (kBytes) or single. Doubles are narrowed to float.
  void append_floats(const WireField& field, std::vector<float>& values) const;
  void append_doubles(const WireField& field, std::vector<float>& values) const;
  void append_integers(const WireField& field, std::vector<int64_t>& values) const;

  [[noreturn]] void fail_at(int64_t offset, std::string_view what) const;
  std::string_view place() const { return place_; }

 private:
  uint64_t read_varint();
  void skip_group(uint32_t number, int64_t offset);
  WireField read_field();

  std::span<const std::byte> data_;
  std::string_view place_;
  int64_t base_ = 0;
  size_t position_ = 0;
  int depth_ = 0;
};

}  // namespace fovea::io
