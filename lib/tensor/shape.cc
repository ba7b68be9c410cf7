#include "tensor/shape.h"

#include <algorithm>

#include "base/error.h"

namespace fovea {

Shape::Shape(std::initializer_list<int64_t> extents)
    : Shape(std::span<const int64_t>(extents.begin(), extents.size())) {}

Shape::Shape(std::span<const int64_t> extents) : rank_(static_cast<int>(extents.size())) {
  FOVEA_CHECK(extents.size() <= static_cast<size_t>(kMaxRank), "shape of rank {}", extents.size());
  for (const int64_t extent : extents) FOVEA_CHECK(extent >= 0, "negative extent {}", extent);
  std::copy(extents.begin(), extents.end(), extents_.begin());
}

int64_t Shape::count() const {
  int64_t count = 1;
  for (const int64_t extent : extents()) {
    FOVEA_CHECK(!__builtin_mul_overflow(count, extent, &count), "size of {} overflows", text());
  }
  return count;
}

bool Shape::operator==(const Shape& other) const { return std::ranges::equal(extents(), other.extents()); }

std::string Shape::text() const {
  std::string out = "[";
  for (int axis = 0; axis < rank_; ++axis) {
    if (axis > 0) out += ',';
    out += std::to_string((*this)[axis]);
  }
  return out + "]";
}

}  // namespace fovea
