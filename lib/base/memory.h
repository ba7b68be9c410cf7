// The limit on what untrusted sizes may make us allocate (--max-memory).
#pragma once

#include <cstdint>
#include <string_view>

namespace fovea {

int64_t default_max_memory();        // 3/4 of the cgroup's limit or of physical memory, in bytes
void set_max_memory(int64_t bytes);  // 0 restores the default
int64_t max_memory();

// Throws Error(kData, "place: needs 16.0 TiB, the limit is 18.0 GiB") if bytes exceed max_memory().
void require_memory(int64_t bytes, std::string_view place);
// a*b in 64 bits, or throws Error(kData, "place: size overflows").
int64_t checked_multiply(int64_t a, int64_t b, std::string_view place);

int64_t peak_resident_bytes();  // of this process, for reports to stderr

}  // namespace fovea
