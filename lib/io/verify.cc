#include "io/verify.h"

#include <algorithm>

#include "base/error.h"
#include "base/hash.h"
#include "io/content_hash.h"
#include "io/h5_reader.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

constexpr int64_t kBlockBytes = int64_t{4} << 20;

int64_t cell_bytes(const H5Reader& reader, const std::string& path) {
  const ElementType type = reader.type(path);
  return type == ElementType::kString ? reader.string_length(path) : element_bytes(type);
}

std::string values_hash(const H5Reader& reader, const std::string& path, int64_t& bytes) {
  reader.require_stored(path);
  const std::vector<int64_t> extents = reader.extents(path);
  const int64_t rows = extents.empty() ? 1 : extents[0];
  int64_t row_bytes = cell_bytes(reader, path);
  for (size_t d = 1; d < extents.size(); ++d) row_bytes *= extents[d];
  const int64_t block = std::max<int64_t>(1, kBlockBytes / std::max<int64_t>(1, row_bytes));
  ContentHash hash;
  for (int64_t begin = 0; begin < rows; begin += block) {
    hash.update(std::span<const std::byte>(reader.read_raw(path, begin, std::min(rows, begin + block))));
  }
  bytes += rows * row_bytes;
  return hash.hex();
}

std::string hash_of(const H5Reader& reader, int64_t& bytes) {
  const std::string name = read_root_attributes(reader).schema;
  ContentHasher hasher;
  for (const std::string& path : schema_order(find_schema(name), reader.datasets())) {
    const std::string values = values_hash(reader, path, bytes);
    hasher.add(path, reader.type(path), cell_bytes(reader, path), reader.extents(path), values);
  }
  return hasher.hex();
}

}  // namespace

std::string compute_content_hash(const H5Reader& reader) {
  int64_t bytes = 0;
  return hash_of(reader, bytes);
}

VerifyReport verify_file(const std::string& path) {
  H5Reader reader(path);
  return verify_reader(reader);
}

VerifyReport verify_reader(H5Reader& reader) {
  reader.require_schema("");
  const SchemaSpec* schema = find_schema(reader.attributes().schema);
  validate_data(reader, *schema);
  VerifyReport report;
  report.attributes = reader.attributes();
  report.datasets = static_cast<int64_t>(reader.datasets().size());
  const std::string found = hash_of(reader, report.bytes);
  if (found != report.attributes.content_hash) {
    throw Error(
        ErrorKind::kData,
        fmt::format("{}: content hash: expected {}, found {}", reader.path(), report.attributes.content_hash, found),
        "the file was changed after it was written");
  }
  return report;
}

}  // namespace fovea::io
