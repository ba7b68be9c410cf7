#include "io/merge.h"

#include <algorithm>
#include <map>

#include "base/error.h"
#include "base/memory.h"
#include "base/shard.h"
#include "base/text.h"
#include "io/h5_reader.h"
#include "io/json.h"
#include "io/schema.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

constexpr int64_t kBlockBytes = int64_t{4} << 20;

struct Part {
  H5Reader reader;
  int index;
};

// What one axis-0 symbol adds up to over the shards before this one.
using Counts = std::map<std::string_view, int64_t>;

// "learning-rate, seed": the keys of two JSON objects with different values.
std::string differing_keys(const std::string& a, const std::string& b) {
  std::vector<std::string> keys;
  try {
    const Json left = parse_json(a, "parameters"), right = parse_json(b, "parameters");
    for (const auto& [key, value] : left.items()) {
      if (!right.contains(key) || right.at(key) != value) keys.push_back(key);
    }
    for (const auto& [key, value] : right.items()) {
      if (!left.contains(key)) keys.push_back(key);
    }
  } catch (const Error&) {
    return "";
  }
  return keys.empty() ? "" : " (" + printable(join(keys, ", "), 200) + ")";
}

[[noreturn]] void differ(const H5Reader& first, const H5Reader& other, std::string_view what,
                         const std::string& detail = {}) {
  fail(ErrorKind::kData, "{}: {}: expected the same as in {}, found other values{}", other.path(), what, first.path(),
       detail);
}

void require_same_origin(const H5Reader& first, const H5Reader& other) {
  const RootAttributes &a = first.attributes(), &b = other.attributes();
  if (a.schema != b.schema) fail_data(other.path(), "schema " + a.schema, b.schema);
  if (a.schema_version != b.schema_version) differ(first, other, "schema_version");
  if (a.parameters != b.parameters) differ(first, other, "parameters", differing_keys(a.parameters, b.parameters));
  if (a.inputs != b.inputs) differ(first, other, "inputs");
  if (a.seed != b.seed) differ(first, other, "seed");
  if (a.tool != b.tool) differ(first, other, "tool");
  if (a.fovea_version != b.fovea_version) differ(first, other, "fovea_version");
  if (a.parent != b.parent) differ(first, other, "parent");
  if (a.shard[1] != b.shard[1]) {
    fail_data(other.path() + ": shard", fmt::format("i/{}", a.shard[1]), fmt::format("{}/{}", b.shard[0], b.shard[1]));
  }
}

std::vector<Part> open_parts(const std::vector<std::string>& paths, const std::string& schema) {
  if (paths.empty()) fail(ErrorKind::kUsage, "merge: expected at least one shard, found none");
  std::vector<Part> parts;
  for (const std::string& path : paths) {
    H5Reader reader = H5Reader::open(path, schema);
    const auto shard = reader.attributes().shard;
    if (shard[1] < 1 || shard[0] < 0 || shard[0] >= shard[1]) {
      fail_data(reader.path() + ": attribute shard", "0 <= i < n", fmt::format("{}/{}", shard[0], shard[1]));
    }
    if (!parts.empty()) require_same_origin(parts[0].reader, reader);
    verify_reader(reader);  // the joined file gets a hash of its own, which would vouch for damage
    parts.push_back({std::move(reader), shard[0]});
  }
  std::stable_sort(parts.begin(), parts.end(), [](const Part& a, const Part& b) { return a.index < b.index; });
  for (size_t i = 1; i < parts.size(); ++i) {
    if (parts[i].index == parts[i - 1].index) {
      fail(ErrorKind::kData, "{}: shard {} again: already given as {}", parts[i].reader.path(), parts[i].index,
           parts[i - 1].reader.path());
    }
  }
  return parts;
}

std::vector<int> missing_shards(const std::vector<Part>& parts) {
  std::vector<int> missing;
  size_t at = 0;
  for (int i = 0; i < parts[0].reader.attributes().shard[1]; ++i) {
    if (at < parts.size() && parts[at].index == i) {
      ++at;
    } else {
      missing.push_back(i);
    }
  }
  return missing;
}

class Merger {
 public:
  Merger(const std::vector<Part>& parts, H5Writer& writer, const SchemaSpec& schema)
      : parts_(parts), writer_(writer), schema_(schema), first_(parts[0].reader) {}

  void run() {
    const std::vector<std::string> paths = first_.datasets();
    for (const Part& part : parts_) {
      if (part.reader.datasets() != paths) differ(first_, part.reader, "list of datasets");
    }
    for (const std::string& group : first_.groups()) {
      writer_.create_group(group);
      attributes(group);
    }
    for (const std::string& path : schema_order(&schema_, paths)) dataset(path);
    attributes("/");
  }

