// Vectors as wide as the instruction set: transforms run on this many planes at once. Static, so that each instruction
// set keeps its own copy.
#pragma once

#include <cstdint>

namespace fovea::FOVEA_ISA {

#if defined(__AVX512F__)
constexpr int kLanes = 16;
#elif defined(__AVX2__)
constexpr int kLanes = 8;  // sixteen would spill: four times slower
#else
constexpr int kLanes = 4;
#endif

typedef float Vec __attribute__((vector_size(kLanes * 4)));

// A complex number of each plane: real parts, then imaginary parts.
struct Complex {
  Vec re, im;
};

static inline Complex load(const float* at) {
  const Vec* v = reinterpret_cast<const Vec*>(at);
  return {v[0], v[1]};
}
static inline void store(float* at, Complex z) {
  Vec* v = reinterpret_cast<Vec*>(at);
  v[0] = z.re;
  v[1] = z.im;
}
static inline Complex operator+(Complex a, Complex b) { return {a.re + b.re, a.im + b.im}; }
static inline Complex operator-(Complex a, Complex b) { return {a.re - b.re, a.im - b.im}; }
static inline Complex operator*(Complex a, Complex b) { return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re}; }
static inline Complex operator*(Complex a, float s) { return {a.re * s, a.im * s}; }
static inline Complex conjugate(Complex z) { return {z.re, -z.im}; }
static inline Complex times_minus_i(Complex z) { return {z.im, -z.re}; }
static inline Complex times_i(Complex z) { return {-z.im, z.re}; }
static inline Complex turned(Complex z, float re, float im) { return {z.re * re - z.im * im, z.re * im + z.im * re}; }
static inline Complex swapped(Complex z) { return {z.im, z.re}; }

}  // namespace fovea::FOVEA_ISA
