// Fourier transforms of lines of complex numbers, one line of each of kLanes planes at once.
//
// Stockham's self-sorting algorithm. A pass of radix r over n = r m (s lines interleaved) computes
//   y[q + s (r p + j)] = w_n^(p j) sum_k x[q + s (p + m k)] w_r^(j k),   w_n = exp(-2 pi i / n),  p < m, q < s, j < r
// and leaves r s interleaved lines of length m. The inverse (without 1/n) is the same with real and imaginary parts
// swapped on the way in and out.
#include "tensor/kernels/isa/lanes.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

using kernels::FftPlan;

constexpr int kPoint = 2 * kLanes;  // floats of a complex number in all lanes

template <int kRadix>
struct Butterfly;

template <>
struct Butterfly<2> {
  static inline void apply(Complex* z) {
    const Complex a = z[0], b = z[1];
    z[0] = a + b;
    z[1] = a - b;
  }
};

template <>
struct Butterfly<3> {
  static inline void apply(Complex* z) {
    constexpr float kSin = 0.866025403784438647F;
    const Complex sum = z[1] + z[2], difference = times_minus_i(z[1] - z[2]) * kSin;
    const Complex middle = z[0] - sum * 0.5F;
    z[0] = z[0] + sum;
    z[1] = middle + difference;
    z[2] = middle - difference;
  }
};

template <>
struct Butterfly<4> {
  static inline void apply(Complex* z) {
    const Complex a = z[0] + z[2], b = z[0] - z[2], c = z[1] + z[3], d = times_minus_i(z[1] - z[3]);
    z[0] = a + c;
    z[1] = b + d;
    z[2] = a - c;
    z[3] = b - d;
  }
};

template <>
struct Butterfly<5> {
  static inline void apply(Complex* z) {
    constexpr float kCos1 = 0.309016994374947424F, kCos2 = -0.809016994374947424F;
    constexpr float kSin1 = 0.951056516295153572F, kSin2 = 0.587785252292473129F;
    const Complex s1 = z[1] + z[4], d1 = z[1] - z[4], s2 = z[2] + z[3], d2 = z[2] - z[3];
    const Complex a = z[0] + s1 * kCos1 + s2 * kCos2, b = z[0] + s1 * kCos2 + s2 * kCos1;
    const Complex c = times_minus_i(d1 * kSin1 + d2 * kSin2), d = times_minus_i(d1 * kSin2 - d2 * kSin1);
    z[0] = z[0] + s1 + s2;
    z[1] = a + c;
    z[4] = a - c;
    z[2] = b + d;
    z[3] = b - d;
  }
};

// Where a pass reads or writes: points `step` floats apart, of which the first `count` exist.
struct Line {
  float* at;
  int64_t step, count;
  bool swap;
};

template <int kRadix, bool kFirst, bool kLast>
inline void pass(const Line& in, const Line& out, int64_t m, int64_t s, const float* twiddle) {
  for (int64_t p = 0; p < m; ++p) {
    for (int64_t q = 0; q < s; ++q) {
      Complex z[kRadix];
      for (int k = 0; k < kRadix; ++k) {
        const int64_t i = q + s * (p + m * k);
        if constexpr (kFirst) {
          z[k] = i < in.count ? load(in.at + i * in.step) : Complex{};
          if (in.swap) z[k] = swapped(z[k]);
        } else {
          z[k] = load(in.at + i * kPoint);
        }
      }
      Butterfly<kRadix>::apply(z);
      for (int j = 0; j < kRadix; ++j) {
        const int64_t i = q + s * (kRadix * p + j);
        if constexpr (kLast) {
          if (i < out.count) store(out.at + i * out.step, out.swap ? swapped(z[j]) : z[j]);
        } else {
          const float* w = twiddle + 2 * ((kRadix - 1) * p + j - 1);
          store(out.at + i * kPoint, j == 0 ? z[0] : turned(z[j], w[0], w[1]));
        }
      }
    }
  }
}

