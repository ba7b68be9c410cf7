// Bounded decompression: .gz files, and the raw deflate streams inside zip archives.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

bool is_gzip(std::span<const std::byte> bytes);

// All members of a .gz file, at most `limit` bytes of output. Memory grows with the data that is really there, so a
// small bomb costs `limit` bytes at worst. Throws Error(kData) at `place`: truncated, damaged (CRC-32), trailing bytes,
// too large.
std::vector<std::byte> gunzip(std::span<const std::byte> bytes, int64_t limit, std::string_view place);

// A raw deflate stream that must give exactly `size` bytes. Throws Error(kData) otherwise.
std::vector<std::byte> inflate_raw(std::span<const std::byte> bytes, int64_t size, std::string_view place);

// One-member .gz without name or time (same bytes for same input). level 0..9.
std::vector<std::byte> gzip(std::span<const std::byte> bytes, int level = 6);

// read_file, then gunzip if the content is gzip. `limit` bounds both the stored and the decompressed size.
std::vector<std::byte> read_maybe_gzip(const std::string& path, int64_t limit);

}  // namespace fovea::io
