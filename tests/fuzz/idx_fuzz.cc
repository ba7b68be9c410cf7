// The first byte chooses the reader.
#include "data/idx.h"
#include "fuzz/fuzz_target.h"
#include "io/gzip.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    if (data[0] % 3 == 0) fovea::data::parse_idx_images(bytes, "x");
    if (data[0] % 3 == 1) fovea::data::parse_idx_labels(bytes, "x");
    if (data[0] % 3 == 2) fovea::data::parse_idx_images(fovea::io::gunzip(bytes, 1 << 20, "x"), "x");
  });
}
