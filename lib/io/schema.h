// Every kind of file as data: name, version, datasets, attributes. The validators, --info, merge and fovea-files(5)
// are made from this one table.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

class H5Reader;

// Extents are text: "N,4", "N+1", "" for a scalar, "..." for any shape. A capital word is a symbol that must have one
// value in the whole file; "*" is any extent.
struct FieldSpec {
  std::string_view path;  // on disk: do not change, add a version. "<name>" stands for any one name,
                          // "<name...>" for one or more (layers may be called "fire2/conv1")
  std::string_view type;  // "float32", "string", or alternatives "float32|uint8"
  std::string_view extents;
  bool optional = false;
  std::string_view axes;  // value of the attribute `axes`, in words
  std::string_view meaning;
  bool finite = false;            // no NaN, no infinity
  std::string_view offsets_into;  // offsets: starts 0, does not decrease, ends at this symbol's value
  bool indices = false;           // integers in [low, high)
  int64_t low = 0;
  std::string_view high;    // a symbol; no upper bound where it is absent from the file
  std::string_view rebase;  // merge adds the earlier shards' count of this symbol to non-negative values
  bool unique = false;      // strings that occur once
};

struct AttributeSpec {
  std::string_view object;  // "/" or a path
  std::string_view name;
  std::string_view type;  // "string", "float64", "int64", "int32[2]"
  bool optional = false;
  std::string_view meaning;
};

struct SchemaSpec {
  std::string_view name;
  int32_t major = 1, minor = 0;
  std::string_view summary;
  std::string_view made_by;              // for the hint of a wrong schema
  std::vector<std::string_view> joined;  // symbols whose axes merge concatenates; empty: shards can't be merged
  std::string_view item;                 // the symbol that --shard divides
  std::vector<FieldSpec> fields;         // in schema order: the order in the file and of the content hash
  std::vector<AttributeSpec> attributes;
};

const std::vector<SchemaSpec>& schemas();
const SchemaSpec* find_schema(std::string_view name);  // null if unknown

// The field that describes `path` (no leading '/'), null for unknown datasets.
const FieldSpec* find_field(const SchemaSpec& schema, std::string_view path);
// Sorted by schema order, then bytewise; unknown paths at the end.
std::vector<std::string> schema_order(const SchemaSpec* schema, std::vector<std::string> paths);

// Presence, types, ranks, extents and attributes. Throws Error(kData) as in files-and-cli section 11.
void validate_structure(const H5Reader& reader, const SchemaSpec& schema);
// Values: offsets, index ranges, finite, unique. Reads everything the table says something about.
void validate_data(const H5Reader& reader, const SchemaSpec& schema);

// fovea-files(5) as roff.
std::string render_man5();

}  // namespace fovea::io
