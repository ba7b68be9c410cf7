// Local response normalisation over channels, in chunks of channels with the window's reach on both sides.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

constexpr int64_t kChunk = 256;
constexpr int64_t kReach = 31;  // (63 - 1) / 2: the widest window

// s^-beta; the exponent of the paper, 3/4, needs no logarithm.
inline float negative_power(float s, float beta, bool three_quarters) {
  if (!three_quarters) return __builtin_powf(s, -beta);
  const float root = __builtin_sqrtf(s);
  return 1.0F / (root * __builtin_sqrtf(root));
}

// s[i] = k + factor sum_{j in window} x_j^2 for the channels first + i, i in [0, count); zero outside [0, channels).
void window_scales(const float* __restrict x, int64_t channels, int64_t first, int64_t count, int64_t size,
                   float factor, float k, float* __restrict squares, float* __restrict s) {
  const int64_t reach = size / 2;
  for (int64_t i = 0; i < count + 2 * reach; ++i) {
    const int64_t c = first - reach + i;
    squares[i] = c >= 0 && c < channels ? x[c] * x[c] : 0.0F;
  }
  for (int64_t i = 0; i < count; ++i) s[i] = squares[i];
  for (int64_t j = 1; j < size; ++j) {
    for (int64_t i = 0; i < count; ++i) s[i] += squares[i + j];
  }
  for (int64_t i = 0; i < count; ++i) s[i] = k + factor * s[i];
}

void lrn_forward(const float* __restrict x, int64_t rows, int64_t channels, int64_t size, float factor, float beta,
                 float k, float* __restrict y) {
  const bool three_quarters = beta == 0.75F;
  float squares[kChunk + 2 * kReach], s[kChunk];
  for (int64_t r = 0; r < rows; ++r, x += channels, y += channels) {
    for (int64_t first = 0; first < channels; first += kChunk) {
      const int64_t count = channels - first < kChunk ? channels - first : kChunk;
      window_scales(x, channels, first, count, size, factor, k, squares, s);
      if (three_quarters) {
        for (int64_t i = 0; i < count; ++i) y[first + i] = x[first + i] * negative_power(s[i], beta, true);
      } else {
        for (int64_t i = 0; i < count; ++i) y[first + i] = x[first + i] * negative_power(s[i], beta, false);
      }
    }
  }
}

// dx_i = dy_i s_i^-beta - 2 factor beta x_i sum_{j in window(i)} dy_j x_j s_j^(-beta-1)
void lrn_backward(const float* __restrict x, const float* __restrict dy, int64_t rows, int64_t channels, int64_t size,
                  float factor, float beta, float k, float* __restrict dx) {
  const int64_t reach = size / 2;
  const bool three_quarters = beta == 0.75F;
  float squares[kChunk + 4 * kReach], s[kChunk + 2 * kReach], power[kChunk + 2 * kReach], ratio[kChunk + 2 * kReach],
      sum[kChunk];
  for (int64_t r = 0; r < rows; ++r, x += channels, dy += channels, dx += channels) {
    for (int64_t first = 0; first < channels; first += kChunk) {
      const int64_t count = channels - first < kChunk ? channels - first : kChunk, wide = count + 2 * reach;
      window_scales(x, channels, first - reach, wide, size, factor, k, squares, s);
      if (three_quarters) {
        for (int64_t i = 0; i < wide; ++i) power[i] = negative_power(s[i], beta, true);
      } else {
        for (int64_t i = 0; i < wide; ++i) power[i] = negative_power(s[i], beta, false);
      }
      for (int64_t i = 0; i < wide; ++i) {
        const int64_t c = first - reach + i;
        ratio[i] = c >= 0 && c < channels ? dy[c] * x[c] * power[i] / s[i] : 0.0F;
      }
      for (int64_t i = 0; i < count; ++i) sum[i] = ratio[i];
      for (int64_t j = 1; j < size; ++j) {
        for (int64_t i = 0; i < count; ++i) sum[i] += ratio[i + j];
      }
      const float slope = 2.0F * factor * beta;
      for (int64_t i = 0; i < count; ++i)
        dx[first + i] = dy[first + i] * power[reach + i] - slope * x[first + i] * sum[i];
    }
  }
}

}  // namespace

void fill_lrn(kernels::KernelTable& table);
void fill_lrn(kernels::KernelTable& table) {
  table.lrn_forward = lrn_forward;
  table.lrn_backward = lrn_backward;
}

}  // namespace fovea::FOVEA_ISA
