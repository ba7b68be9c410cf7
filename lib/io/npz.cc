#include "io/npz.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/byte_order.h"
#include "io/zip.h"

namespace fovea::io {
namespace {

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr size_t kMaxRank = 32;  // NumPy's own limit
constexpr size_t kMaxHeader = 1 << 20;

struct NpyHeader {
  std::string descr;
  bool fortran = false;
  std::vector<int64_t> shape;
  size_t data = 0;  // offset of the values
};

// The header is a Python literal: {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
class HeaderParser {
 public:
  HeaderParser(std::string_view text, std::string_view place) : text_(text), place_(place) {}

  NpyHeader parse() {
    NpyHeader header;
    std::set<std::string> keys;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      if (!keys.insert(key).second) bad("each key once");
      expect(':');
      if (key == "descr") {
        if (peek() == '[') fail_data(place_, "a plain numeric type", "a structured type");
        header.descr = quoted();
      } else if (key == "fortran_order") {
        header.fortran = boolean();
      } else if (key == "shape") {
        header.shape = tuple();
      } else {
        bad("descr, fortran_order or shape");
      }
      if (!accept(',') && peek() != '}') bad("',' or '}'");
    }
    if (keys.size() != 3) bad("keys descr, fortran_order and shape");
    return header;
  }

 private:
  char peek() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n')) ++at_;
    return at_ < text_.size() ? text_[at_] : '\0';
  }
  bool accept(char c) {
    if (peek() != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) bad(std::string("'") + c + "'");
  }
  [[noreturn]] void bad(const std::string& expected) {
    fail_data(std::string(place_) + ": npy header", expected, "'" + printable(text_.substr(at_)) + "'");
  }
  std::string quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') bad("a quoted word");
    const size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) bad("a closed quote");
    std::string word(text_.substr(at_ + 1, end - at_ - 1));
    at_ = end + 1;
    return word;
  }
  bool boolean() {
    peek();
    for (const bool value : {true, false}) {
      const std::string_view word = value ? "True" : "False";
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    bad("True or False");
  }
  std::vector<int64_t> tuple() {
    std::vector<int64_t> extents;
    expect('(');
    while (!accept(')')) {
      peek();
      const size_t start = at_;
      while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') ++at_;
      const auto extent = parse_int(text_.substr(start, at_ - start));
      if (!extent) {
        at_ = start;
        bad("an extent");
      }
      extents.push_back(*extent);
      if (extents.size() > kMaxRank) bad("at most 32 axes");
      if (text_.substr(at_, 1) == "L") ++at_;  // Python 2 wrote long integers so
      if (!accept(',') && peek() != ')') bad("',' or ')'");
    }
    return extents;
  }

  std::string_view text_;
  std::string_view place_;
  size_t at_ = 0;
};

NpyHeader parse_header(std::span<const std::byte> bytes, std::string_view place) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0) {
    fail_data(place, "a NumPy array (npy)", sniff(bytes));
  }
  const int version = std::to_integer<int>(bytes[6]);
  if (version < 1 || version > 3) fail_data(place, "npy version 1 to 3", std::to_string(version));
  const size_t start = version == 1 ? 10 : 12;
  if (bytes.size() < start) fail(ErrorKind::kData, "{}: truncated npy header", place);
  const size_t length = version == 1 ? load_le<uint16_t>(&bytes[8]) : load_le<uint32_t>(&bytes[8]);
  if (length > kMaxHeader || length > bytes.size() - start) {
    fail(ErrorKind::kData, "{}: truncated: npy header says {} bytes, {} are left", place, length, bytes.size() - start);
  }
  NpyHeader header = HeaderParser({reinterpret_cast<const char*>(bytes.data() + start), length}, place).parse();
  header.data = start + length;
  return header;
}

template <typename T>
void convert(const std::byte* from, std::endian order, std::vector<float>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = static_cast<float>(load_as<T>(from + i * sizeof(T), order));
}

using Converter = void (*)(const std::byte*, std::endian, std::vector<float>&);
struct ElementType {
  std::string_view code;
  size_t width;
  Converter convert;
};

void convert_half(const std::byte* from, std::endian order, std::vector<float>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = half_to_float(load_as<uint16_t>(from + 2 * i, order));
}
void convert_bool(const std::byte* from, std::endian, std::vector<float>& to) {
  for (size_t i = 0; i < to.size(); ++i) to[i] = from[i] == std::byte{0} ? 0.0f : 1.0f;
}

constexpr ElementType kTypes[] = {
    {"f4", 4, convert<float>},    {"f8", 8, convert<double>},   {"f2", 2, convert_half},
    {"b1", 1, convert_bool},      {"i1", 1, convert<int8_t>},   {"i2", 2, convert<int16_t>},
    {"i4", 4, convert<int32_t>},  {"i8", 8, convert<int64_t>},  {"u1", 1, convert<uint8_t>},
    {"u2", 2, convert<uint16_t>}, {"u4", 4, convert<uint32_t>}, {"u8", 8, convert<uint64_t>},
};

const ElementType& element_type(const std::string& descr, std::string_view place) {
  if (descr.size() == 3 && std::string_view("<>|=").find(descr[0]) != std::string_view::npos) {
    for (const ElementType& type : kTypes) {
      if (descr.substr(1) == type.code) return type;
    }
  }
  fail_data(place, "a real numeric type up to 8 bytes", "'" + printable(descr) + "'");
}

