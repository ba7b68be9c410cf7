// Vectorisable exp, sigmoid and tanh. Static, so that each instruction set keeps its own copy.
#pragma once

#include <cstdint>

namespace fovea::FOVEA_ISA {

// exp(x), within 2 ulp. Below -87.3 zero; above 88.3 it stays at exp(88.3). x = n ln2 + r, |r| <= ln2/2; the polynomial
// and the two-part ln2 are those of the Cephes library (Moshier).
static inline float exp_approx(float x) {
  constexpr float kLow = -87.336544F, kHigh = 88.376259F;
  constexpr float kRound = 12582912.0F;  // 1.5 2^23: adding it rounds to the nearest integer
  float clamped = x < kLow ? kLow : x;
  clamped = clamped > kHigh ? kHigh : clamped;
  const float shifted = clamped * 1.44269504088896341F + kRound;
  const float n = shifted - kRound;
  const uint32_t exponent = __builtin_bit_cast(uint32_t, shifted) - __builtin_bit_cast(uint32_t, kRound);
  float r = clamped - n * 0.693359375F;
  r = r + n * 2.12194440e-4F;
  float p = 1.9875691500e-4F;
  p = p * r + 1.3981999507e-3F;
  p = p * r + 8.3334519073e-3F;
  p = p * r + 4.1665795894e-2F;
  p = p * r + 1.6666665459e-1F;
  p = p * r + 5.0000001201e-1F;
  p = p * (r * r) + r + 1.0F;
  const float scale = __builtin_bit_cast(float, (exponent + 127U) << 23);  // unsigned: NaN wraps
  const float result = p * scale;
  return x < kLow ? 0.0F : result;
}

static inline float sigmoid_approx(float x) { return 1.0F / (1.0F + exp_approx(-x)); }

// Near zero the odd polynomial of Cephes, elsewhere 1 - 2 / (exp(2|x|) + 1) with the sign of x.
static inline float tanh_approx(float x) {
  const float size = x < 0.0F ? -x : x;
  const float z = x * x;
  float p = -5.70498872745e-3F;
  p = p * z + 2.06390887954e-2F;
  p = p * z - 5.37397155531e-2F;
  p = p * z + 1.33314422036e-1F;
  p = p * z - 3.33332819422e-1F;
  const float near = p * z * x + x;
  const float magnitude = 1.0F - 2.0F / (exp_approx(2.0F * size) + 1.0F);
  const float far = x < 0.0F ? -magnitude : magnitude;
  return size < 0.625F ? near : far;
}

}  // namespace fovea::FOVEA_ISA
