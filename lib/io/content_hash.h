// How the content hash of a file is put together: for each dataset in schema order its path, type, extents and the hash
// of its values. Attributes do not count.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/hash.h"
#include "io/element_type.h"

namespace fovea::io {

class ContentHasher {
 public:
  // `cell` is the length of a string element; `values_hash` is the hex XXH3-128 of the raw little-endian values.
  void add(std::string_view path, ElementType type, int64_t cell, std::span<const int64_t> extents,
           std::string_view values_hash) {
    std::string line(element_name(type));
    if (type == ElementType::kString) line += std::to_string(cell);
    for (const int64_t extent : extents) line += " " + std::to_string(extent);
    hash_.update(path);
    hash_.update(std::string_view(line));
    hash_.update(values_hash);
  }
  std::string hex() const { return hash_.hex(); }

 private:
  ContentHash hash_;
};

}  // namespace fovea::io
