#include <vector>

#include "fuzz/fuzz_target.h"
#include "io/h5_reader.h"
#include "io/verify.h"

namespace {

void read_all(const fovea::io::H5Reader& reader) {
  for (const std::string& path : reader.datasets()) {
    try {
      if (!reader.is_readable(path)) continue;
      if (reader.type(path) == fovea::io::ElementType::kString && reader.extents(path).size() <= 1) {
        reader.read_strings(path);
      } else if (reader.is_float(path)) {
        reader.read_as_float(path);
      }
    } catch (const fovea::Error& error) {
      if (error.kind() != fovea::ErrorKind::kData) __builtin_trap();
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  return fovea::fuzz::run(data, size, [](std::span<const std::byte> bytes) {
    fovea::io::H5Reader reader({bytes.begin(), bytes.end()}, "fuzz");
    read_all(reader);
    fovea::io::verify_reader(reader);
  });
}
