#include "io/half.h"

#include <doctest/doctest.h>

#include <bit>
#include <cmath>
#include <limits>

using namespace fovea::io;

TEST_CASE("half: every bit pattern survives the way to float and back") {
  int wrong = 0;
  for (uint32_t bits = 0; bits < 0x10000; ++bits) {
    const auto half = static_cast<uint16_t>(bits);
    const float value = half_to_float(half);
    if (std::isnan(value)) {
      wrong += std::isnan(half_to_float(float_to_half(value))) && !is_finite(Half{half}) ? 0 : 1;
    } else {
      wrong += float_to_half(value) == half && is_finite(Half{half}) == std::isfinite(value) ? 0 : 1;
    }
  }
  CHECK(wrong == 0);
}

TEST_CASE("half: between two halves the nearer is taken, the even one in the middle") {
  int wrong = 0;
  for (uint16_t low = 0; low < 0x7BFF; ++low) {
    const auto high = static_cast<uint16_t>(low + 1);
    const float a = half_to_float(low), b = half_to_float(high), middle = a + (b - a) / 2;
    wrong += float_to_half(middle) == (low % 2 == 0 ? low : high) ? 0 : 1;
    wrong += float_to_half(std::nextafter(middle, 0.0F)) == low ? 0 : 1;
    wrong += float_to_half(std::nextafter(middle, 1e9F)) == high ? 0 : 1;
    wrong += float_to_half(-middle) == (float_to_half(middle) | 0x8000) ? 0 : 1;
  }
  CHECK(wrong == 0);
}

TEST_CASE("half: numbers at and beyond the ends of the range") {
  CHECK(float_to_half(65504.0F) == 0x7BFF);
  CHECK(float_to_half(65519.99F) == 0x7BFF);
  CHECK(float_to_half(65520.0F) == 0x7C00);
  CHECK(float_to_half(-1e30F) == 0xFC00);
  CHECK(float_to_half(std::numeric_limits<float>::infinity()) == 0x7C00);
  CHECK(float_to_half(1e-30F) == 0);
  CHECK(float_to_half(-0.0F) == 0x8000);
  CHECK(half_to_float(0x3C00) == 1.0F);
  CHECK(half_to_float(0x0001) == std::ldexp(1.0F, -24));
}
