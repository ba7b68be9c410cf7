#include "fuzz/fuzz_target.h"
#include "io/picture.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return fovea::fuzz::run(data, size, [&](std::span<const std::byte> bytes) {
    const fovea::io::Picture picture = fovea::io::decode_picture(bytes, "x");
    if (static_cast<int64_t>(picture.pixels.size()) != picture.height * picture.width * picture.channels)
      __builtin_trap();
    if (fovea::io::picture_size(bytes, "x") != std::pair{picture.height, picture.width}) __builtin_trap();
  });
}
