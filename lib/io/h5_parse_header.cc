// Object headers and their messages.
#include <algorithm>
#include <cstring>
#include <limits>

#include "base/text.h"
#include "io/h5_parser.h"

namespace fovea::io {
namespace {

constexpr int kMaxRank = 32;  // H5S_MAX_RANK

enum Message : uint16_t {
  kNil = 0x00,
  kSpace = 0x01,
  kLinkInfo = 0x02,
  kType = 0x03,
  kOldFill = 0x04,
  kFill = 0x05,
  kLink = 0x06,
  kExternalFiles = 0x07,
  kLayout = 0x08,
  kFilters = 0x0b,
  kAttribute = 0x0c,
  kContinuation = 0x10,
  kSymbolTable = 0x11,
  kModificationTime = 0x12,
};

uint32_t u24(std::span<const std::byte> bytes) {
  return static_cast<uint32_t>(bytes[0]) | static_cast<uint32_t>(bytes[1]) << 8 | static_cast<uint32_t>(bytes[2]) << 16;
}

void parse_integer(H5Cursor& cursor, uint32_t flags, H5Type& type) {
  const int offset = cursor.u16();
  const int precision = cursor.u16();
  const bool plain = offset == 0 && precision == 8 * type.bytes && (flags & 1) == 0;
  const bool sized = type.bytes == 1 || type.bytes == 2 || type.bytes == 4 || type.bytes == 8;
  if (plain && sized) type.kind = (flags & 8) != 0 ? H5Class::kSigned : H5Class::kUnsigned;
}

// IEEE formats only: sign, exponent and mantissa where the standard has them.
void parse_float(H5Cursor& cursor, uint32_t flags, H5Type& type) {
  struct Ieee {
    int64_t bytes;
    int exponent_at, exponent_bits, mantissa_bits;
    uint32_t bias;
  };
  constexpr Ieee kKnown[] = {{2, 10, 5, 10, 15}, {4, 23, 8, 23, 127}, {8, 52, 11, 52, 1023}};
  const int offset = cursor.u16();
  const int precision = cursor.u16();
  const int exponent_at = cursor.u8(), exponent_bits = cursor.u8();
  const int mantissa_at = cursor.u8(), mantissa_bits = cursor.u8();
  const uint32_t bias = cursor.u32();
  for (const Ieee& known : kKnown) {
    const uint32_t expected_flags = 0x20u | static_cast<uint32_t>(8 * known.bytes - 1) << 8;
    if (type.bytes == known.bytes && offset == 0 && precision == 8 * known.bytes && exponent_at == known.exponent_at &&
        exponent_bits == known.exponent_bits && mantissa_at == 0 && mantissa_bits == known.mantissa_bits &&
        bias == known.bias && flags == expected_flags) {
      type.kind = H5Class::kFloat;
    }
  }
}

}  // namespace

std::optional<ElementType> H5Type::element() const {
  switch (kind) {
    case H5Class::kSigned:
      if (bytes == 4) return ElementType::kI32;
      if (bytes == 8) return ElementType::kI64;
      break;
    case H5Class::kUnsigned:
      if (bytes == 1) return ElementType::kU8;
      if (bytes == 4) return ElementType::kU32;
      if (bytes == 8) return ElementType::kU64;
      break;
    case H5Class::kFloat:
      if (bytes == 2) return ElementType::kF16;
      if (bytes == 4) return ElementType::kF32;
      if (bytes == 8) return ElementType::kF64;
      break;
    case H5Class::kString:
    case H5Class::kVarString:
      return ElementType::kString;
    case H5Class::kOther:
      break;
  }
  return std::nullopt;
}

std::string H5Type::name() const {
  switch (kind) {
    case H5Class::kSigned:
      return fmt::format("int{}", 8 * bytes);
    case H5Class::kUnsigned:
      return fmt::format("uint{}", 8 * bytes);
    case H5Class::kFloat:
      return fmt::format("float{}", 8 * bytes);
    case H5Class::kString:
    case H5Class::kVarString:
      return "string";
    case H5Class::kOther:
      break;
  }
  return "other";
}

bool H5Object::has_filter(H5Filter filter) const {
  return std::any_of(filters.begin(), filters.end(), [&](const H5FilterStep& step) { return step.filter == filter; });
}

int64_t H5Attribute::count() const {
  int64_t count = 1;
  for (const int64_t extent : extents) count *= extent;  // bounded by data.size() when it was parsed
  return count;
}

H5Type H5Parser::type(H5Cursor& cursor, int depth) {
  if (depth > 2) cursor.damaged("datatype nested too deep");
  const int first = cursor.u8();
  const int version = first >> 4;
  if (version < 1 || version > 3) cursor.damaged("datatype version");
  const uint32_t flags = u24(cursor.take(3));
  H5Type result;
  result.bytes = cursor.u32();
  if (result.bytes == 0) cursor.damaged("datatype of 0 bytes");
  switch (first & 15) {
    case 0:
      parse_integer(cursor, flags, result);
      break;
    case 1:
      parse_float(cursor, flags, result);
      break;
    case 3:
      result.kind = H5Class::kString;
      result.space_padded = (flags & 15) == 2;
      break;
    case 9:
      if (result.bytes != 16) cursor.damaged("variable-length element of a wrong size");
      if ((flags & 15) == 1) result.kind = H5Class::kVarString;
      break;  // its base type does not matter to us
    default:
      if ((first & 15) > 10) cursor.damaged("datatype class");
      break;  // compound, reference, enumeration, ...: kOther
  }
  return result;
}

std::vector<int64_t> H5Parser::space(H5Cursor& cursor) {
  const int version = cursor.u8();
  if (version != 1 && version != 2) cursor.damaged("dataspace version");
  const int rank = cursor.u8();
  if (rank > kMaxRank) cursor.damaged("rank");
  const int flags = cursor.u8();
  if ((flags & ~1) != 0) cursor.damaged("dataspace flags");
  if (version == 1) {
    cursor.skip(5);
  } else if (const int kind = cursor.u8(); kind == 2) {
    return {0};  // the null dataspace: no elements
  } else if (kind > 2 || (kind == 0) != (rank == 0)) {
    cursor.damaged("dataspace kind");
  }
  std::vector<int64_t> extents(static_cast<size_t>(rank));
  for (int64_t& extent : extents) {
    extent = cursor.offset();
    if (extent < 0) cursor.damaged("extent");
  }
  if ((flags & 1) != 0) cursor.skip(8 * rank);  // maximal extents
  return extents;
}

void H5Parser::attribute(H5Cursor& cursor, Header& header) {
  const int version = cursor.u8();
  if (version < 1 || version > 3) cursor.damaged("version");
  const int flags = cursor.u8();
  if (version > 1 && flags != 0) refuse("a shared datatype");
  const int name_bytes = cursor.u16(), type_bytes = cursor.u16(), space_bytes = cursor.u16();
  if (version == 3) cursor.skip(1);  // character set of the name
  const auto part = [&](int bytes) {
    const auto result = cursor.take(bytes);
    if (version == 1) cursor.skip((8 - bytes % 8) % 8);
    return result;
  };
  const auto name_part = part(name_bytes);
  const char* text = reinterpret_cast<const char*>(name_part.data());
  const size_t length = strnlen(text, name_part.size());
  if (length == 0 || length == name_part.size()) cursor.damaged("name");
  const std::string name(text, length);
  H5Attribute result;
  H5Cursor type_cursor(part(type_bytes), cursor.position(), source_.name(), "attribute's datatype");
  result.type = type(type_cursor);
  H5Cursor space_cursor(part(space_bytes), cursor.position(), source_.name(), "attribute's dataspace");
  result.extents = space(space_cursor);
  int64_t bytes = result.type.bytes;
  for (const int64_t extent : result.extents) {
    if (extent != 0 && bytes > cursor.remaining() / extent) cursor.damaged("more values than bytes");
    bytes *= extent;
  }
  const auto data = cursor.take(bytes);
  result.data.assign(data.begin(), data.end());
  if (!header.object->attributes.emplace(name, std::move(result)).second) cursor.damaged("name twice");
}

void H5Parser::fill(uint16_t kind, H5Cursor& cursor, Header& header) {
  if (kind == kOldFill) {
    cursor.take(cursor.u32());
    return;
  }
  if (header.has_fill) cursor.damaged("fill value twice");
  header.has_fill = true;
  const int version = cursor.u8();
  if (version < 1 || version > 3) cursor.damaged("version");
  bool defined = true;
  if (version < 3) {
    cursor.skip(2);
    defined = cursor.u8() != 0 || version == 1;
  } else {
    defined = (cursor.u8() & 0x20) != 0;
  }
  if (defined) cursor.take(cursor.u32());  // unwritten values are never read, so the value does not matter
}

void H5Parser::filters(H5Cursor& cursor, Header& header) {
  if (header.has_filters) cursor.damaged("filters twice");
  header.has_filters = true;
  const int version = cursor.u8();
  if (version != 1 && version != 2) cursor.damaged("version");
  const int count = cursor.u8();
  if (count > 32) cursor.damaged("too many filters");
  if (version == 1) cursor.skip(6);
  for (int i = 0; i < count; ++i) {
    const int id = cursor.u16();
    const int name_bytes = version == 1 || id >= 256 ? cursor.u16() : 0;
    cursor.skip(2);  // flags: optional or not, an applied filter must be undone
    const int values = cursor.u16();
    cursor.skip(version == 1 ? (name_bytes + 7) / 8 * 8 : name_bytes);
    std::vector<uint32_t> parameters(static_cast<size_t>(values));
    for (uint32_t& parameter : parameters) parameter = cursor.u32();
    if (version == 1 && values % 2 == 1) cursor.skip(4);
    if (id < 1 || id > 3) {
      header.object->foreign = true;
      header.object->foreign_reason = fmt::format("unknown filter {}", id);
      continue;
    }
    const auto filter = static_cast<H5Filter>(id);
    if (header.object->has_filter(filter)) cursor.damaged("filter twice");
    header.object->filters.push_back({filter, parameters.empty() ? 0 : parameters[0]});
  }
}

void H5Parser::layout(H5Cursor& cursor, Header& header) {
  if (header.has_layout) cursor.damaged("layout twice");
  header.has_layout = true;
  const int version = cursor.u8();
  if (version == 4) refuse("data layout version 4 (virtual datasets, newer chunk indexes)");
  if (version != 3) refuse(fmt::format("data layout version {}", version));
  H5Object& object = *header.object;
  const int kind = cursor.u8();
  if (kind == 0) {
    const int bytes = cursor.u16();
    const auto data = cursor.take(bytes);
    object.is_compact = true;
    object.compact.assign(data.begin(), data.end());
    object.stored_bytes = bytes;
  } else if (kind == 1) {
    object.address = cursor.offset();
    header.contiguous_bytes = cursor.offset();
  } else if (kind == 2) {
    const int rank = cursor.u8();
    if (rank < 2 || rank > kMaxRank + 1) cursor.damaged("rank of chunks");
    header.chunk_tree = cursor.offset();
    for (int i = 0; i < rank; ++i) header.layout_chunk.push_back(cursor.u32());
  } else {
    cursor.damaged("unknown layout");
  }
}

void H5Parser::message(uint16_t kind, H5Cursor cursor, Header& header) {
  switch (kind) {
    case kNil:
      break;
    case kSpace:
      if (std::exchange(header.has_space, true)) cursor.damaged("dataspace twice");
      header.object->extents = space(cursor);
      break;
    case kType:
      if (std::exchange(header.has_type, true)) cursor.damaged("datatype twice");
      header.object->type = type(cursor);
      break;
    case kOldFill:
    case kFill:
      fill(kind, cursor, header);
      break;
    case kLayout:
      layout(cursor, header);
      break;
    case kFilters:
      filters(cursor, header);
      break;
    case kAttribute:
      attribute(cursor, header);
      break;
    case kSymbolTable:
      if (std::exchange(header.has_group, true)) cursor.damaged("symbol table twice");
      header.group.tree = cursor.offset();
      header.group.heap = cursor.offset();
      break;
    case kModificationTime:
      break;
    case kExternalFiles:
      refuse("values in external files");
    case kLink:
    case kLinkInfo:
      refuse("groups of the newer format (creation order, external or soft links)");
    default:
      refuse(fmt::format("object header message {:#04x}", kind));
  }
}

void H5Parser::messages(std::span<const std::byte> block, int64_t address, Header& header, int& left,
                        std::vector<std::pair<int64_t, int64_t>>& continuations) {
  H5Cursor cursor(block, address, source_.name(), "object header");
  while (cursor.remaining() >= 8 && left > 0) {
    const uint16_t kind = cursor.u16();
    const int bytes = cursor.u16();
    const int flags = cursor.u8();
    cursor.skip(3);
    if (bytes % 8 != 0) cursor.damaged("message length");
    const int64_t at = address + cursor.position();
    const auto body = cursor.take(bytes);
    --left;
    if ((flags & 2) != 0) refuse("a shared object header message (committed datatype)");
    H5Cursor inner(body, at, source_.name(), "object header message");
    if (kind == kContinuation) {
      const int64_t where = inner.offset();
      continuations.emplace_back(where, inner.offset());
    } else {
      message(kind, inner, header);
    }
  }
}

H5Parser::Header H5Parser::header(int64_t address) {
  const std::vector<std::byte> prefix = claim(address, 16, "object header");
  H5Cursor cursor(prefix, address, source_.name(), "object header");
  const int version = cursor.u8();
  if (version == 'O') refuse("object headers of the newer format");
  if (version != 1) cursor.damaged("unknown version");
  cursor.skip(1);
  int left = cursor.u16();
  cursor.skip(4);  // reference count
  const int64_t bytes = cursor.u32();
  Header result;
  result.object = std::make_shared<H5Object>();
  std::vector<std::pair<int64_t, int64_t>> blocks{{address + 16, bytes}};
  for (size_t i = 0; i < blocks.size(); ++i) {
    const auto [where, length] = blocks[i];
    messages(claim(where, length, "object header"), where, result, left, blocks);
  }
  if (left != 0) cursor.damaged("fewer messages than announced");
  if (result.has_group == (result.has_space || result.has_type || result.has_layout)) {
    cursor.damaged("neither group nor dataset");
  }
  result.object->group = result.has_group;
  if (!result.has_group) finish_dataset(result, address);
  return result;
}

void H5Parser::finish_dataset(Header& header, int64_t address) {
  H5Object& object = *header.object;
  if (!header.has_space || !header.has_type || !header.has_layout) {
    fail_damaged(source_.name(), address, "dataset without type, extents or layout");
  }
  if (object.type.kind == H5Class::kOther) {
    object.foreign = true;
    object.foreign_reason = "a type that is not supported";
  }
  if (!header.layout_chunk.empty()) {
    chunk_tree(header);
    return;
  }
  if (header.has_filters && !object.filters.empty()) fail_damaged(source_.name(), address, "filters without chunks");
  // Extents larger than what is stored are reported when the dataset is used: its name is known then.
  if (!object.is_compact && object.address >= 0) {
    if (header.contiguous_bytes < 0) fail_damaged(source_.name(), address, "contiguous values without size");
    account(object.address, header.contiguous_bytes, "contiguous values");
    object.stored_bytes = header.contiguous_bytes;
  }
}

}  // namespace fovea::io