template <bool kFirst, bool kLast>
void pass_of(int radix, const Line& in, const Line& out, int64_t m, int64_t s, const float* twiddle) {
  switch (radix) {
    case 2:
      return pass<2, kFirst, kLast>(in, out, m, s, twiddle);
    case 3:
      return pass<3, kFirst, kLast>(in, out, m, s, twiddle);
    case 4:
      return pass<4, kFirst, kLast>(in, out, m, s, twiddle);
    default:
      return pass<5, kFirst, kLast>(in, out, m, s, twiddle);
  }
}

// Points 0..filled-1 of `in` are there, the others are zero; points 0..kept-1 are written. `in` and `out` may be one
// line. `scratch` holds 2 length complex numbers of each lane.
void fft_line(const FftPlan& plan, bool inverse, const float* in, int64_t in_step, int64_t filled, float* out,
              int64_t out_step, int64_t kept, float* scratch) {
  const Line source{const_cast<float*>(in), in_step, filled, inverse}, target{out, out_step, kept, inverse};
  Line here{scratch, kPoint, plan.length, false}, there{scratch + plan.length * kPoint, kPoint, plan.length, false};
  int64_t m = plan.length, s = 1;
  for (int i = 0; i < plan.passes; ++i) {
    const int radix = plan.radix[i];
    m /= radix;
    if (i == 0) {
      pass_of<true, false>(radix, source, here, m, s, plan.twiddle[i]);
    } else if (i + 1 == plan.passes) {
      pass_of<false, true>(radix, here, target, m, s, plan.twiddle[i]);
    } else {
      pass_of<false, false>(radix, here, there, m, s, plan.twiddle[i]);
      const Line other = here;
      here = there;
      there = other;
    }
    s *= radix;
  }
}

// out (+)= k z along a column, k conjugated or not, and at the mirrored frequency or not.
template <bool kConjugate, bool kReversed>
void product(const float* k, const float* z, bool accumulate, float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t at = kReversed ? (i == 0 ? 0 : n - i) : i;
    Complex factor = load(k + at * kPoint);
    if constexpr (kConjugate) factor = conjugate(factor);
    Complex value = factor * load(z + i * kPoint);
    if (accumulate) value = value + load(out + i * kPoint);
    store(out + i * kPoint, value);
  }
}

void spectrum_product(const float* k, bool conjugate, bool reversed, const float* z, bool accumulate, float* out,
                      int64_t n) {
  if (conjugate) {
    reversed ? product<true, true>(k, z, accumulate, out, n) : product<true, false>(k, z, accumulate, out, n);
  } else {
    reversed ? product<false, true>(k, z, accumulate, out, n) : product<false, false>(k, z, accumulate, out, n);
  }
}

// The spectra of two real planes from the one of a + i b: A = (Z(f) + conj Z(-f)) / 2, B = -i (Z(f) - conj Z(-f)) / 2.
void spectrum_split(const float* z, const float* mirror, float* first, float* second, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const Complex here = load(z + i * kPoint), there = conjugate(load(mirror + (i == 0 ? 0 : n - i) * kPoint));
    store(first + i * kPoint, (here + there) * 0.5F);
    store(second + i * kPoint, times_minus_i(here - there) * 0.5F);
  }
}

// The spectrum of a + i b, a and b the real parts of the planes of two spectra. `second` may be null: b = 0.
void spectrum_join(const float* first, const float* first_mirror, const float* second, const float* second_mirror,
                   float* out, int64_t n) {
  for (int64_t i = 0; i < n; ++i) {
    const int64_t there = i == 0 ? 0 : n - i;
    Complex sum = load(first + i * kPoint) + conjugate(load(first_mirror + there * kPoint));
    if (second != nullptr)
      sum = sum + times_i(load(second + i * kPoint) + conjugate(load(second_mirror + there * kPoint)));
    store(out + i * kPoint, sum * 0.5F);
  }
}

}  // namespace

void fill_fft(kernels::KernelTable& table) {
  table.fft_lanes = kLanes;
  table.fft_line = fft_line;
  table.spectrum_product = spectrum_product;
  table.spectrum_split = spectrum_split;
  table.spectrum_join = spectrum_join;
}

}  // namespace fovea::FOVEA_ISA
