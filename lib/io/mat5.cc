#include "io/mat5.h"

#include <zlib.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/byte_order.h"

namespace fovea::io {
namespace {

constexpr size_t kHeaderBytes = 128;
constexpr int64_t kMaxFieldName = 4096;

// Types of elements.
enum : uint32_t {
  kInt8 = 1,
  kUint8 = 2,
  kInt32 = 5,
  kUint32 = 6,
  kMatrix = 14,
  kCompressed = 15,
  kUtf8 = 16,
  kUtf16 = 17,
  kUtf32 = 18,
};

// Classes of matrices; 6 (double) to 15 (uint64) are numbers.
enum : uint32_t {
  kCellClass = 1,
  kStructClass = 2,
  kCharClass = 4,
  kFirstNumber = 6,
  kLastNumber = 15,
  kLastClass = 17,
};
constexpr uint32_t kComplexFlag = 0x800;

template <typename T, typename To>
void convert(const std::byte* from, std::endian order, std::vector<To>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<To>(load_as<T>(from + i * sizeof(T), order));
}

struct NumberType {
  uint32_t type;
  size_t width;
  void (*convert)(const std::byte*, std::endian, std::vector<double>&);
};
constexpr NumberType kNumberTypes[] = {
    {1, 1, convert<int8_t>},   {2, 1, convert<uint8_t>},   {3, 2, convert<int16_t>}, {4, 2, convert<uint16_t>},
    {5, 4, convert<int32_t>},  {6, 4, convert<uint32_t>},  {7, 4, convert<float>},   {9, 8, convert<double>},
    {12, 8, convert<int64_t>}, {13, 8, convert<uint64_t>},
};

struct Element {
  uint32_t type = 0;
  std::span<const std::byte> data = {};
  size_t offset = 0;  // of the tag
};

// The elements of a stretch of bytes, one after another.
class Elements {
 public:
  // `base` is the offset of bytes[0] in what `place` names.
  Elements(std::span<const std::byte> bytes, std::endian order, std::string place, size_t base)
      : bytes_(bytes), order_(order), place_(std::move(place)), base_(base) {}

  bool done() const { return at_ >= bytes_.size(); }
  size_t left() const { return bytes_.size() - at_; }
  std::endian order() const { return order_; }
  const std::string& place() const { return place_; }
  Elements inside(const Element& element) const { return {element.data, order_, place_, element.offset + 8}; }

  [[noreturn]] void bad(size_t offset, const std::string& expected, const std::string& found) const {
    fail_data(fmt::format("{}: byte {}", place_, offset), expected, found);
  }

  Element next(std::string_view what) {
    const size_t offset = base_ + at_;
    if (left() < 8) bad(offset, std::string(what), fmt::format("{} bytes: the file is truncated or damaged", left()));
    const auto word = load_as<uint32_t>(&bytes_[at_], order_);
    if (word >> 16 != 0) {
      const uint32_t size = word >> 16;
      if (size > 4) bad(offset, "at most 4 bytes in a small element", std::to_string(size));
      Element element{word & 0xFFFF, bytes_.subspan(at_ + 4, size), offset};
      at_ += 8;
      return element;
    }
    const size_t size = load_as<uint32_t>(&bytes_[at_ + 4], order_);
    if (size > left() - 8) {
      bad(offset, fmt::format("{} of {} bytes", what, size),
          fmt::format("{} bytes: the file is truncated", left() - 8));
    }
    Element element{word, bytes_.subspan(at_ + 8, size), offset};
    const size_t padded = word == kCompressed ? size : (size + 7) / 8 * 8;
    at_ = std::min(at_ + 8 + padded, bytes_.size());
    return element;
  }

  Element next(std::string_view what, std::initializer_list<uint32_t> types) {
    Element element = next(what);
    if (std::find(types.begin(), types.end(), element.type) == types.end()) {
      bad(element.offset, fmt::format("{} (element type {})", what, *types.begin()),
          fmt::format("element type {}", element.type));
    }
    return element;
  }

