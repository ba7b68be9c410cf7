// fovea-files(5), from the table.
#include <fmt/format.h>

#include <utility>

#include "base/text.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '-')
      out += "\\-";
    else if (c == '\\')
      out += "\\e";
    else
      out += c;
  }
  return out.starts_with('.') || out.starts_with('\'') ? "\\&" + out : out;
}

std::string entry(std::string_view name, const std::string& what, std::string_view meaning, bool optional) {
  return fmt::format(".TP\n\\fB{}\\fR {}{}\n{}\n", escape(name), escape(what), optional ? ", optional" : "",
                     escape(meaning));
}

std::string extents(const FieldSpec& spec) {
  std::string type;
  for (const std::string& part : split(spec.type, '|')) type += (type.empty() ? "" : " or ") + part;
  if (spec.extents == "...") return type + ", any extents";
  return spec.extents.empty() ? type : fmt::format("{} ({})", type, spec.extents);
}

std::string rules(const FieldSpec& spec) {
  std::string text(spec.meaning);
  if (spec.finite) text += "; finite";
  if (spec.unique) text += "; each once";
  if (!spec.offsets_into.empty())
    text += fmt::format("; starts with 0, does not decrease, ends with {}", spec.offsets_into);
  if (spec.indices && !spec.high.empty()) text += fmt::format("; {} <= value < {}", spec.low, spec.high);
  return text + ". Axes: " + std::string(spec.axes) + ".";
}

constexpr std::string_view kHead = R"(.TH FOVEA\-FILES 5 "" "fovea" "File formats"
.SH NAME
fovea\-files \- the HDF5 files that the Fovea tools read and write
.SH DESCRIPTION
All tools exchange data as HDF5 files of the format that every release since 1.8 reads.
Numbers are little\-endian; the first axis is the item (MATLAB shows the axes reversed).
Strings are fixed\-length UTF\-8, padded with NUL bytes.
Ragged lists are a dataset of values and one of offsets.
Datasets above 4 KiB are chunked with the checksum fletcher32, some compressed with deflate.
Each dataset names its axes in the attribute
.BR axes .
Unknown datasets and attributes are ignored.
Files of the same inputs, parameters, seed and version are equal byte for byte.
.SS "Reading"
.EX
python3: import h5py; f = h5py.File("set.h5"); f["id"].asstr()[...]; f["pixels"][0]
shell:   h5dump \-H set.h5
MATLAB:  h5info("set.h5"); permute(h5read("set.h5", "/pixels"), [4 3 2 1])
.EE
.SH ROOT ATTRIBUTES
)";

constexpr std::pair<std::string_view, std::string_view> kRoot[] = {
    {"schema", "name of the kind of file"},
    {"schema_version", "int32[2]: major, minor; readers accept their major version and any minor"},
    {"fovea_version, tool", "what wrote the file"},
    {"parameters", "canonical JSON of everything that influenced the content"},
    {"command_line", "JSON list of the arguments that can change the content"},
    {"seed", "uint64"},
    {"inputs", "JSON list of role, name, schema and content hash of each input"},
    {"parent", "content hash of the checkpoint continued from, or empty"},
    {"shard", "int32[2]: i, n; 0, 1 is the whole"},
    {"content_hash", "XXH3\\-128 over names, types, extents and values of the datasets"},
    {"complete", "uint8: 1, written last"},
    {"partial", "int64: 1 if shards were missing when the file was merged; else absent"},
};

}  // namespace

std::string render_man5() {
  std::string page(kHead);
  for (const auto& [name, meaning] : kRoot) page += fmt::format(".TP\n\\fB{}\\fR\n{}\n", name, meaning);
  for (const SchemaSpec& schema : schemas()) {
    page += fmt::format(".SH {} {}.{}\n{}. Made by {}.\n", escape(schema.name), schema.major, schema.minor,
                        escape(schema.summary), escape(schema.made_by));
    for (const FieldSpec& spec : schema.fields) page += entry(spec.path, extents(spec), rules(spec), spec.optional);
    if (schema.attributes.empty()) continue;
    page += ".SS Attributes\n";
    for (const AttributeSpec& spec : schema.attributes) {
      const std::string name =
          spec.object == "/" ? std::string(spec.name) : fmt::format("{}: {}", spec.object, spec.name);
      page += entry(name, std::string(spec.type), std::string(spec.meaning) + ".", spec.optional);
    }
  }
  page += ".SH SEE ALSO\n.BR bn\\-train (1),\n.BR h5dump (1)\n";
  return page;
}

}  // namespace fovea::io