 private:
  void dataset(const std::string& path) {
    const FieldSpec* spec = find_field(schema_, path);
    const std::string axis = spec == nullptr || spec->extents.empty() ? "" : split(spec->extents, ',')[0];
    const bool joined = std::find(schema_.joined.begin(), schema_.joined.end(), axis) != schema_.joined.end();
    for (const Part& part : parts_) {
      if (part.reader.type(path) != first_.type(path)) differ(first_, part.reader, path);
    }
    if (spec != nullptr && !spec->offsets_into.empty()) {
      offsets(path);
    } else if (first_.type(path) == ElementType::kString) {
      strings(path, joined);
    } else {
      values_of(path, joined, spec);
    }
    attributes(path);
  }

  std::string axes(const std::string& path) const {
    return first_.has_attribute(path, "axes") ? first_.attribute_text(path, "axes") : "";
  }

  void offsets(const std::string& path) {
    writer_.create_rows(path, ElementType::kI64, {}, axes(path));
    int64_t base = 0;
    for (const Part& part : parts_) {
      std::vector<int64_t> values = part.reader.read<int64_t>(path);
      for (int64_t& value : values) value += base;
      base = values.back();
      const size_t skip = &part == &parts_[0] ? 0 : 1;  // each list starts with the last end
      writer_.append_rows<int64_t>(path, static_cast<int64_t>(values.size() - skip), std::span(values).subspan(skip));
    }
  }

  void strings(const std::string& path, bool joined) {
    if (first_.extents(path).empty()) {
      for (const Part& part : parts_) {
        if (part.reader.text(path) != first_.text(path)) differ(first_, part.reader, path);
      }
      writer_.write_text(path, first_.text(path));
      return;
    }
    std::vector<std::string> all;
    for (const Part& part : parts_) {
      std::vector<std::string> values = part.reader.read_strings(path);
      if (joined) {
        all.insert(all.end(), std::make_move_iterator(values.begin()), std::make_move_iterator(values.end()));
      } else if (&part == &parts_[0]) {
        all = std::move(values);
      } else if (values != all) {
        differ(first_, part.reader, path);
      }
    }
    writer_.write_strings(path, all, axes(path));
  }

  void values_of(const std::string& path, bool joined, const FieldSpec* spec) {
    switch (first_.type(path)) {
      case ElementType::kF16:
        return numbers<Half>(path, joined, spec);
      case ElementType::kF32:
        return numbers<float>(path, joined, spec);
      case ElementType::kF64:
        return numbers<double>(path, joined, spec);
      case ElementType::kI32:
        return numbers<int32_t>(path, joined, spec);
      case ElementType::kI64:
        return numbers<int64_t>(path, joined, spec);
      case ElementType::kU8:
        return numbers<uint8_t>(path, joined, spec);
      case ElementType::kU32:
        return numbers<uint32_t>(path, joined, spec);
      case ElementType::kU64:
        return numbers<uint64_t>(path, joined, spec);
      case ElementType::kString:
        break;
    }
  }

  template <typename T>
  void numbers(const std::string& path, bool joined, const FieldSpec* spec) {
    const std::vector<int64_t> extents = first_.extents(path);
    if (!joined) {
      const std::vector<T> values = first_.read<T>(path);
      for (const Part& part : parts_) {
        if (&part == &parts_[0]) continue;
        if (part.reader.extents(path) != extents || !same(part.reader.read<T>(path), values)) {
          differ(first_, part.reader, path, spec == nullptr ? " (this program does not know how to join it)" : "");
        }
      }
      writer_.write<T>(path, extents, values, axes(path));
      return;
    }
    const std::span<const int64_t> item = std::span(extents).subspan(1);
    writer_.create_rows(path, ElementTypeOf<T>::value, item, axes(path));
    int64_t base = 0;
    for (const Part& part : parts_) {
      const std::vector<int64_t> found = part.reader.extents(path);
      if (!std::equal(found.begin() + 1, found.end(), item.begin(), item.end())) {
        differ(first_, part.reader, path, " (extents of an item)");
      }
      copy_rows<T>(part.reader, path, found, spec->rebase.empty() ? 0 : base);
      if (!spec->rebase.empty()) base += count_of_symbol(part.reader, spec->rebase);
    }
  }

