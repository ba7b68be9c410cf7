#include "io/h5_writer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/memory.h"
#include "base/version.h"
#include "io/content_hash.h"
#include "io/element_list.h"
#include "io/h5_build.h"
#include "io/json.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

constexpr int64_t kSpoolMemory = int64_t{256} << 20;    // values kept in memory while writing to a file
constexpr int64_t kImageBytes = int64_t{64} << 20;      // files up to here are made in memory and written at once
constexpr size_t kMaxAttributeBytes = 64 * 1024 - 512;  // HDF5: a header message has at most 64 KiB
constexpr std::string_view kReserved[] = {"schema",     "schema_version", "fovea_version", "tool",
                                          "parameters", "command_line",   "seed",          "inputs",
                                          "parent",     "shard",          "content_hash",  "complete"};

std::string plain_name(const std::string& name) {
  const size_t first = name.find_first_not_of('/');
  return first == std::string::npos ? "" : name.substr(first);
}

std::string inputs_json(const std::vector<InputRecord>& inputs) {
  Json list = Json::array();
  for (const InputRecord& input : inputs) {
    list.push_back({{"role", input.role}, {"name", input.name}, {"schema", input.schema}, {"hash", input.hash}});
  }
  return canonical_json(list);
}

template <typename T>
std::vector<T> canonical_nan(std::span<const T> values) {
  std::vector<T> copy(values.begin(), values.end());
  for (T& value : copy) {
    if (std::isnan(value)) value = std::numeric_limits<T>::quiet_NaN();
  }
  return copy;
}

}  // namespace

struct H5Writer::State {
  State(const std::string& name, RootAttributes attributes, const WriterOptions& writer_options)
      : target(name == "-" ? "standard output" : name),
        root(std::move(attributes)),
        options(writer_options),
        output(name, {options.no_clobber, options.expected_bytes}),
        store(target, output.is_stream() ? "" : directory_name(output.path()),
              output.is_stream() ? max_memory() / 3 : std::min(kSpoolMemory, max_memory() / 3)) {
    pending.compress = options.compress;
    pending.compress_by_default = root.schema != "fovea.checkpoint";
  }

  std::string target;
  RootAttributes root;
  WriterOptions options;
  AtomicFile output;
  SpoolStore store;
  PendingFile pending;
  AttributeList extra;  // root attributes besides the standard ones
  bool finished = false;

  PendingDataset& create(const std::string& name, ElementType type, std::vector<int64_t> extents,
                         std::string_view axes) {
    const std::string path = plain_name(name);
    FOVEA_CHECK(!finished && !path.empty(), "{}: dataset \"{}\"", target, name);
    const auto [entry, is_new] = pending.datasets.try_emplace(path, store, type);
    FOVEA_CHECK(is_new, "{}: dataset {} twice", target, path);
    entry->second.cell = element_bytes(type);
    entry->second.extents = std::move(extents);
    entry->second.axes = axes;
    return entry->second;
  }

  static void append(PendingDataset& data, std::span<const std::byte> bytes) {
    data.hash.update(bytes);
    data.values.append(bytes);
  }

  template <typename T>
  static void append_values(PendingDataset& data, std::span<const T> values) {
    if constexpr (std::is_floating_point_v<T>) {
      const bool clean = std::none_of(values.begin(), values.end(), [](T value) { return std::isnan(value); });
      if (!clean) return append(data, std::as_bytes(std::span<const T>(canonical_nan(values))));
    }
    append(data, std::as_bytes(values));
  }

  void set(const std::string& object, const std::string& name, AttributeValue value) {
    const std::string path = plain_name(object);
    if (const auto* text = std::get_if<std::string>(&value); text != nullptr && text->size() > kMaxAttributeBytes) {
      fail(ErrorKind::kData, "{}: attribute {}: expected at most {} bytes, found {}", target, name, kMaxAttributeBytes,
           text->size());
    }
    if (path.empty()) {
      FOVEA_CHECK(std::find(std::begin(kReserved), std::end(kReserved), name) == std::end(kReserved),
                  "root attribute {} is set by the writer", name);
      std::erase_if(extra, [&](const auto& known) { return known.first == name; });
      extra.emplace_back(name, std::move(value));
    } else if (const auto data = pending.datasets.find(path); data != pending.datasets.end()) {
      FOVEA_CHECK(name != "axes", "axes are set when {} is made", path);
      data->second.attributes[name] = std::move(value);
    } else {
      pending.group_attributes[path][name] = std::move(value);
      pending.groups.insert(path);
    }
  }

