// Shared frame of the fuzz harnesses: a parser may refuse its input with Error(kData) and nothing else, and it may not
// allocate more than the limit.
//
// The harnesses are not part of the build. With clang and its runtime (Debian: libclang-rt-14-dev), from the top level:
//   for f in idx cifar npz protobuf picture; do
//     clang++ -std=c++20 -O1 -g -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Ilib -Itests \
//       lib/base/{error,file,memory,text,atomic_file,standard_output}.cc SOURCES \
//       tests/fuzz/${f}_fuzz.cc -o ${f}_fuzz ... &&
//       ./${f}_fuzz -max_total_time=30 -rss_limit_mb=1024
//   done
// where SOURCES are the files under test, named in the first line of each harness, and ... are the libraries.
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
