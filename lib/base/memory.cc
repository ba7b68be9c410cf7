#include "base/memory.h"

#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <fstream>
#include <string>

#include "base/error.h"
#include "base/text.h"

namespace fovea {
namespace {

std::atomic<int64_t> limit_bytes{0};

// One number from a cgroup file; "max" or nothing is no limit.
int64_t read_limit(const std::string& path) {
  std::ifstream file(path);
  std::string word;
  if (!(file >> word)) return INT64_MAX;
  return parse_int(word).value_or(INT64_MAX);
}

// The smallest limit on the way from our own control group (version 2) up to the root.
int64_t cgroup_limit() {
  int64_t limit =
      std::min(read_limit("/sys/fs/cgroup/memory.max"), read_limit("/sys/fs/cgroup/memory/memory.limit_in_bytes"));
  std::ifstream groups("/proc/self/cgroup");
  for (std::string line; std::getline(groups, line);) {
    if (!line.starts_with("0::/")) continue;
    std::string group = line.substr(3);
    while (group.size() > 1) {
      limit = std::min(limit, read_limit("/sys/fs/cgroup" + group + "/memory.max"));
      group.resize(group.rfind('/'));
    }
  }
  return limit;
}

int64_t physical_bytes() {
  const int64_t pages = sysconf(_SC_PHYS_PAGES), page = sysconf(_SC_PAGESIZE);
  return pages > 0 && page > 0 ? pages * page : int64_t{4} << 30;
}

}  // namespace

int64_t default_max_memory() {
  static const int64_t bytes = std::min(physical_bytes(), cgroup_limit()) / 4 * 3;
  return bytes;
}

void set_max_memory(int64_t bytes) { limit_bytes = bytes; }

int64_t max_memory() {
  const int64_t limit = limit_bytes;
  return limit > 0 ? limit : default_max_memory();
}

void require_memory(int64_t bytes, std::string_view place) {
  const int64_t limit = max_memory();
  if (bytes >= 0 && bytes <= limit) return;
  throw MemoryLimitError(fmt::format("{}: needs {}, the limit is {}", place, format_bytes(static_cast<double>(bytes)),
                                     format_bytes(static_cast<double>(limit))),
                         "--max-memory sets the limit");
}

int64_t checked_multiply(int64_t a, int64_t b, std::string_view place) {
  int64_t product = 0;
  if (a < 0 || b < 0 || __builtin_mul_overflow(a, b, &product)) fail(ErrorKind::kData, "{}: size overflows", place);
  return product;
}

int64_t peak_resident_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return static_cast<int64_t>(usage.ru_maxrss) * 1024;
}

}  // namespace fovea
