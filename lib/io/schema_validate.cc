// The validators behind validate_structure and validate_data, driven by the table.
#include <algorithm>
#include <map>
#include <optional>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/h5_reader.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

using Symbols = std::map<std::string, int64_t, std::less<>>;

constexpr int64_t kBlockValues = int64_t{1} << 20;

// "float32 (R,4)", as in the table.
std::string expectation(const FieldSpec& spec) {
  std::string text;
  for (const std::string& type : split(spec.type, '|')) text += (text.empty() ? "" : " or ") + type;
  return spec.extents.empty() ? text
                              : fmt::format("{} ({}{})", text, spec.extents,
                                            spec.extents.find(',') == std::string_view::npos ? "," : "");
}

[[noreturn]] void wrong_shape(const H5Reader& reader, const std::string& path, const FieldSpec& spec,
                              const std::string& detail = {}) {
  fail_data(reader.place(path), expectation(spec) + detail, reader.describe(path));
}

void check_type(const H5Reader& reader, const std::string& path, const FieldSpec& spec) {
  if (!reader.is_readable(path)) wrong_shape(reader, path, spec);
  const std::vector<std::string> types = split(spec.type, '|');
  const auto found = element_name(reader.type(path));
  if (std::find(types.begin(), types.end(), found) == types.end()) wrong_shape(reader, path, spec);
}

// Binds or compares the symbol of one axis. "N+1" is the symbol N, one more.
bool fits(std::string_view axis, int64_t extent, Symbols& symbols) {
  if (axis == "*") return true;
  if (const auto number = parse_int(axis)) return extent == *number;
  const size_t plus = axis.find('+');
  const int64_t extra = plus == std::string_view::npos ? 0 : parse_int(axis.substr(plus + 1)).value_or(0);
  const auto [entry, is_new] = symbols.emplace(std::string(axis.substr(0, plus)), extent - extra);
  return entry->second == extent - extra && extent - extra >= 0;
}

std::string bound(std::string_view axis, const Symbols& symbols) {
  const size_t plus = axis.find('+');
  const auto known = symbols.find(axis.substr(0, plus));
  if (known == symbols.end()) return "";
  return fmt::format(" with {} = {}", known->first, known->second);
}

void check_extents(const H5Reader& reader, const std::string& path, const FieldSpec& spec, Symbols& symbols) {
  if (spec.extents == "...") return;
  const std::vector<int64_t> found = reader.extents(path);
  std::vector<std::string> axes = spec.extents.empty() ? std::vector<std::string>{} : split(spec.extents, ',');
  const bool open_end = !axes.empty() && axes.back() == "...";
  if (open_end) axes.pop_back();
  if (open_end ? found.size() <= axes.size() : found.size() != axes.size()) wrong_shape(reader, path, spec);
  for (size_t d = 0; d < axes.size(); ++d) {
    const std::string detail = bound(axes[d], symbols);
    if (!fits(axes[d], found[d], symbols)) wrong_shape(reader, path, spec, detail);
  }
}

void check_attribute(const H5Reader& reader, const AttributeSpec& spec) {
  const std::string object(spec.object), name(spec.name);
  if (!reader.has_attribute(object, name)) {
    if (spec.optional || (object != "/" && !reader.has(object))) return;
    fail_data(reader.place(object) + ": attribute " + name, spec.type, "nothing");
  }
  if (spec.type == "string") {
    reader.attribute_text(object, name);
  } else if (spec.type == "int64") {
    reader.attribute_int(object, name);
  } else if (spec.type == "float64") {
    reader.attribute_double(object, name);
  } else if (spec.type == "int32[2]") {
    const size_t count = reader.attribute_ints(object, name).size();
    if (count != 2)
      fail_data(reader.place(object) + ": attribute " + name, "int32 (2)", fmt::format("int32 ({})", count));
  }
}

// Parts of a whole: objects/box without objects/offsets means nothing.
void check_companions(const H5Reader& reader, const SchemaSpec& schema) {
  for (const FieldSpec& spec : schema.fields) {
    if (spec.offsets_into.empty()) continue;
    const std::string offsets(spec.path);
    const std::string group = offsets.substr(0, offsets.rfind('/'));
    if (!reader.is_group(group)) continue;
    bool values = false;
    for (const FieldSpec& other : schema.fields) {
      const bool first = split(other.extents, ',')[0] == spec.offsets_into && !other.path.empty();
      values = values || (first && reader.has(std::string(other.path)));
      if (first && reader.has(std::string(other.path)) && other.path.starts_with(group + "/") && !reader.has(offsets)) {
        fail_data(reader.place(offsets), expectation(spec), "nothing");
      }
    }
    if (reader.has(offsets) && !values) {
      fail_data(reader.place(group), "values beside offsets", "nothing");
    }
  }
}

