// Moving values around.
#pragma once

#include <vector>

#include "autograd/var.h"

namespace fovea::ops {

Var reshape(const Var& x, const Shape& shape);
Var flatten(const Var& x);  // [N,...] -> [N,K]
// x [N,H,W,C] with margins mirrored at the edge pixels, which are not repeated. Throws Error(kData) unless each margin
// is 0..extent-1.
Var pad_reflect(const Var& x, int top, int bottom, int left, int right);
Var concat(const std::vector<Var>& parts);  // along the innermost axis (channels)
Var slice_rows(const Var& x, int64_t begin, int64_t end);
Var repeat_rows(const Var& x, int64_t count);  // [1,...] -> [count,...], count copies of the one row
Var slice_channels(const Var& x, int64_t begin, int64_t end);

}  // namespace fovea::ops
