// The attributes every Fovea file carries at its root (files-and-cli section 3).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace fovea::io {

// One file this one was made from. `hash` is its content hash.
struct InputRecord {
  std::string role, name, schema, hash;
  bool operator==(const InputRecord&) const = default;
};

struct RootAttributes {
  std::string schema;                           // "fovea.features"
  std::array<int32_t, 2> schema_version{1, 0};  // major, minor
  std::string fovea_version;                    // empty on writing: this program's version
  std::string tool;                             // "rcnn-detect features"
  std::string parameters;                       // canonical JSON of all that influences the content
  std::string command_line;                     // JSON array of argv without what cannot change content
  uint64_t seed = 1;
  std::vector<InputRecord> inputs;
  std::string parent;                  // content hash of the checkpoint continued from, or empty
  std::array<int32_t, 2> shard{0, 1};  // {i, n}
  std::string content_hash;            // set by H5Writer::finish
  bool complete = false;               // set by H5Writer::finish
};

}  // namespace fovea::io
