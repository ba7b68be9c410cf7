// What `verify` and --check-data do: every rule of the schema, every value, and the content hash.
#pragma once

#include <cstdint>
#include <string>

#include "io/root_attributes.h"

namespace fovea::io {

class H5Reader;

struct VerifyReport {
  RootAttributes attributes;
  int64_t datasets = 0;
  int64_t bytes = 0;  // of values
};

// Throws Error(kData) at the first thing wrong: structure, values, chunk checksums, content hash.
VerifyReport verify_file(const std::string& path);
// The same for an opened file of any known schema.
VerifyReport verify_reader(H5Reader& reader);
// The hash over names, types, extents and values in schema order, from the file.
std::string compute_content_hash(const H5Reader& reader);

}  // namespace fovea::io
