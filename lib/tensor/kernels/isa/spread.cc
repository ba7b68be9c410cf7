// The second half of a convolution's gradient with respect to an image: products of taps into rows of planes.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

// sums[t step + x stride] += products[t product_stride + x]
void spread_row(const float* __restrict products, int64_t product_stride, int64_t taps, int64_t step, int64_t stride,
                int64_t width, float* __restrict sums) {
  for (int64_t t = 0; t < taps; ++t, products += product_stride, sums += step) {
    if (stride == 1) {
      for (int64_t x = 0; x < width; ++x) sums[x] += products[x];
    } else {
      for (int64_t x = 0; x < width; ++x) sums[x * stride] += products[x];
    }
  }
}

template <int64_t kChannels>
void interleave_fixed(const float* __restrict planes, int64_t plane_stride, int64_t width, float* __restrict y) {
  for (int64_t x = 0; x < width; ++x) {
    for (int64_t c = 0; c < kChannels; ++c) y[x * kChannels + c] = planes[c * plane_stride + x];
  }
}

void interleave(const float* __restrict planes, int64_t plane_stride, int64_t channels, int64_t width,
                float* __restrict y) {
  if (channels == 1) return interleave_fixed<1>(planes, plane_stride, width, y);
  if (channels == 3) return interleave_fixed<3>(planes, plane_stride, width, y);
  for (int64_t c = 0; c < channels; ++c, planes += plane_stride) {
    for (int64_t x = 0; x < width; ++x) y[x * channels + c] = planes[x];
  }
}

}  // namespace

void fill_spread(kernels::KernelTable& table);
void fill_spread(kernels::KernelTable& table) {
  table.spread_row = spread_row;
  table.interleave = interleave;
}

}  // namespace fovea::FOVEA_ISA