template <typename T>
void check_values(const H5Reader& reader, const std::string& path, const FieldSpec& spec, const Symbols& symbols) {
  const std::vector<int64_t> extents = reader.extents(path);
  const int64_t rows = extents.empty() ? 1 : extents[0];
  int64_t row = 1;
  for (size_t d = 1; d < extents.size(); ++d) row *= extents[d];
  const auto high = symbols.find(spec.high);
  const int64_t block = std::max<int64_t>(1, kBlockValues / std::max<int64_t>(1, row));
  std::vector<T> values;
  for (int64_t begin = 0; begin < rows; begin += block) {
    const int64_t end = std::min(rows, begin + block);
    require_memory(checked_multiply((end - begin) * static_cast<int64_t>(sizeof(T)), row, reader.place(path)), path);
    values.resize(static_cast<size_t>((end - begin) * row));
    reader.read_rows<T>(path, begin, end, values);
    if constexpr (std::is_same_v<T, Half>) {
      std::vector<float> wide(values.size());
      std::transform(values.begin(), values.end(), wide.begin(), [](Half half) { return half_to_float(half.bits); });
      if (spec.finite) check_finite<float>(wide, extents, reader.place(path), begin);
    } else if constexpr (std::is_floating_point_v<T>) {
      if (spec.finite) check_finite<T>(values, extents, reader.place(path), begin);
    } else if (spec.indices) {
      check_range<T>(values, spec.low, high == symbols.end() ? -1 : high->second, reader.place(path), begin);
    }
  }
  if constexpr (std::is_same_v<T, int64_t>) {
    if (spec.offsets_into.empty()) return;
    const auto last = symbols.find(spec.offsets_into);
    check_offsets(reader.read<int64_t>(path), last == symbols.end() ? 0 : last->second, reader.place(path));
  }
}

void check_data(const H5Reader& reader, const std::string& path, const FieldSpec& spec, const Symbols& symbols) {
  switch (reader.type(path)) {
    case ElementType::kF16:
      return check_values<Half>(reader, path, spec, symbols);
    case ElementType::kF32:
      return check_values<float>(reader, path, spec, symbols);
    case ElementType::kF64:
      return check_values<double>(reader, path, spec, symbols);
    case ElementType::kI32:
      return check_values<int32_t>(reader, path, spec, symbols);
    case ElementType::kI64:
      return check_values<int64_t>(reader, path, spec, symbols);
    case ElementType::kU8:
      return check_values<uint8_t>(reader, path, spec, symbols);
    case ElementType::kU32:
      return check_values<uint32_t>(reader, path, spec, symbols);
    case ElementType::kU64:
      return check_values<uint64_t>(reader, path, spec, symbols);
    case ElementType::kString:
      if (spec.unique) check_unique(reader.read_strings(path), reader.place(path));
      return;
  }
}

Symbols check_fields(const H5Reader& reader, const SchemaSpec& schema) {
  Symbols symbols;
  for (const FieldSpec& spec : schema.fields) {
    const std::string path(spec.path);
    const bool pattern = path.find('<') != std::string::npos;
    if (!pattern && !spec.optional && !reader.has(path)) fail_data(reader.place(path), expectation(spec), "nothing");
  }
  // In schema order, so that the same dataset gives a symbol its value in every file of the kind.
  for (const std::string& path : schema_order(&schema, reader.datasets())) {
    const FieldSpec* spec = find_field(schema, path);
    if (spec == nullptr) continue;  // unknown datasets are ignored
    check_type(reader, path, *spec);
    check_extents(reader, path, *spec, symbols);
    reader.require_stored(path);
  }
  for (const FieldSpec& spec : schema.fields) {
    const std::string path(spec.path);
    if (reader.is_group(path)) fail_data(reader.place(path), expectation(spec), "a group");
  }
  return symbols;
}

}  // namespace

void validate_structure(const H5Reader& reader, const SchemaSpec& schema) {
  check_fields(reader, schema);
  check_companions(reader, schema);
  for (const AttributeSpec& spec : schema.attributes) check_attribute(reader, spec);
}

void validate_data(const H5Reader& reader, const SchemaSpec& schema) {
  const Symbols symbols = check_fields(reader, schema);
  for (const std::string& path : schema_order(&schema, reader.datasets())) {
    const FieldSpec* spec = find_field(schema, path);
    if (spec != nullptr) check_data(reader, path, *spec, symbols);
  }
}

}  // namespace fovea::io
