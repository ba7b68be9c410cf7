// The first byte chooses the reader.
#include "data/coco.h"
#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (data[0] % 2 == 0) fovea::data::from_coco(fovea::io::parse_coco(text, "x"), "x");
    if (data[0] % 2 == 1) fovea::io::parse_coco_results(text, "x");
  });
}
