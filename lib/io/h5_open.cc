// Root attributes and schema of an opened file: H5Reader::open and require_schema.
#include "base/error.h"
#include "base/text.h"
#include "io/h5_reader.h"
#include "io/json.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

std::array<int32_t, 2> pair_attribute(const H5Reader& reader, const std::string& name) {
  const std::vector<int32_t> values = reader.attribute_ints("/", name);
  if (values.size() != 2) {
    fail_data(reader.path() + ": attribute " + name, "int32 (2)", fmt::format("int32 ({})", values.size()));
  }
  return {values[0], values[1]};
}

std::string optional_text(const H5Reader& reader, const std::string& name) {
  return reader.has_attribute("/", name) ? reader.attribute_text("/", name) : "";
}

std::vector<InputRecord> parse_inputs(const H5Reader& reader) {
  const std::string text = optional_text(reader, "inputs");
  if (text.empty()) return {};
  const std::string origin = reader.path() + ": attribute inputs";
  const Json list = parse_json(text, origin);
  if (!list.is_array()) fail_data(origin, "a list", list.type_name());
  std::vector<InputRecord> inputs;
  for (const Json& item : list) {
    inputs.push_back({json_text(item, "role", origin), json_text(item, "name", origin),
                      json_text(item, "schema", origin), json_text(item, "hash", origin)});
  }
  return inputs;
}

std::string made_by_hint(const SchemaSpec* wanted) {
  return wanted == nullptr ? "" : fmt::format("{} files are made by {}", wanted->name, wanted->made_by);
}

void require_name(const H5Reader& reader, std::string_view expected, const SchemaSpec* known) {
  const SchemaSpec* wanted = find_schema(expected);
  if (!reader.has_attribute("/", "schema")) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected schema {}, found an HDF5 file without attribute schema", reader.path(),
                            expected.empty() ? "fovea.*" : expected),
                made_by_hint(wanted));
  }
  const std::string found = reader.attribute_text("/", "schema");
  if ((expected.empty() && known == nullptr) || (!expected.empty() && found != expected)) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected schema {}, found {}", reader.path(), expected.empty() ? "fovea.*" : expected,
                            printable(found)),
                made_by_hint(wanted));
  }
}

}  // namespace

RootAttributes read_root_attributes(const H5Reader& reader) {
  RootAttributes root;
  root.schema = optional_text(reader, "schema");
  if (reader.has_attribute("/", "schema_version")) root.schema_version = pair_attribute(reader, "schema_version");
  root.fovea_version = optional_text(reader, "fovea_version");
  root.tool = optional_text(reader, "tool");
  root.parameters = optional_text(reader, "parameters");
  root.command_line = optional_text(reader, "command_line");
  if (reader.has_attribute("/", "seed")) root.seed = reader.attribute_uint("/", "seed");
  root.inputs = parse_inputs(reader);
  root.parent = optional_text(reader, "parent");
  if (reader.has_attribute("/", "shard")) root.shard = pair_attribute(reader, "shard");
  root.content_hash = optional_text(reader, "content_hash");
  root.complete = reader.has_attribute("/", "complete") && reader.attribute_int("/", "complete") == 1;
  return root;
}

void H5Reader::require_schema(std::string_view expected_schema) {
  const bool named = has_attribute("/", "schema");
  const SchemaSpec* schema = named ? find_schema(attribute_text("/", "schema")) : nullptr;
  require_name(*this, expected_schema, schema);
  if (!has_attribute("/", "schema_version")) fail_data(path() + ": attribute schema_version", "int32 (2)", "nothing");
  const auto version = pair_attribute(*this, "schema_version");
  const int major = schema != nullptr ? schema->major : 1;
  if (version[0] != major) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: schema {} {}.{}, this program reads {}.x", path(), attribute_text("/", "schema"),
                            version[0], version[1], major),
                version[0] > major ? "the file is newer than this program: update it" : "make the file again");
  }
  RootAttributes root = read_root_attributes(*this);
  if (!root.complete) {
    throw Error(ErrorKind::kData, fmt::format("{}: not finished by its writer", path()), "make it again");
  }
  if (schema != nullptr) validate_structure(*this, *schema);
  mutable_attributes() = std::move(root);
}

H5Reader H5Reader::open(const std::string& path, std::string_view expected_schema) {
  H5Reader reader(path);
  reader.require_schema(expected_schema);
  return reader;
}

}  // namespace fovea::io
