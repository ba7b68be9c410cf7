#include "io/h5_reader.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <limits>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/element_list.h"
#include "io/h5_chunk_cache.h"
#include "io/h5_format.h"
#include "io/named_tensor.h"

namespace fovea::io {

static_assert(std::endian::native == std::endian::little, "values are read as they are stored: little-endian");

namespace {

std::string plain_name(const std::string& name) {
  const size_t first = name.find_first_not_of('/');
  return first == std::string::npos ? "" : name.substr(first);
}

std::string cell_text(std::span<const std::byte> cell, bool space_padded) {
  std::string text(reinterpret_cast<const char*>(cell.data()), cell.size());
  if (const size_t end = text.find('\0'); end != std::string::npos) text.resize(end);
  while (space_padded && !text.empty() && text.back() == ' ') text.pop_back();
  return text;
}

// "float32 (n,5)": -1 stands for any extent.
std::string expectation(ElementType type, std::span<const int64_t> extents) {
  std::string text = extents_text(extents);
  for (size_t at = text.find("-1"); at != std::string::npos; at = text.find("-1")) text.replace(at, 2, "n");
  return std::string(element_name(type)) + (text.empty() ? "" : " " + text);
}

}  // namespace

struct H5Reader::State {
  explicit State(ByteSource bytes) : source(std::move(bytes)), tree(parse_h5(source)) {}

  ByteSource source;
  H5Tree tree;
  RootAttributes attributes;
  mutable H5ChunkCache cache;