 private:
  std::span<const std::byte> bytes_;
  std::endian order_;
  std::string place_;
  size_t base_;
  size_t at_ = 0;
};

void append_utf8(std::string& out, uint32_t point) {
  if (point > 0x10FFFF || (point >= 0xD800 && point < 0xE000)) point = 0xFFFD;
  const auto put = [&](uint32_t byte) { out += static_cast<char>(byte); };
  if (point < 0x80) {
    put(point);
  } else if (point < 0x800) {
    put(0xC0 | point >> 6);
    put(0x80 | (point & 0x3F));
  } else if (point < 0x10000) {
    put(0xE0 | point >> 12);
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  } else {
    put(0xF0 | point >> 18);
    put(0x80 | (point >> 12 & 0x3F));
    put(0x80 | (point >> 6 & 0x3F));
    put(0x80 | (point & 0x3F));
  }
}

// Units of a row of UTF-16 (pairs are joined) or of plain code points.
std::string to_utf8(const std::vector<uint32_t>& units) {
  std::string out;
  for (size_t i = 0; i < units.size(); ++i) {
    const bool pair =
        (units[i] & 0xFFFFFC00) == 0xD800 && i + 1 < units.size() && (units[i + 1] & 0xFFFFFC00) == 0xDC00;
    append_utf8(out, pair ? 0x10000 + ((units[i] & 0x3FF) << 10) + (units[i + 1] & 0x3FF) : units[i]);
    i += pair;
  }
  return out;
}

// A zlib stream; the stream's state is freed with it.
class ZlibStream {
 public:
  ZlibStream(std::span<const std::byte> input, const std::string& place) : input_(input), place_(place) {
    if (inflateInit(&stream_) != Z_OK) fail(ErrorKind::kSystem, "{}: out of memory", place);
  }
  ~ZlibStream() { inflateEnd(&stream_); }
  ZlibStream(const ZlibStream&) = delete;
  ZlibStream& operator=(const ZlibStream&) = delete;

  // Fills `out` unless the stream ends before; returns how much was filled.
  size_t read(std::span<std::byte> out) {
    size_t filled = 0;
    while (!ended_ && filled < out.size()) {
      stream_.next_in = reinterpret_cast<Bytef*>(const_cast<std::byte*>(input_.data() + consumed_));
      const uInt in = window(input_.size() - consumed_);
      stream_.avail_in = in;
      stream_.next_out = reinterpret_cast<Bytef*>(out.data() + filled);
      const uInt room = window(out.size() - filled);
      stream_.avail_out = room;
      const int code = inflate(&stream_, Z_NO_FLUSH);
      consumed_ += in - stream_.avail_in;
      filled += room - stream_.avail_out;
      if (code == Z_MEM_ERROR) fail(ErrorKind::kSystem, "{}: out of memory", place_);
      ended_ = code == Z_STREAM_END;
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        fail(ErrorKind::kData, "{}: damaged compressed data near byte {}: {}", place_, consumed_,
             stream_.msg != nullptr ? stream_.msg : "invalid stream");
      }
      if (!ended_ && consumed_ == input_.size() && stream_.avail_out != 0) {
        fail(ErrorKind::kData, "{}: truncated: compressed data ends after {} bytes", place_, input_.size());
      }
    }
    return filled;
  }
  bool ended() const { return ended_; }

 private:
  static uInt window(size_t bytes) {
    return static_cast<uInt>(std::min<size_t>(bytes, std::numeric_limits<uInt>::max() / 2));
  }

  std::span<const std::byte> input_;
  const std::string& place_;
  size_t consumed_ = 0;
  bool ended_ = false;
  z_stream stream_{};
};

class Reader {
 public:
  Reader(const std::string& origin, const std::vector<std::string>& only) : origin_(origin), only_(only) {}

  MatFile read(std::span<const std::byte> bytes) {
    const std::endian order = byte_order(bytes);
    Elements elements(bytes.subspan(kHeaderBytes), order, origin_, kHeaderBytes);
    MatFile file{origin_, {}, {}};
    while (!elements.done()) {
      Element element = elements.next("a variable", {kMatrix, kCompressed});
      MatArray array;
      if (element.type == kCompressed) {
        const std::string place = fmt::format("{}: compressed variable at byte {}", origin_, element.offset);
        const std::vector<std::byte> plain = decompress(element.data, order, place);
        Elements inner(plain, order, place, 0);
        array = matrix(inner, inner.next("a variable", {kMatrix}), 0);
      } else {
        array = matrix(elements, element, 0);
      }
      if (wanted(array.name)) {
        file.variables.push_back(std::move(array));
      } else if (!array.name.empty()) {
        file.skipped.push_back(std::move(array.name));
      }
    }
    return file;
  }

