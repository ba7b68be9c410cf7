#include "fuzz/fuzz_target.h"
#include "io/mat5.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return fovea::fuzz::run(data, size, [](std::span<const std::byte> bytes) { fovea::io::parse_mat5(bytes, "x"); });
}
