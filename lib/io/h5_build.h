// Turns the description of a file into HDF5, on disk or as an image in memory. Private to h5_writer.cc.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <variant>
#include <vector>

#include "base/hash.h"
#include "io/element_type.h"
#include "io/h5_spool.h"

namespace fovea::io {

using AttributeValue = std::variant<std::string, int64_t, double, std::vector<int32_t>, uint64_t, uint8_t>;
using AttributeList = std::vector<std::pair<std::string, AttributeValue>>;

struct PendingDataset {
  PendingDataset(SpoolStore& store, ElementType element) : type(element), values(store) {}

  ElementType type;
  int64_t cell = 0;              // bytes of an element
  std::vector<int64_t> extents;  // {} = scalar
  bool growing = false;
  std::string axes;
  std::map<std::string, AttributeValue> attributes;
  Spool values;
  ContentHash hash;  // over the values
};

struct PendingFile {
  AttributeList root;                              // without complete
  std::map<std::string, PendingDataset> datasets;  // by path without leading '/'
  std::vector<std::string> order;                  // of the datasets
  std::set<std::string> groups;                    // explicitly made
  std::map<std::string, std::map<std::string, AttributeValue>> group_attributes;
  int compress = -1;
  bool compress_by_default = true;  // false: level 0 unless one is given
  int64_t value_bytes() const;
};

// Extents of a chunk: whole items up to 1 MiB; an item above 16 MiB is split along its first axes.
std::vector<int64_t> chunk_extents(const std::vector<int64_t>& extents, int64_t cell);

// Both release the values as they go. Throw Error(kIo); `target` is the name in messages.
void build_h5_file(PendingFile& file, const std::string& path, const std::string& target);
std::vector<std::byte> build_h5_image(PendingFile& file, const std::string& target);

}  // namespace fovea::io