 private:
  const std::string& origin_;
  const std::vector<std::string>& only_;
  int64_t held_ = 0;  // bytes of all arrays so far

  void charge(int64_t bytes) {
    held_ += bytes;
    require_memory(held_, origin_);
  }

  std::endian byte_order(std::span<const std::byte> bytes) const {
    static constexpr std::string_view kHdf5 = "\x89HDF\r\n\x1a\n";
    static constexpr std::string_view kLevel73 = "MATLAB 7.3";
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (text.starts_with(kLevel73) || text.starts_with(kHdf5)) {
      fail_data(origin_, "a MAT file of level 5", "level 7.3 (HDF5)", "save it with -v7 in MATLAB");
    }
    const bool sized = bytes.size() >= kHeaderBytes;
    const std::string_view mark = sized ? text.substr(126, 2) : std::string_view();
    if (mark != "IM" && mark != "MI") {
      // A level-4 file begins with a small number, so that one of its first bytes is 0; level-5 text has none.
      const bool level4 =
          bytes.size() >= 20 && std::find(bytes.begin(), bytes.begin() + 4, std::byte{0}) != bytes.begin() + 4;
      fail_data(
          origin_, "a MAT file of level 5",
          level4 ? "perhaps level 4, or another format" : sniff(bytes.first(std::min<size_t>(bytes.size(), 4096))),
          level4 ? "save it with -v7 in MATLAB" : "");
    }
    const std::endian order = mark == "IM" ? std::endian::little : std::endian::big;
    const auto version = load_as<uint16_t>(&bytes[124], order);
    if (version >> 8 == 2)
      fail_data(origin_, "a MAT file of level 5", "level 7.3 (HDF5)", "save it with -v7 in MATLAB");
    if (version >> 8 != 1) fail_data(origin_ + ": byte 124", "MAT version 1", fmt::format("{:#06x}", version));
    return order;
  }

  // The one element that a zlib stream holds, with its tag.
  std::vector<std::byte> decompress(std::span<const std::byte> data, std::endian order,
                                    const std::string& place) const {
    ZlibStream stream(data, place);
    std::array<std::byte, 8> tag;
    if (stream.read(tag) != tag.size()) fail_data(place, "an element", "fewer than 8 bytes");
    const size_t size = load_as<uint32_t>(&tag[4], order);
    // Deflate cannot expand more than about 1032:1, so a larger claim is refused before it is allocated.
    if (size / 1100 > data.size()) {
      fail_data(place, fmt::format("a size possible for {} compressed bytes", data.size()), std::to_string(size));
    }
    require_memory(held_ + static_cast<int64_t>(size), place);
    std::vector<std::byte> plain(size + 2 * tag.size());  // room for padding that the size leaves out
    std::copy(tag.begin(), tag.end(), plain.begin());
    const size_t filled = tag.size() + stream.read(std::span(plain).subspan(tag.size()));
    if (!stream.ended() || filled < size + tag.size()) {
      fail_data(place, fmt::format("{} bytes", size),
                stream.ended() ? fmt::format("{}", filled - tag.size()) : "more after decompression");
    }
    plain.resize(size + tag.size());
    return plain;
  }

  MatArray matrix(const Elements& outer, const Element& element, int depth) {
    if (depth > kMatMaxDepth)
      outer.bad(element.offset, fmt::format("at most {} levels of cells", kMatMaxDepth), "more");
    MatArray array;
    charge(static_cast<int64_t>(sizeof(MatArray)));
    if (element.data.empty()) return array;
    Elements parts = outer.inside(element);
    const Element flags = parts.next("array flags", {kUint32});
    if (flags.data.size() != 8) parts.bad(flags.offset, "8 bytes of array flags", std::to_string(flags.data.size()));
    const auto word = load_as<uint32_t>(flags.data.data(), parts.order());
    const uint32_t kind = word & 0xFF;
    if (kind < kCellClass || kind > kLastClass)
      parts.bad(flags.offset, "an array class from 1 to 17", std::to_string(kind));
    array.complex = (word & kComplexFlag) != 0;
    if (kind != kLastClass) array.extents = extents(parts);
    const Element name = parts.next("a name", {kInt8, kUint8, kUtf8});
    array.name.assign(reinterpret_cast<const char*>(name.data.data()), name.data.size());
    array.name.resize(std::min(array.name.find('\0'), array.name.size()));
    charge(static_cast<int64_t>(array.name.size()));
    if (depth == 0 && !wanted(array.name)) return array;  // its name is all we need
    fill(array, parts, kind, depth);
    return array;
  }