  std::string place(const std::string& name) const {
    const std::string plain = plain_name(name);
    return source.name() + (plain.empty() ? "" : ": " + printable(plain, 200));
  }
  const H5Object* find(const std::string& name) const {
    const auto found = tree.objects.find(plain_name(name));
    return found == tree.objects.end() ? nullptr : found->second.get();
  }
  const H5Object& object(const std::string& name) const {
    const H5Object* found = find(name);
    if (found == nullptr) fail_data(place(name), "a dataset or group", "nothing");
    return *found;
  }
  const H5Object& dataset(const std::string& name) const {
    const H5Object* found = find(name);
    if (found == nullptr) fail_data(place(name), "a dataset", "nothing");
    if (found->group) fail_data(place(name), "a dataset", "a group");
    return *found;
  }
  const H5Object& readable(const std::string& name) const {
    const H5Object& found = dataset(name);
    if (found.foreign) fail(ErrorKind::kData, "{}: cannot be read: {}", place(name), found.foreign_reason);
    return found;
  }
  const H5Attribute& attribute(const std::string& name, const std::string& key) const {
    const auto& all = object(name).attributes;
    const auto found = all.find(key);
    if (found == all.end()) fail_data(attribute_place(name, key), "a value", "nothing");
    return found->second;
  }
  std::string attribute_place(const std::string& name, const std::string& key) const {
    return place(name) + ": attribute " + printable(key);
  }
  void require_stored(const std::string& name, const H5Object& found) const {
    const int64_t most = found.has_filter(H5Filter::kDeflate) ? found.stored_bytes * 1100 : found.stored_bytes;
    constexpr double kLimit = 9.2e18;
    double needed = static_cast<double>(found.type.bytes);
    for (const int64_t extent : found.extents) needed *= static_cast<double>(extent);
    if (needed < kLimit && needed <= static_cast<double>(most)) return;
    fail(ErrorKind::kData, "{}: extent needs {}, file holds {}", place(name), format_bytes(needed),
         format_bytes(static_cast<double>(source.size())));
  }
  // Rows [begin, end) as stored; the whole of a scalar is row 0.
  void read(const std::string& name, const H5Object& found, int64_t begin, int64_t end,
            std::span<std::byte> out) const {
    require_stored(name, found);
    const int64_t rows = found.extents.empty() ? 1 : found.extents[0];
    FOVEA_CHECK(begin >= 0 && begin <= end && end <= rows, "{}: rows {}..{} of {}", place(name), begin, end, rows);
    read_h5_rows(source, found, place(name), begin, end, out, &cache);
  }
  // Bytes of `rows` rows, checked against the memory limit.
  int64_t bytes_of(const std::string& name, const H5Object& found, int64_t rows) const {
    int64_t bytes = found.type.bytes;
    if (!found.extents.empty()) bytes = checked_multiply(bytes, rows, place(name));
    for (size_t d = 1; d < found.extents.size(); ++d) bytes = checked_multiply(bytes, found.extents[d], place(name));
    require_memory(bytes, place(name));
    return bytes;
  }
  std::vector<std::byte> read_all(const std::string& name, const H5Object& found) const {
    require_stored(name, found);
    const int64_t rows = found.extents.empty() ? 1 : found.extents[0];
    std::vector<std::byte> bytes(static_cast<size_t>(bytes_of(name, found, rows)));
    read(name, found, 0, rows, bytes);
    return bytes;
  }
  const H5Object& typed(const std::string& name, ElementType type, std::span<const int64_t> expected) const {
    const H5Object& found = dataset(name);
    bool fits = !found.foreign && found.type.element() == type;
    if (!expected.empty()) {
      fits = fits && found.extents.size() == expected.size();
      for (size_t d = 0; fits && d < expected.size(); ++d) fits = expected[d] < 0 || expected[d] == found.extents[d];
    }
    if (!fits) fail_data(place(name), expectation(type, expected), describe(found));
    return found;
  }
  static std::string describe(const H5Object& found) {
    const std::string extents = extents_text(found.extents);
    return found.type.name() + (extents.empty() ? "" : " " + extents);
  }
  std::vector<std::string> strings(const H5Type& type, std::span<const std::byte> bytes,
                                   const std::string& where) const;
};

std::vector<std::string> H5Reader::State::strings(const H5Type& type, std::span<const std::byte> bytes,
                                                  const std::string& where) const {
  const size_t cell = static_cast<size_t>(type.bytes);
  std::vector<std::string> texts;
  texts.reserve(bytes.size() / cell);
  int64_t total = static_cast<int64_t>(bytes.size() / cell * sizeof(std::string));
  for (size_t at = 0; at + cell <= bytes.size(); at += cell) {
    const auto part = bytes.subspan(at, cell);
    if (type.kind == H5Class::kVarString) {
      // Many elements may share one heap object, so the file's size bounds nothing here.
      uint32_t length = 0;
      std::memcpy(&length, part.data(), sizeof length);
      total += length;
      require_memory(total, where);
      const std::string text = read_h5_var_string(source, part, where);
      texts.push_back(cell_text(std::as_bytes(std::span(text.data(), text.size())), false));
    } else {
      texts.push_back(cell_text(part, type.space_padded));
    }
  }
  return texts;
}

H5Reader::H5Reader(const std::string& path) : state_(std::make_unique<State>(ByteSource(path))) {}
H5Reader::H5Reader(std::vector<std::byte> image, const std::string& name)
    : state_(std::make_unique<State>(ByteSource(std::move(image), name))) {}
H5Reader::~H5Reader() = default;
H5Reader::H5Reader(H5Reader&&) noexcept = default;
H5Reader& H5Reader::operator=(H5Reader&&) noexcept = default;

const std::string& H5Reader::path() const { return state_->source.name(); }
const RootAttributes& H5Reader::attributes() const { return state_->attributes; }
RootAttributes& H5Reader::mutable_attributes() { return state_->attributes; }
int64_t H5Reader::file_bytes() const { return state_->source.size(); }
std::string H5Reader::place(const std::string& dataset) const { return state_->place(dataset); }

bool H5Reader::has(const std::string& object) const { return state_->find(object) != nullptr; }

bool H5Reader::is_group(const std::string& object) const {
  const H5Object* found = state_->find(object);
  return found != nullptr && found->group;
}

std::vector<std::string> H5Reader::children(const std::string& group) const {
  const H5Object& found = state_->object(group);
  if (!found.group) fail_data(place(group), "a group", "a dataset");
  return found.children;
}

std::vector<std::string> H5Reader::datasets() const {
  std::vector<std::string> paths;
  for (const auto& [path, object] : state_->tree.objects) {
    if (!object->group) paths.push_back(path);
  }
  return paths;
}

std::vector<std::string> H5Reader::groups() const {
  std::vector<std::string> paths;
  for (const auto& [path, object] : state_->tree.objects) {
    if (object->group && !path.empty()) paths.push_back(path);
  }
  return paths;
}

std::vector<int64_t> H5Reader::extents(const std::string& dataset) const { return state_->dataset(dataset).extents; }

bool H5Reader::is_readable(const std::string& dataset) const {
  const H5Object* found = state_->find(dataset);
  return found != nullptr && !found->group && !found->foreign && found->type.element().has_value();
}

ElementType H5Reader::type(const std::string& dataset) const {
  const H5Object& found = state_->readable(dataset);
  const auto element = found.type.element();
  if (!element) fail_data(place(dataset), "a supported type", describe(dataset));
  return *element;
}

int64_t H5Reader::string_length(const std::string& dataset) const {
  const H5Object& found = state_->readable(dataset);
  if (found.type.kind != H5Class::kString) fail_data(place(dataset), "fixed-length strings", describe(dataset));
  return found.type.bytes;
}

std::string H5Reader::describe(const std::string& dataset) const { return State::describe(state_->dataset(dataset)); }

void H5Reader::require_stored(const std::string& dataset) const {
  state_->require_stored(dataset, state_->dataset(dataset));
}

template <typename T>
std::vector<T> H5Reader::read(const std::string& dataset, std::span<const int64_t> expected) const {
  const H5Object& found = state_->typed(dataset, ElementTypeOf<T>::value, expected);
  state_->require_stored(dataset, found);
  const int64_t rows = found.extents.empty() ? 1 : found.extents[0];
  std::vector<T> values(static_cast<size_t>(state_->bytes_of(dataset, found, rows)) / sizeof(T));
  state_->read(dataset, found, 0, rows, std::as_writable_bytes(std::span(values)));
  return values;
}

template <typename T>
void H5Reader::read_rows(const std::string& dataset, int64_t begin, int64_t end, std::span<T> out) const {
  const H5Object& found = state_->typed(dataset, ElementTypeOf<T>::value, {});
  const int64_t bytes = state_->bytes_of(dataset, found, end - begin);
  FOVEA_CHECK(bytes == static_cast<int64_t>(out.size_bytes()), "{}: {} bytes into {}", place(dataset), bytes,
              out.size_bytes());
  state_->read(dataset, found, begin, end, std::as_writable_bytes(out));
}

template <typename T>
void H5Reader::read_into(const std::string& dataset, std::span<T> out) const {
  const std::vector<int64_t> shape = extents(dataset);
  read_rows(dataset, 0, shape.empty() ? 1 : shape[0], out);
}

#define FOVEA_INSTANTIATE(T)                                                                      \
  template std::vector<T> H5Reader::read<T>(const std::string&, std::span<const int64_t>) const;  \
  template void H5Reader::read_rows<T>(const std::string&, int64_t, int64_t, std::span<T>) const; \
  template void H5Reader::read_into<T>(const std::string&, std::span<T>) const;
FOVEA_NUMBER_ELEMENTS(FOVEA_INSTANTIATE)
#undef FOVEA_INSTANTIATE

bool H5Reader::is_float(const std::string& dataset) const {
  const H5Object* found = state_->find(dataset);
  return found != nullptr && !found->group && !found->foreign && found->type.kind == H5Class::kFloat;
}

std::vector<float> H5Reader::read_as_float(const std::string& dataset) const {
  const H5Object& found = state_->readable(dataset);
  if (found.type.kind != H5Class::kFloat) fail_data(place(dataset), "floating point numbers", describe(dataset));
  if (found.type.bytes == 4) return read<float>(dataset);
  const std::vector<std::byte> bytes = state_->read_all(dataset, found);
  const size_t count = bytes.size() / static_cast<size_t>(found.type.bytes);
  std::vector<float> values(count);
  for (size_t i = 0; i < count; ++i) {
    if (found.type.bytes == 8) {
      double value = 0;
      std::memcpy(&value, bytes.data() + 8 * i, 8);
      values[i] = static_cast<float>(value);
    } else {
      uint16_t value = 0;
      std::memcpy(&value, bytes.data() + 2 * i, 2);
      values[i] = half_to_float(value);
    }
  }
  return values;
}

std::vector<std::string> H5Reader::read_strings(const std::string& dataset) const {
  const H5Object& found = state_->dataset(dataset);
  if (found.foreign || found.type.element() != ElementType::kString || found.extents.size() > 1) {
    fail_data(place(dataset), "string (n,)", describe(dataset));
  }
  const std::vector<std::byte> bytes = state_->read_all(dataset, found);
  // Each string costs its own object besides the stored cell.
  require_memory(checked_multiply(count_of(found.extents, place(dataset)),
                                  found.type.bytes + static_cast<int64_t>(sizeof(std::string)), place(dataset)),
                 place(dataset));
  return state_->strings(found.type, bytes, place(dataset));
}

std::string H5Reader::text(const std::string& dataset) const {
  const std::vector<int64_t> shape = extents(dataset);
  if (!shape.empty()) fail_data(place(dataset), "string", describe(dataset));
  return read_strings(dataset).at(0);
}

std::vector<std::byte> H5Reader::read_raw(const std::string& dataset, int64_t begin, int64_t end) const {
  const H5Object& found = state_->readable(dataset);
  std::vector<std::byte> bytes(static_cast<size_t>(state_->bytes_of(dataset, found, end - begin)));
  state_->read(dataset, found, begin, end, bytes);
  return bytes;
}

std::vector<std::string> H5Reader::attribute_names(const std::string& object) const {
  std::vector<std::string> names;
  for (const auto& [name, value] : state_->object(object).attributes) names.push_back(name);
  return names;
}

bool H5Reader::has_attribute(const std::string& object, const std::string& name) const {
  const H5Object* found = state_->find(object);
  return found != nullptr && found->attributes.contains(name);
}

bool H5Reader::is_readable_attribute(const std::string& object, const std::string& name) const {
  return has_attribute(object, name) && state_->attribute(object, name).type.element().has_value();
}

ElementType H5Reader::attribute_type(const std::string& object, const std::string& name) const {
  const auto element = state_->attribute(object, name).type.element();
  if (!element)
    fail_data(state_->attribute_place(object, name), "a supported type", state_->attribute(object, name).type.name());
  return *element;
}

std::vector<int64_t> H5Reader::attribute_extents(const std::string& object, const std::string& name) const {
  return state_->attribute(object, name).extents;
}

std::vector<std::string> H5Reader::attribute_texts(const std::string& object, const std::string& name) const {
  const H5Attribute& found = state_->attribute(object, name);
  const std::string where = state_->attribute_place(object, name);
  if (found.type.element() != ElementType::kString) fail_data(where, "string", found.type.name());
  return state_->strings(found.type, found.data, where);
}

std::string H5Reader::attribute_text(const std::string& object, const std::string& name) const {
  const std::vector<std::string> texts = attribute_texts(object, name);
  if (texts.size() != 1) fail_data(state_->attribute_place(object, name), "one string", std::to_string(texts.size()));
  return texts[0];
}

uint64_t H5Reader::attribute_bits(const std::string& object, const std::string& name, bool is_unsigned) const {
  const H5Attribute& found = state_->attribute(object, name);
  const std::string where = state_->attribute_place(object, name);
  const bool integer = found.type.kind == H5Class::kSigned || found.type.kind == H5Class::kUnsigned;
  if (!integer || found.count() != 1) {
    fail_data(where, "an integer", found.type.name() + " " + extents_text(found.extents));
  }
  uint64_t bits = 0;
  std::memcpy(&bits, found.data.data(), static_cast<size_t>(found.type.bytes));
  const int unused = static_cast<int>(64 - 8 * found.type.bytes);
  const bool negative = found.type.kind == H5Class::kSigned && (bits << unused) >> 63 != 0;
  if (negative && unused > 0) bits |= ~uint64_t{0} << (64 - unused);
  if (is_unsigned && negative) fail_data(where, "a non-negative integer", std::to_string(static_cast<int64_t>(bits)));
  if (!is_unsigned && !negative && bits >> 63 != 0) fail_data(where, "an integer of 63 bits", std::to_string(bits));
  return bits;
}

int64_t H5Reader::attribute_int(const std::string& object, const std::string& name) const {
  return static_cast<int64_t>(attribute_bits(object, name, false));
}

uint64_t H5Reader::attribute_uint(const std::string& object, const std::string& name) const {
  return attribute_bits(object, name, true);
}

double H5Reader::attribute_double(const std::string& object, const std::string& name) const {
  const H5Attribute& found = state_->attribute(object, name);
  const auto element = found.type.element();
  if (found.count() == 1 && element == ElementType::kF64) {
    double value = 0;
    std::memcpy(&value, found.data.data(), sizeof value);
    return value;
  }
  if (found.count() == 1 && element == ElementType::kF32) {
    float value = 0;
    std::memcpy(&value, found.data.data(), sizeof value);
    return value;
  }
  if (found.count() == 1 && element == ElementType::kF16) {
    uint16_t bits = 0;
    std::memcpy(&bits, found.data.data(), sizeof bits);
    return half_to_float(bits);
  }
  fail_data(state_->attribute_place(object, name), "float64", found.type.name() + " " + extents_text(found.extents));
}

std::vector<int32_t> H5Reader::attribute_ints(const std::string& object, const std::string& name) const {
  const H5Attribute& found = state_->attribute(object, name);
  if (found.type.element() != ElementType::kI32) {
    fail_data(state_->attribute_place(object, name), "int32", found.type.name());
  }
  std::vector<int32_t> values(static_cast<size_t>(found.count()));
  if (!values.empty()) std::memcpy(values.data(), found.data.data(), found.data.size());
  return values;
}

}  // namespace fovea::io
