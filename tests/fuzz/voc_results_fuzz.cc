// Result files and image lists. The first byte chooses the reader.
#include "data/voc.h"
#include "data/voc_results.h"
#include "fuzz/fuzz_target.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size == 0) return 0;
  return fovea::fuzz::run(data + 1, size - 1, [&](std::span<const std::byte> bytes) {
    const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
    if (data[0] % 4 == 0) fovea::data::parse_voc_results(text, "x");
    if (data[0] % 4 == 1) fovea::data::parse_ilsvrc_results(text, "x");
    if (data[0] % 4 == 2) fovea::data::parse_image_list(text, "x");
    if (data[0] % 4 == 3) fovea::data::parse_voc_result_name(std::string(text), {"a_b", "b"});
  });
}
