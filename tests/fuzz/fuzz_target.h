// Shared frame of the fuzz harnesses: a parser may refuse its input with Error(kData) and nothing else, and it may not
// allocate more than the limit.
// Built with -DFOVEA_FUZZ=ON by clang and its runtime (Debian: clang, libclang-rt-14-dev); tests/fuzz/run does all of
// it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "base/error.h"
#include "base/memory.h"

namespace fovea::fuzz {

inline constexpr int64_t kMemoryLimit = int64_t{64} << 20;

template <typename Parse>
int run(const uint8_t* data, size_t size, Parse&& parse) {
  static const bool limited = (set_max_memory(kMemoryLimit), true);
  static_cast<void>(limited);
  try {
    parse(std::as_bytes(std::span(data, size)));
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::kData) __builtin_trap();
  }
  return 0;
}

}  // namespace fovea::fuzz
