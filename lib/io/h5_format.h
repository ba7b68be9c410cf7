// What an HDF5 file of the "earliest" format holds, parsed and checked by us before any byte of it is believed.
//
// Why not by the HDF5 library: release 1.10.8 is known to read and write out of bounds on malformed metadata, and the
// only guard would be to parse every structure first. Once they are parsed, values are one read away, so reading does
// not go through the library at all; writing does. Tests hold this reader against the library's own output.
// Source: HDF5 File Format Specification version 3.0, for superblock 0 and 1, version 1 object headers and B-trees.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "io/byte_source.h"
#include "io/element_type.h"

namespace fovea::io {

enum class H5Class { kSigned, kUnsigned, kFloat, kString, kVarString, kOther };

struct H5Type {
  H5Class kind = H5Class::kOther;
  int64_t bytes = 0;          // per element on disk
  bool space_padded = false;  // strings
  std::optional<ElementType> element() const;
  std::string name() const;  // "float32", "int16", "string", "other"
};

struct H5Attribute {
  H5Type type;
  std::vector<int64_t> extents;
  std::vector<std::byte> data;
  int64_t count() const;
};

enum class H5Filter : uint16_t { kDeflate = 1, kShuffle = 2, kFletcher32 = 3 };

struct H5FilterStep {
  H5Filter filter;
  uint32_t parameter = 0;  // shuffle: element bytes
};

struct H5Chunk {
  int64_t index = 0;  // linear in the grid of chunks, C order
  int64_t address = 0;
  int64_t bytes = 0;  // as stored
};

struct H5Object {
  bool group = false;
  std::map<std::string, H5Attribute> attributes;
  std::vector<std::string> children;  // of a group, sorted

  H5Type type;                   // of a dataset, as is the rest
  std::vector<int64_t> extents;  // {} = scalar
  bool foreign = false;          // a type or filter we can't read; `foreign_reason` says which
  std::string foreign_reason;
  std::vector<std::byte> compact;  // values kept in the object header
  bool is_compact = false;
  int64_t address = -1;               // contiguous values, -1 = none written
  std::vector<int64_t> chunk;         // extents of a chunk; empty = not chunked
  std::vector<H5FilterStep> filters;  // in writing order
  std::vector<H5Chunk> chunks;        // sorted by index
  int64_t stored_bytes = 0;

  bool has_filter(H5Filter filter) const;
};

struct H5Tree {
  std::map<std::string, std::shared_ptr<H5Object>> objects;  // by path without leading '/'; the root is ""
};

// Parses and checks all structures of the file. Throws Error(kData): not HDF5, truncated, damaged, refused features.
H5Tree parse_h5(const ByteSource& source);

// Product of extents; throws Error(kData) at `place` on overflow.
int64_t count_of(std::span<const int64_t> extents, const std::string& place);
// "(2000,4)", "" for a scalar.
std::string extents_text(std::span<const int64_t> extents);

// Bytes of rows [begin, end) of `object`; a scalar has one row. The chunks' checksums are verified.
// Throws Error(kData) naming the damaged chunk's row.
class H5ChunkCache;
void read_h5_rows(const ByteSource& source, const H5Object& object, const std::string& place, int64_t begin,
                  int64_t end, std::span<std::byte> out, H5ChunkCache* cache);
// A variable-length string's bytes, given the 16 bytes that stand for it in a dataset or attribute.
std::string read_h5_var_string(const ByteSource& source, std::span<const std::byte> reference,
                               const std::string& place);

// HDF5's Fletcher-32 over big-endian 16-bit words.
uint32_t fletcher32(std::span<const std::byte> bytes);

}  // namespace fovea::io
