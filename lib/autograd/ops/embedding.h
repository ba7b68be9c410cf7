// Word vectors.
#pragma once

#include <cstdint>
#include <span>

#include "autograd/var.h"

namespace fovea::ops {

// y_r = E[ids_r], or the zero vector where ids_r is -1 (the input before the first word, Xu et al. 2015's code).
// E [V,m], y [R,m]. dE adds the rows of dy in order. Throws Error(kData) for an id outside -1..V-1.
Var embedding(const Var& table, std::span<const int32_t> ids);

}  // namespace fovea::ops