  bool wanted(const std::string& name) const {
    return !name.empty() && (only_.empty() || std::find(only_.begin(), only_.end(), name) != only_.end());
  }

  std::vector<int64_t> extents(Elements& parts) {
    const Element element = parts.next("array extents", {kInt32});
    const size_t rank = element.data.size() / 4;
    if (element.data.size() % 4 != 0 || rank < 2 || rank > kMatMaxRank) {
      parts.bad(element.offset, fmt::format("2 to {} extents", kMatMaxRank),
                fmt::format("{} bytes", element.data.size()));
    }
    std::vector<int64_t> result;
    int64_t count = 1;
    for (size_t i = 0; i < rank; ++i) {
      const auto extent = load_as<int32_t>(element.data.data() + i * 4, parts.order());
      if (extent < 0) parts.bad(element.offset, "extents >= 0", std::to_string(extent));
      result.push_back(extent);
      count = checked_multiply(count, extent, parts.place());
    }
    return result;
  }

  void fill(MatArray& array, Elements& parts, uint32_t kind, int depth) {
    if (kind >= kFirstNumber && kind <= kLastNumber) {
      array.kind = MatKind::kNumeric;
      array.values = numbers(parts, array.count());
    } else if (kind == kCharClass) {
      array.kind = MatKind::kChar;
      read_rows(array, parts);
    } else if (kind == kCellClass) {
      array.kind = MatKind::kCell;
      read_items(array, parts, array.count(), depth);
    } else if (kind == kStructClass) {
      array.kind = MatKind::kStruct;
      read_fields(array, parts);
      const auto fields = static_cast<int64_t>(array.fields.size());
      read_items(array, parts, checked_multiply(array.count(), fields, parts.place()), depth);
    } else {
      array.kind = MatKind::kOther;
    }
  }

  std::vector<double> numbers(Elements& parts, int64_t count) {
    if (count == 0) return {};
    const Element element = parts.next("numbers");
    const auto* type = std::find_if(std::begin(kNumberTypes), std::end(kNumberTypes),
                                    [&](const NumberType& item) { return item.type == element.type; });
    if (type == std::end(kNumberTypes)) {
      parts.bad(element.offset, "numbers", fmt::format("element type {}", element.type));
    }
    if (static_cast<uint64_t>(count) != element.data.size() / type->width || element.data.size() % type->width != 0) {
      parts.bad(element.offset, fmt::format("{} numbers of {} bytes", count, type->width),
                fmt::format("{} bytes", element.data.size()));
    }
    charge(count * int64_t{8});
    std::vector<double> values(static_cast<size_t>(count));
    type->convert(element.data.data(), parts.order(), values);
    return values;
  }

  void read_rows(MatArray& array, Elements& parts) {
    const int64_t count = array.count();
    if (count == 0) return;
    const Element element = parts.next("characters");
    charge(static_cast<int64_t>(element.data.size()) * 8);
    const int64_t height = array.extents[0];
    if (element.type == kUtf8 && height == 1) {
      array.rows.emplace_back(reinterpret_cast<const char*>(element.data.data()), element.data.size());
      if (!is_valid_utf8(array.rows[0]))
        parts.bad(element.offset, "text in UTF-8", "'" + printable(array.rows[0]) + "'");
      return;
    }
    const std::vector<uint32_t> units = code_units(parts, element);
    if (static_cast<uint64_t>(count) != units.size()) {
      parts.bad(element.offset, fmt::format("{} characters", count), std::to_string(units.size()));
    }
    const int64_t width = count / height;
    charge(height * static_cast<int64_t>(sizeof(std::string)));
    for (int64_t y = 0; y < height; ++y) {
      std::vector<uint32_t> row;
      for (int64_t x = 0; x < width; ++x) row.push_back(units[static_cast<size_t>(x * height + y)]);
      array.rows.push_back(to_utf8(row));
    }
  }

