// A fovea.captions file, read as show and eval do.
#include "fuzz/fuzz_target.h"
#include "io/captions_file.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return fovea::fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    const fovea::io::CaptionsReader reader({bytes.begin(), bytes.end()}, "x");
    for (int64_t caption = 0; caption < reader.captions(); ++caption) reader.caption(caption);
  });
}