  std::string hash() {
    std::vector<std::string> paths;
    for (const auto& [path, data] : pending.datasets) paths.push_back(path);
    pending.order = schema_order(find_schema(root.schema), std::move(paths));
    ContentHasher hasher;
    for (const std::string& path : pending.order) {
      const PendingDataset& data = pending.datasets.at(path);
      hasher.add(path, data.type, data.cell, data.extents, data.hash.hex());
    }
    return hasher.hex();
  }

  void root_attributes() {
    const auto ints = [](const std::array<int32_t, 2>& pair) { return std::vector<int32_t>{pair[0], pair[1]}; };
    pending.root = {{"schema", root.schema},
                    {"schema_version", ints(root.schema_version)},
                    {"fovea_version", root.fovea_version.empty() ? std::string(version()) : root.fovea_version},
                    {"tool", root.tool},
                    {"parameters", root.parameters},
                    {"command_line", root.command_line},
                    {"seed", root.seed},
                    {"inputs", inputs_json(root.inputs)},
                    {"parent", root.parent},
                    {"shard", ints(root.shard)},
                    {"content_hash", root.content_hash}};
    for (const auto& [name, value] : pending.root) {
      const auto* text = std::get_if<std::string>(&value);
      if (text != nullptr && text->size() > kMaxAttributeBytes) {
        fail(ErrorKind::kData, "{}: attribute {}: expected at most {} bytes, found {}", target, name,
             kMaxAttributeBytes, text->size());
      }
    }
    std::sort(extra.begin(), extra.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
    pending.root.insert(pending.root.end(), extra.begin(), extra.end());
  }
};

H5Writer::H5Writer(const std::string& target, RootAttributes root, WriterOptions options) {
  if ((target == "-" || target == "/dev/stdout") && stdout_is_terminal()) {
    throw Error(ErrorKind::kUsage, "standard output is a terminal: binary data are not written to it",
                "name a file with -o, or pipe into another tool");
  }
  state_ = std::make_unique<State>(target, std::move(root), options);
}
H5Writer::~H5Writer() = default;
H5Writer::H5Writer(H5Writer&&) noexcept = default;
H5Writer& H5Writer::operator=(H5Writer&&) noexcept = default;

template <typename T>
void H5Writer::write(const std::string& dataset, std::span<const int64_t> extents, std::span<const T> values,
                     std::string_view axes) {
  int64_t count = 1;
  for (const int64_t extent : extents) count *= extent;
  FOVEA_CHECK(count == static_cast<int64_t>(values.size()), "{}: {} values for extents of {}", dataset, values.size(),
              count);
  State::append_values(state_->create(dataset, ElementTypeOf<T>::value, {extents.begin(), extents.end()}, axes),
                       values);
}

void H5Writer::create_rows(const std::string& dataset, ElementType type, std::span<const int64_t> item_extents,
                           std::string_view axes) {
  FOVEA_CHECK(type != ElementType::kString, "{}: strings are written at once", dataset);
  std::vector<int64_t> extents{0};
  extents.insert(extents.end(), item_extents.begin(), item_extents.end());
  state_->create(dataset, type, std::move(extents), axes).growing = true;
}

template <typename T>
void H5Writer::append_rows(const std::string& dataset, int64_t rows, std::span<const T> values) {
  const auto found = state_->pending.datasets.find(plain_name(dataset));
  FOVEA_CHECK(found != state_->pending.datasets.end() && found->second.growing, "{} is no growing dataset", dataset);
  PendingDataset& data = found->second;
  int64_t count = rows;
  for (size_t d = 1; d < data.extents.size(); ++d) count *= data.extents[d];
  FOVEA_CHECK(data.type == ElementTypeOf<T>::value && count == static_cast<int64_t>(values.size()),
              "{}: {} {} values for {} rows", dataset, values.size(), element_name(ElementTypeOf<T>::value), rows);
  State::append_values(data, values);
  data.extents[0] += rows;
}

#define FOVEA_INSTANTIATE(T)                                                                         \
  template void H5Writer::write<T>(const std::string&, std::span<const int64_t>, std::span<const T>, \
                                   std::string_view);                                                \
  template void H5Writer::append_rows<T>(const std::string&, int64_t, std::span<const T>);
FOVEA_NUMBER_ELEMENTS(FOVEA_INSTANTIATE)
#undef FOVEA_INSTANTIATE

void H5Writer::write_cells(const std::string& dataset, int64_t count, int64_t length, std::span<const std::byte> cells,
                           std::string_view axes) {
  FOVEA_CHECK(length > 0 && count * length == static_cast<int64_t>(cells.size()), "{}: {} cells of {}", dataset, count,
              length);
  PendingDataset& data = state_->create(dataset, ElementType::kString, {count}, axes);
  data.cell = length;
  State::append(data, cells);
}

void H5Writer::write_strings(const std::string& dataset, const std::vector<std::string>& values,
                             std::string_view axes) {
  size_t length = 1;
  for (const std::string& value : values) {
    length = std::max(length, value.size());
    if (value.find('\0') != std::string::npos) {
      fail(ErrorKind::kData, "{}: {}: a string contains a NUL byte", state_->target, dataset);
    }
  }
  PendingDataset& data = state_->create(dataset, ElementType::kString, {static_cast<int64_t>(values.size())}, axes);
  data.cell = static_cast<int64_t>(length);
  std::string block;
  for (const std::string& value : values) {
    block += value;
    block.append(length - value.size(), '\0');
    if (block.size() < (size_t{1} << 20)) continue;
    State::append(data, std::as_bytes(std::span(block)));
    block.clear();
  }
  State::append(data, std::as_bytes(std::span(block)));
}

void H5Writer::write_text(const std::string& dataset, std::string_view value) {
  if (value.find('\0') != std::string_view::npos) {
    fail(ErrorKind::kData, "{}: {}: the text contains a NUL byte", state_->target, dataset);
  }
  const std::string text = value.empty() ? std::string(1, '\0') : std::string(value);
  PendingDataset& data = state_->create(dataset, ElementType::kString, {}, "scalar");
  data.cell = static_cast<int64_t>(text.size());
  State::append(data, std::as_bytes(std::span(text)));
}

void H5Writer::create_group(const std::string& path) { state_->pending.groups.insert(plain_name(path)); }

void H5Writer::set_attribute(const std::string& object, const std::string& name, std::string_view value) {
  state_->set(object, name, std::string(value));
}
void H5Writer::set_attribute(const std::string& object, const std::string& name, const char* value) {
  state_->set(object, name, std::string(value));
}
void H5Writer::set_attribute(const std::string& object, const std::string& name, int64_t value) {
  state_->set(object, name, value);
}
void H5Writer::set_attribute(const std::string& object, const std::string& name, double value) {
  state_->set(object, name, std::isnan(value) ? std::numeric_limits<double>::quiet_NaN() : value);
}
void H5Writer::set_attribute(const std::string& object, const std::string& name, const std::vector<int32_t>& value) {
  state_->set(object, name, value);
}

std::string H5Writer::finish() {
  State& state = *state_;
  FOVEA_CHECK(!state.finished, "{}: finished twice", state.target);
  state.finished = true;
  state.root.content_hash = state.hash();
  state.root_attributes();
  if (state.output.is_stream() || state.pending.value_bytes() <= std::min(kImageBytes, max_memory() / 4)) {
    state.output.write(build_h5_image(state.pending, state.target));
  } else {
    build_h5_file(state.pending, state.output.path(), state.target);
  }
  state.output.commit();
  return state.root.content_hash;
}

}  // namespace fovea::io
