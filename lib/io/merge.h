// Joins the shards of one run into the file that the unsharded run would have written, byte for byte.
#pragma once

#include <string>
#include <vector>

#include "io/h5_writer.h"

namespace fovea::io {

struct MergeOptions {
  bool allow_missing = false;   // a partial result, with root attribute partial = 1
  std::string expected_schema;  // "" = any
  WriterOptions writer;
};

struct MergeReport {
  std::string content_hash;
  int shards = 0;            // given
  std::vector<int> missing;  // indices, only with allow_missing
};

// Any order. Checks equal schema, parameters, inputs, seed, versions and n, and that each shard occurs once. Throws
// Error(kData) otherwise; missing shards are named as a --array expression ("3,7,12-14") in the message.
MergeReport merge_files(const std::vector<std::string>& shards, const std::string& target,
                        const MergeOptions& options = {});

}  // namespace fovea::io
