// The first byte chooses the reader.
#include "data/cifar.h"
#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    fovea::data::parse_cifar(bytes, static_cast<fovea::data::CifarKind>(data[0] % 3), "x");
  });
}
