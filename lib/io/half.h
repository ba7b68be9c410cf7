// IEEE binary16: 1 sign, 5 exponent and 10 fraction bits; 11 significant bits from 6.1e-5 to 65504.
#pragma once

#include <cstdint>

namespace fovea::io {

// A stored number; arithmetic is done in float.
struct Half {
  uint16_t bits = 0;
};

float half_to_float(uint16_t bits);
// To the nearest, ties to even; beyond 65504 infinity, NaN stays NaN.
uint16_t float_to_half(float value);
inline bool is_finite(Half value) { return (value.bits & 0x7C00u) != 0x7C00u; }

}  // namespace fovea::io