  static std::vector<uint32_t> code_units(const Elements& parts, const Element& element) {
    const size_t width = element.type == kInt8 || element.type == kUint8 || element.type == kUtf8 ? 1
                         : element.type == 4 || element.type == kUtf16                            ? 2
                         : element.type == kUint32 || element.type == kUtf32                      ? 4
                                                                                                  : 0;
    if (width == 0 || element.data.size() % width != 0) {
      parts.bad(element.offset, "characters",
                fmt::format("element type {} of {} bytes", element.type, element.data.size()));
    }
    std::vector<uint32_t> units(element.data.size() / width);
    const std::byte* data = element.data.data();
    if (width == 1) convert<uint8_t>(data, parts.order(), units);
    if (width == 2) convert<uint16_t>(data, parts.order(), units);
    if (width == 4) convert<uint32_t>(data, parts.order(), units);
    return units;
  }

  void read_fields(MatArray& array, Elements& parts) {
    const Element element = parts.next("the length of field names", {kInt32});
    if (element.data.size() != 4) parts.bad(element.offset, "one number", fmt::format("{} bytes", element.data.size()));
    const auto length = load_as<int32_t>(element.data.data(), parts.order());
    const Element names = parts.next("field names", {kInt8, kUint8});
    if (names.data.empty()) return;
    if (length < 1 || length > kMaxFieldName || names.data.size() % static_cast<size_t>(length) != 0) {
      parts.bad(names.offset, fmt::format("field names of 1 to {} bytes", kMaxFieldName),
                fmt::format("{} bytes of {} each", names.data.size(), length));
    }
    const std::string_view text(reinterpret_cast<const char*>(names.data.data()), names.data.size());
    charge(static_cast<int64_t>(text.size() + text.size() / static_cast<size_t>(length) * sizeof(std::string)));
    for (size_t at = 0; at < text.size(); at += static_cast<size_t>(length)) {
      const std::string_view field = text.substr(at, static_cast<size_t>(length));
      array.fields.emplace_back(field.substr(0, field.find('\0')));
    }
  }

  void read_items(MatArray& array, Elements& parts, int64_t count, int depth) {
    if (static_cast<uint64_t>(count) > parts.left() / 8) {
      fail_data(parts.place(), fmt::format("{} cells", count), fmt::format("{} bytes for them", parts.left()));
    }
    require_memory(held_ + count * static_cast<int64_t>(sizeof(MatArray)), parts.place());
    array.items.reserve(static_cast<size_t>(count));
    for (int64_t i = 0; i < count; ++i) {
      array.items.push_back(matrix(parts, parts.next("a cell", {kMatrix}), depth + 1));
    }
  }
};

}  // namespace

std::string_view mat_kind_name(MatKind kind) {
  switch (kind) {
    case MatKind::kNumeric:
      return "numbers";
    case MatKind::kChar:
      return "text";
    case MatKind::kCell:
      return "a cell array";
    case MatKind::kStruct:
      return "a struct array";
    case MatKind::kOther:
      break;
  }
  return "an array of another kind";
}

int64_t MatArray::count() const {
  int64_t product = 1;
  for (const int64_t extent : extents) product *= extent;
  return product;
}

std::string MatArray::text() const { return join(rows, ""); }

int64_t MatArray::field_index(std::string_view field) const {
  const auto found = std::find(fields.begin(), fields.end(), field);
  return found == fields.end() ? -1 : found - fields.begin();
}

const MatArray& MatArray::at(int64_t element, std::string_view field) const {
  const int64_t index = field_index(field);
  FOVEA_CHECK(kind == MatKind::kStruct && index >= 0 && element >= 0 && element < count(), "no field {} of element {}",
              field, element);
  return items[static_cast<size_t>(element * static_cast<int64_t>(fields.size()) + index)];
}

const MatArray* MatFile::find(std::string_view name) const {
  const auto found =
      std::find_if(variables.begin(), variables.end(), [&](const MatArray& item) { return item.name == name; });
  return found == variables.end() ? nullptr : &*found;
}

const MatArray& MatFile::variable(std::string_view name) const {
  if (const MatArray* found = find(name)) return *found;
  std::vector<std::string> names;
  for (const MatArray& item : variables) names.push_back(printable(item.name));
  for (const std::string& item : skipped) names.push_back(printable(item));
  fail_data(origin, fmt::format("a variable '{}'", name), names.empty() ? "none" : join(names, ", "));
}

MatFile parse_mat5(std::span<const std::byte> bytes, const std::string& origin, const std::vector<std::string>& only) {
  return Reader(origin, only).read(bytes);
}

MatFile read_mat5(const std::string& path, const std::vector<std::string>& only) {
  return parse_mat5(read_file(path, max_memory()), path, only);
}

}  // namespace fovea::io
