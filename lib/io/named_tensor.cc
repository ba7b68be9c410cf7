#include "io/named_tensor.h"

#include <fmt/format.h>

#include <bit>

#include "base/error.h"
#include "base/memory.h"

namespace fovea::io {

int64_t element_count(const std::vector<int64_t>& shape, std::string_view place) {
  int64_t count = 1;
  for (const int64_t extent : shape) {
    if (extent < 0) fail_data(place, "extents >= 0", shape_text(shape));
    if (extent == 0) return 0;
    count = checked_multiply(count, extent, place);
  }
  return count;
}

std::string shape_text(const std::vector<int64_t>& shape) {
  std::string text = "(";
  for (size_t i = 0; i < shape.size(); ++i) text += fmt::format("{}{}", i == 0 ? "" : ",", shape[i]);
  return text + ")";
}

float bfloat16_to_float(uint16_t bits) { return std::bit_cast<float>(uint32_t{bits} << 16); }

}  // namespace fovea::io
