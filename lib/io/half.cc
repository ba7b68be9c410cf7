#include "io/half.h"

#include <bit>
#include <cmath>

namespace fovea::io {

float half_to_float(uint16_t bits) {
  const uint32_t sign = uint32_t{bits & 0x8000u} << 16;
  const uint32_t exponent = (bits >> 10) & 0x1Fu;
  const uint32_t fraction = bits & 0x3FFu;
  if (exponent == 0x1F) return std::bit_cast<float>(sign | 0x7F800000u | (fraction << 13));
  if (exponent != 0) return std::bit_cast<float>(sign | ((exponent + 112) << 23) | (fraction << 13));
  // Zero and subnormals: fraction * 2^-24 is exact in float32.
  const float magnitude = std::ldexp(static_cast<float>(fraction), -24);
  return sign != 0 ? -magnitude : magnitude;
}

uint16_t float_to_half(float value) {
  constexpr uint32_t kInfinity = 0x7F800000u;
  constexpr uint32_t kTooLarge = 0x477FF000u;        // 65520, which rounds up to 2^16
  constexpr uint32_t kSmallestNormal = 0x38800000u;  // 2^-14
  const uint32_t all = std::bit_cast<uint32_t>(value);
  const uint32_t magnitude = all & 0x7FFFFFFFu;
  const auto sign = static_cast<uint16_t>((all >> 16) & 0x8000u);
  if (magnitude > kInfinity) return static_cast<uint16_t>(sign | 0x7E00u);
  if (magnitude >= kTooLarge) return static_cast<uint16_t>(sign | 0x7C00u);
  if (magnitude < kSmallestNormal) {
    // Below 2^-14 the spacing is 2^-24, as that of floats in [1/2, 1) is: adding 1/2 rounds.
    const float shifted = std::bit_cast<float>(magnitude) + 0.5F;
    return static_cast<uint16_t>(sign | (std::bit_cast<uint32_t>(shifted) - std::bit_cast<uint32_t>(0.5F)));
  }
  const uint32_t odd = (magnitude >> 13) & 1u;
  return static_cast<uint16_t>(sign | ((magnitude + 0xFFFu + odd - (uint32_t{112} << 23)) >> 13));
}

}  // namespace fovea::io