// Fortran order counts the first index fastest.
std::vector<float> to_c_order(const std::vector<float>& values, const std::vector<int64_t>& shape) {
  std::vector<float> ordered(values.size());
  std::vector<int64_t> index(shape.size(), 0);
  for (float& value : ordered) {
    int64_t at = 0;
    for (size_t axis = shape.size(); axis-- > 0;) at = at * shape[axis] + index[axis];
    value = values[static_cast<size_t>(at)];
    for (size_t axis = shape.size(); axis-- > 0;) {
      if (++index[axis] < shape[axis]) break;
      index[axis] = 0;
    }
  }
  return ordered;
}

std::vector<std::byte> encode_npy(const NamedTensor& tensor) {
  std::string shape = "(";
  for (const int64_t extent : tensor.shape) shape += std::to_string(extent) + (tensor.shape.size() == 1 ? "," : ", ");
  if (tensor.shape.size() > 1) shape.resize(shape.size() - 2);
  std::string text = "{'descr': '<f4', 'fortran_order': False, 'shape': " + shape + "), }";
  // The format asks for values aligned to 64 bytes.
  text.resize((10 + text.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  text += '\n';
  std::string head(kMagic);
  head += {'\1', '\0', static_cast<char>(text.size() & 0xFF), static_cast<char>(text.size() >> 8)};
  head += text;
  std::vector<std::byte> bytes(head.size() + tensor.values.size() * sizeof(float));
  std::memcpy(bytes.data(), head.data(), head.size());
  std::byte* out = bytes.data() + head.size();
  for (const float value : tensor.values) {
    const auto bits = std::bit_cast<uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) *out++ = static_cast<std::byte>((bits >> shift) & 0xFF);
  }
  return bytes;
}

}  // namespace

NamedTensor parse_npy(std::span<const std::byte> bytes, std::string name, std::string_view place) {
  const NpyHeader header = parse_header(bytes, place);
  const ElementType& type = element_type(header.descr, place);
  const int64_t count = element_count(header.shape, place);
  const int64_t needed = checked_multiply(count, static_cast<int64_t>(type.width), place);
  const auto found = static_cast<int64_t>(bytes.size() - header.data);
  if (needed != found) {
    fail_data(place, fmt::format("{} bytes of values for {} {}", needed, shape_text(header.shape), header.descr),
              std::to_string(found));
  }
  require_memory(checked_multiply(count, header.fortran ? 8 : 4, place), place);
  NamedTensor tensor{std::move(name), header.shape, std::vector<float>(static_cast<size_t>(count))};
  const std::endian order = header.descr[0] == '>' ? std::endian::big : std::endian::little;
  type.convert(bytes.data() + header.data, order, tensor.values);
  if (header.fortran && tensor.shape.size() > 1) tensor.values = to_c_order(tensor.values, tensor.shape);
  return tensor;
}

std::vector<NamedTensor> parse_npz(std::span<const std::byte> bytes, std::string_view place) {
  std::vector<NamedTensor> tensors;
  int64_t total = 0;
  for (const ZipEntry& entry : list_zip(bytes, place)) {
    if (!entry.name.ends_with(".npy")) continue;
    const std::string name = entry.name.substr(0, entry.name.size() - 4);
    const std::string where = fmt::format("{}: {}", place, printable(entry.name));
    // Sizes were bounded by the packed bytes, but entries may overlap: the sum is bounded here.
    total += entry.size;
    require_memory(total, where);
    tensors.push_back(parse_npy(read_zip_entry(bytes, entry, place), name, where));
  }
  if (tensors.empty()) fail_data(place, "npy arrays in the archive", "none");
  return tensors;
}

std::vector<NamedTensor> read_npz(const std::string& path) {
  const std::vector<std::byte> bytes = read_file(path, max_memory());
  if (bytes.size() >= 6 && std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) == 0) {
    std::string name = base_name(path);
    if (name.ends_with(".npy")) name.resize(name.size() - 4);
    std::vector<NamedTensor> tensors;
    tensors.push_back(parse_npy(bytes, name, path));
    return tensors;
  }
  if (bytes.size() < 4 || std::memcmp(bytes.data(), "PK", 2) != 0) {
    fail_data(path, "a .npz or .npy file", sniff(std::span(bytes).first(std::min<size_t>(bytes.size(), 4096))));
  }
  return parse_npz(bytes, path);
}

std::vector<std::byte> encode_npz(const std::vector<NamedTensor>& tensors) {
  std::set<std::string> names;
  std::vector<std::pair<std::string, std::vector<std::byte>>> files;
  for (const NamedTensor& tensor : tensors) {
    const std::string where = "npz: " + printable(tensor.name);
    if (tensor.name.empty() || !names.insert(tensor.name).second)
      fail_data(where, "unique names", "a second or empty one");
    const int64_t count = element_count(tensor.shape, where);
    FOVEA_CHECK(count == static_cast<int64_t>(tensor.values.size()), "{}: {} values", where, tensor.values.size());
    files.emplace_back(tensor.name + ".npy", encode_npy(tensor));
  }
  return make_zip(files);
}

void write_npz(const std::string& path, const std::vector<NamedTensor>& tensors) {
  const std::vector<std::byte> bytes = encode_npz(tensors);
  AtomicFile file(path, {.expected_bytes = static_cast<int64_t>(bytes.size())});
  file.write(std::span<const std::byte>(bytes));
  file.commit();
}

}  // namespace fovea::io
