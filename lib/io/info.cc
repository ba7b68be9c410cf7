#include "io/info.h"

#include <algorithm>

#include "base/file.h"
#include "io/h5_reader.h"
#include "io/json.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

Json json_or_text(const std::string& text) { return Json::accept(text) ? parse_json(text, "attribute") : Json(text); }

Json attribute_value(const H5Reader& reader, const std::string& object, const std::string& name) {
  if (reader.attribute_extents(object, name).empty()) {
    switch (reader.attribute_type(object, name)) {
      case ElementType::kString:
        return reader.attribute_text(object, name);
      case ElementType::kF16:
      case ElementType::kF32:
      case ElementType::kF64:
        return reader.attribute_double(object, name);
      case ElementType::kU64:
        return reader.attribute_uint(object, name);
      default:
        return reader.attribute_int(object, name);
    }
  }
  if (reader.attribute_type(object, name) == ElementType::kI32) return reader.attribute_ints(object, name);
  if (reader.attribute_type(object, name) == ElementType::kString) return reader.attribute_texts(object, name);
  return nullptr;
}

Json attributes_of(const H5Reader& reader, const std::string& object, const RootAttributes* known) {
  static const std::vector<std::string> standard{
      "schema", "schema_version", "fovea_version", "tool",         "parameters", "command_line", "seed",
      "inputs", "parent",         "shard",         "content_hash", "complete",   "axes"};
  Json list = Json::object();
  for (const std::string& name : reader.attribute_names(object)) {
    const bool is_known = std::find(standard.begin(), standard.end(), name) != standard.end();
    if ((known != nullptr || name == "axes") && is_known) continue;
    list[name] = reader.is_readable_attribute(object, name) ? attribute_value(reader, object, name) : Json(nullptr);
  }
  return list;
}

Json dataset_info(const H5Reader& reader, const std::string& path) {
  Json info;
  info["name"] = path;
  const std::string text = reader.describe(path);
  info["type"] = text.substr(0, text.find(' '));
  info["extents"] = reader.extents(path);
  if (reader.has_attribute(path, "axes")) info["axes"] = attribute_value(reader, path, "axes");
  if (const Json more = attributes_of(reader, path, nullptr); !more.empty()) info["attributes"] = more;
  return info;
}

}  // namespace

std::string info_json(const std::string& path) {
  const H5Reader reader(path);
  const RootAttributes root = read_root_attributes(reader);
  Json info;
  info["file"] = base_name(reader.path());
  info["bytes"] = reader.file_bytes();
  if (!root.schema.empty()) {
    info["schema"] = root.schema;
    if (const SchemaSpec* schema = find_schema(root.schema)) info["summary"] = schema->summary;
    info["schema_version"] = root.schema_version;
    info["fovea_version"] = root.fovea_version;
    info["tool"] = root.tool;
    info["parameters"] = json_or_text(root.parameters);
    info["command_line"] = json_or_text(root.command_line);
    info["seed"] = root.seed;
    info["inputs"] = Json::array();
    for (const InputRecord& input : root.inputs) {
      info["inputs"].push_back(
          {{"role", input.role}, {"name", input.name}, {"schema", input.schema}, {"hash", input.hash}});
    }
    info["parent"] = root.parent;
    info["shard"] = root.shard;
    info["content_hash"] = root.content_hash;
    info["complete"] = root.complete;
  }
  if (const Json more = attributes_of(reader, "/", &root); !more.empty()) info["attributes"] = more;
  info["datasets"] = Json::array();
  for (const std::string& name : schema_order(find_schema(root.schema), reader.datasets())) {
    info["datasets"].push_back(dataset_info(reader, name));
  }
  for (const std::string& group : reader.groups()) {
    if (const Json more = attributes_of(reader, group, nullptr); !more.empty()) {
      info["groups"].push_back({{"name", group}, {"attributes", more}});
    }
  }
  return pretty_json(info);
}

}  // namespace fovea::io
