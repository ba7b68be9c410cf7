#include "tensor/arena.h"

#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <cstring>
#include <mutex>

#include "base/error.h"
#include "base/text.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) (static_cast<void>(address), static_cast<void>(size))
#endif

namespace fovea {
namespace {

constexpr int64_t kAlignment = 64;               // a cache line, and the widest vector
constexpr int64_t kHugePage = int64_t{2} << 20;  // blocks this large start on a huge page
constexpr int64_t kSmall = 512;                  // below: classes of 64 bytes; above: 8 classes per doubling
constexpr int64_t kCachedSlack = int64_t{1} << 30;
constexpr size_t kClasses = 512;

struct SizeClass {
  size_t index;
  int64_t bytes;
};

SizeClass size_class(int64_t bytes) {
  bytes = std::max<int64_t>(bytes, 1);
  if (bytes <= kSmall) {
    const int64_t index = (bytes + kAlignment - 1) / kAlignment;
    return {static_cast<size_t>(index), index * kAlignment};
  }
  const int top = static_cast<int>(std::bit_width(static_cast<uint64_t>(bytes - 1)));  // bytes in (2^(top-1), 2^top]
  const int shift = top - 4;
  const int64_t steps = (bytes + (int64_t{1} << shift) - 1) >> shift;  // 9..16
  return {static_cast<size_t>((top - 9) * 8 + steps), steps << shift};
}

struct Arena {
  std::mutex mutex;
  std::array<std::vector<void*>, kClasses> free;
  std::array<int64_t, kClasses> class_bytes{};
  int64_t in_use = 0, peak = 0, cached = 0;
  bool poison = false;

  void* take(const SizeClass& size);
  void give(void* data, int64_t bytes);
  void release();
};

// Never destroyed: tensors in static objects may outlive every other static.
Arena& arena_instance() {
  static Arena* const instance = new Arena;
  return *instance;
}

void* system_allocate(int64_t bytes) {
  const bool huge = bytes >= kHugePage;
  void* data = nullptr;
  if (posix_memalign(&data, static_cast<size_t>(huge ? kHugePage : kAlignment), static_cast<size_t>(bytes)) != 0)
    return nullptr;
  if (huge) madvise(data, static_cast<size_t>(bytes), MADV_HUGEPAGE);
  return data;
}

void* Arena::take(const SizeClass& size) {
  class_bytes[size.index] = size.bytes;
  auto& list = free[size.index];
  void* data = nullptr;
  if (!list.empty()) {
    data = list.back();
    list.pop_back();
    cached -= size.bytes;
  } else {
    if (cached > in_use + kCachedSlack) release();  // the shapes have changed: old blocks no longer fit
    data = system_allocate(size.bytes);
    if (data == nullptr) {
      release();
      data = system_allocate(size.bytes);
    }
    if (data == nullptr)
      fail(ErrorKind::kSystem, "out of memory: {} for a tensor", format_bytes(static_cast<double>(size.bytes)));
  }
  in_use += size.bytes;
  peak = std::max(peak, in_use);
  return data;
}

void Arena::give(void* data, int64_t bytes) {
  const SizeClass size = size_class(bytes);
  free[size.index].push_back(data);
  in_use -= bytes;
  cached += bytes;
}

void Arena::release() {
  for (size_t i = 0; i < kClasses; ++i) {
    for (void* data : free[i]) {
      ASAN_UNPOISON_MEMORY_REGION(data, static_cast<size_t>(class_bytes[i]));
      std::free(data);
    }
    free[i].clear();
  }
  cached = 0;
}

}  // namespace

ArenaBlock::ArenaBlock(int64_t bytes) : data(nullptr), capacity(0) {
  FOVEA_CHECK(bytes >= 0, "block of {} bytes", bytes);
  if (bytes > (int64_t{1} << 56))
    fail(ErrorKind::kSystem, "out of memory: {} for a tensor", format_bytes(static_cast<double>(bytes)));
  const SizeClass size = size_class(bytes);
  Arena& arena = arena_instance();
  bool poison = false;
  {
    const std::lock_guard lock(arena.mutex);
    data = arena.take(size);
    poison = arena.poison;
  }
  capacity = size.bytes;
  ASAN_UNPOISON_MEMORY_REGION(data, static_cast<size_t>(capacity));
  if (poison) std::memset(data, 0xFF, static_cast<size_t>(capacity));
  // Overruns into the rounding of the size class are found under AddressSanitizer.
  const int64_t used = std::min(capacity, (bytes + 7) / 8 * 8);
  ASAN_POISON_MEMORY_REGION(static_cast<char*>(data) + used, static_cast<size_t>(capacity - used));
}

ArenaBlock::~ArenaBlock() {
  derived.clear();
  ASAN_POISON_MEMORY_REGION(data, static_cast<size_t>(capacity));
  Arena& arena = arena_instance();
  const std::lock_guard lock(arena.mutex);
  arena.give(data, capacity);
}

namespace arena {

int64_t bytes_in_use() {
  const std::lock_guard lock(arena_instance().mutex);
  return arena_instance().in_use;
}

int64_t peak_bytes_in_use() {
  const std::lock_guard lock(arena_instance().mutex);
  return arena_instance().peak;
}

int64_t bytes_reserved() {
  const std::lock_guard lock(arena_instance().mutex);
  return arena_instance().in_use + arena_instance().cached;
}

void release_cached() {
  const std::lock_guard lock(arena_instance().mutex);
  arena_instance().release();
}

void poison_new_blocks(bool on) {
  const std::lock_guard lock(arena_instance().mutex);
  arena_instance().poison = on;
}

}  // namespace arena
}  // namespace fovea
