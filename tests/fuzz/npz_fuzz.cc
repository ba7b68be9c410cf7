// The first byte chooses the reader.
#include "fuzz/fuzz_target.h"
#include "io/npz.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    if (data[0] % 2 == 0) fovea::io::parse_npz(bytes, "x");
    if (data[0] % 2 == 1) fovea::io::parse_npy(bytes, "a", "x");
  });
}
