#include "io/protobuf.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/memory.h"
#include "io/byte_order.h"

namespace fovea::io {
namespace {

constexpr int kMaxDepth = 64;
constexpr int kMaxGroups = 32;
constexpr int kMaxVarintBytes = 10;

}  // namespace

WireReader::WireReader(std::span<const std::byte> message, std::string_view place, int64_t base)
    : data_(message), place_(place), base_(base) {}

void WireReader::fail_at(int64_t offset, std::string_view what) const {
  fail(ErrorKind::kData, "{}: byte {}: {}", place_, offset, what);
}

uint64_t WireReader::read_varint() {
  const size_t start = position_;
  uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes; ++i) {
    if (position_ >= data_.size()) fail_at(base_ + static_cast<int64_t>(start), "truncated number");
    const auto byte = std::to_integer<uint64_t>(data_[position_++]);
    value |= (byte & 0x7F) << (7 * i);
    if (byte < 0x80) {
      if (i == kMaxVarintBytes - 1 && byte > 1) break;  // more than 64 bits
      return value;
    }
  }
  fail_at(base_ + static_cast<int64_t>(start), "number of more than 64 bits");
}

// One field without its group semantics: a group start or end is returned as such.
WireField WireReader::read_field() {
  WireField field;
  field.offset = base_ + static_cast<int64_t>(position_);
  const uint64_t tag = read_varint();
  const uint64_t number = tag >> 3;
  if (number == 0 || number > 0x1FFFFFFF) fail_at(field.offset, "invalid field number " + std::to_string(number));
  field.number = static_cast<uint32_t>(number);
  const int type = static_cast<int>(tag & 7);
  if (type > 5) fail_at(field.offset, "invalid wire type " + std::to_string(type));
  field.type = static_cast<WireType>(type);
  size_t length = 0;
  switch (field.type) {
    case WireType::kVarint:
      field.varint = read_varint();
      return field;
    case WireType::kGroupStart:
    case WireType::kGroupEnd:
      return field;
    case WireType::kFixed64:
      length = 8;
      break;
    case WireType::kFixed32:
      length = 4;
      break;
    case WireType::kBytes: {
      const uint64_t claimed = read_varint();
      if (claimed > data_.size() - position_) {
        fail_at(field.offset, "truncated: field " + std::to_string(field.number) + " says " + std::to_string(claimed) +
                                  " bytes, " + std::to_string(data_.size() - position_) + " are left");
      }
      length = static_cast<size_t>(claimed);
      break;
    }
  }
  if (length > data_.size() - position_) fail_at(field.offset, "truncated fixed-size field");
  field.bytes = data_.subspan(position_, length);
  position_ += length;
  return field;
}

void WireReader::skip_group(uint32_t number, int64_t offset) {
  std::array<uint32_t, kMaxGroups> open{};
  size_t depth = 0;
  open[depth++] = number;
  while (depth > 0) {
    if (position_ >= data_.size()) fail_at(offset, "group without an end");
    const WireField field = read_field();
    if (field.type == WireType::kGroupStart) {
      if (depth == open.size()) fail_at(field.offset, "groups nested too deeply");
      open[depth++] = field.number;
    } else if (field.type == WireType::kGroupEnd) {
      if (open[--depth] != field.number) fail_at(field.offset, "group end without its start");
    }
  }
}

std::optional<WireField> WireReader::next() {
  while (position_ < data_.size()) {
    WireField field = read_field();
    if (field.type == WireType::kGroupEnd) fail_at(field.offset, "group end without its start");
    if (field.type != WireType::kGroupStart) return field;
    skip_group(field.number, field.offset);
  }
  return std::nullopt;
}

WireReader WireReader::message(const WireField& field) const {
  if (field.type != WireType::kBytes) fail_at(field.offset, "expected a message");
  if (depth_ + 1 > kMaxDepth) fail_at(field.offset, "messages nested too deeply");
  const int64_t start = base_ + static_cast<int64_t>(field.bytes.data() - data_.data());
  WireReader reader(field.bytes, place_, start);
  reader.depth_ = depth_ + 1;
  return reader;
}

std::string WireReader::text(const WireField& field) const {
  if (field.type != WireType::kBytes) fail_at(field.offset, "expected text");
  return {reinterpret_cast<const char*>(field.bytes.data()), field.bytes.size()};
}

uint64_t WireReader::unsigned_value(const WireField& field) const {
  if (field.type != WireType::kVarint) fail_at(field.offset, "expected a number");
  return field.varint;
}

int64_t WireReader::signed_value(const WireField& field) const { return static_cast<int64_t>(unsigned_value(field)); }

void WireReader::append_floats(const WireField& field, std::vector<float>& values) const {
  const bool packed = field.type == WireType::kBytes;
  if ((!packed && field.type != WireType::kFixed32) || field.bytes.size() % 4 != 0) {
    fail_at(field.offset, "expected 32-bit floats");
  }
  const size_t first = values.size();
  const size_t count = field.bytes.size() / 4;
  require_memory(static_cast<int64_t>((first + count) * sizeof(float)), place_);
  values.resize(first + count);
  for (size_t i = 0; i < count; ++i) values[first + i] = load_le<float>(field.bytes.data() + 4 * i);
}

void WireReader::append_doubles(const WireField& field, std::vector<float>& values) const {
  const bool packed = field.type == WireType::kBytes;
  if ((!packed && field.type != WireType::kFixed64) || field.bytes.size() % 8 != 0) {
    fail_at(field.offset, "expected 64-bit floats");
  }
  const size_t first = values.size();
  const size_t count = field.bytes.size() / 8;
  require_memory(static_cast<int64_t>((first + count) * sizeof(float)), place_);
  values.resize(first + count);
  for (size_t i = 0; i < count; ++i) {
    values[first + i] = static_cast<float>(load_le<double>(field.bytes.data() + 8 * i));
  }
}

void WireReader::append_integers(const WireField& field, std::vector<int64_t>& values) const {
  if (field.type == WireType::kVarint) {
    values.push_back(static_cast<int64_t>(field.varint));
    return;
  }
  WireReader reader = message(field);
  while (reader.position_ < reader.data_.size()) values.push_back(static_cast<int64_t>(reader.read_varint()));
}

}  // namespace fovea::io