  template <typename T>
  void copy_rows(const H5Reader& reader, const std::string& path, const std::vector<int64_t>& extents, int64_t base) {
    int64_t row = 1;
    for (size_t d = 1; d < extents.size(); ++d) row *= extents[d];
    const int64_t block = std::max<int64_t>(1, kBlockBytes / std::max<int64_t>(1, row * int64_t{sizeof(T)}));
    std::vector<T> values;
    for (int64_t begin = 0; begin < extents[0]; begin += block) {
      const int64_t end = std::min(extents[0], begin + block);
      require_memory((end - begin) * row * static_cast<int64_t>(sizeof(T)), reader.place(path));
      values.resize(static_cast<size_t>((end - begin) * row));
      reader.read_rows<T>(path, begin, end, values);
      if constexpr (std::is_integral_v<T>) {
        for (T& value : values) value = value >= 0 ? static_cast<T>(value + static_cast<T>(base)) : value;
      }
      writer_.append_rows<T>(path, end - begin, values);
    }
  }

  // Bytes, not values: NaN columns are equal too.
  template <typename T>
  static bool same(const std::vector<T>& a, const std::vector<T>& b) {
    const auto left = std::as_bytes(std::span(a)), right = std::as_bytes(std::span(b));
    return std::equal(left.begin(), left.end(), right.begin(), right.end());
  }

  int64_t count_of_symbol(const H5Reader& reader, std::string_view symbol) const {
    for (const FieldSpec& spec : schema_.fields) {
      const std::string path(spec.path);
      if (split(spec.extents, ',')[0] == symbol && reader.has(path)) return reader.extents(path)[0];
    }
    return 0;
  }

  void attributes(const std::string& object) {
    for (const std::string& name : first_.attribute_names(object)) {
      if (name == "axes" || (object == "/" && is_standard(name))) continue;
      for (const Part& part : parts_) {
        if (!part.reader.has_attribute(object, name) ||
            describe(part.reader, object, name) != describe(first_, object, name)) {
          differ(first_, part.reader, object + ": attribute " + name);
        }
      }
      copy_attribute(object, name);
    }
  }

  static bool is_standard(const std::string& name) {
    for (const std::string_view known :
         {"schema", "schema_version", "fovea_version", "tool", "parameters", "command_line", "seed", "inputs", "parent",
          "shard", "content_hash", "complete", "partial"}) {
      if (name == known) return true;
    }
    return false;
  }

  static Json describe(const H5Reader& reader, const std::string& object, const std::string& name) {
    switch (reader.attribute_type(object, name)) {
      case ElementType::kString:
        return reader.attribute_texts(object, name);
      case ElementType::kF16:
      case ElementType::kF32:
      case ElementType::kF64:
        return reader.attribute_double(object, name);
      case ElementType::kI32:
        return reader.attribute_ints(object, name);
      default:
        return reader.attribute_int(object, name);
    }
  }

  void copy_attribute(const std::string& object, const std::string& name) {
    switch (first_.attribute_type(object, name)) {
      case ElementType::kString:
        return writer_.set_attribute(object, name, first_.attribute_text(object, name));
      case ElementType::kF16:
      case ElementType::kF32:
      case ElementType::kF64:
        return writer_.set_attribute(object, name, first_.attribute_double(object, name));
      case ElementType::kI32:
        return writer_.set_attribute(object, name, first_.attribute_ints(object, name));
      default:
        return writer_.set_attribute(object, name, first_.attribute_int(object, name));
    }
  }

  const std::vector<Part>& parts_;
  H5Writer& writer_;
  const SchemaSpec& schema_;
  const H5Reader& first_;
};

}  // namespace

MergeReport merge_files(const std::vector<std::string>& shards, const std::string& target,
                        const MergeOptions& options) {
  const std::vector<Part> parts = open_parts(shards, options.expected_schema);
  const RootAttributes& found = parts[0].reader.attributes();
  const SchemaSpec* schema = find_schema(found.schema);
  if (schema == nullptr || schema->joined.empty()) {
    fail(ErrorKind::kData, "{}: {} files are not made in shards", parts[0].reader.path(), found.schema);
  }
  MergeReport report;
  report.shards = static_cast<int>(parts.size());
  report.missing = missing_shards(parts);
  if (!report.missing.empty() && !options.allow_missing) {
    const std::string list = array_expression(report.missing);
    throw Error(
        ErrorKind::kData,
        fmt::format("{}: {} of {} shards missing: {}", target, report.missing.size(), found.shard[1], list),
        fmt::format("run them with --shard I/{} (SHARDS={} and --array={} of share/slurm/array.sbatch), or merge with "
                    "--allow-missing",
                    found.shard[1], found.shard[1], list));
  }
  RootAttributes root = found;
  root.shard = {0, 1};
  H5Writer writer(target, root, options.writer);
  Merger(parts, writer, *schema).run();
  if (!report.missing.empty()) writer.set_attribute("/", "partial", int64_t{1});
  report.content_hash = writer.finish();
  return report;
}

}  // namespace fovea::io
