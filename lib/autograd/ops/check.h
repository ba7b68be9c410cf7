// Shape checks of the operations: every message names the op and both shapes.
#pragma once

#include <string_view>

#include "autograd/var.h"

namespace fovea::ops::detail {

// Throws Error(kData, "op: shapes A and B do not fit") unless `fits`.
inline void require_fit(bool fits, std::string_view op, const Shape& a, const Shape& b) {
  if (!fits) fail(ErrorKind::kData, "{}: shapes {} and {} do not fit", op, a.text(), b.text());
}

// Throws Error(kData) unless x has the rank.
inline void require_rank(bool fits, std::string_view op, const Shape& x, std::string_view expected) {
  if (!fits) fail(ErrorKind::kData, "{}: expected a shape {}, found {}", op, expected, x.text());
}

inline void require_same(std::string_view op, const Var& a, const Var& b) {
  require_fit(a.shape() == b.shape(), op, a.shape(), b.shape());
  FOVEA_CHECK(a.dtype() == b.dtype(), "{}: mixed types", op);
}

}  // namespace fovea::ops::detail
