// The pointwise parts of the spatial model: positive kernels from energies, and what happens between the transforms.
#include "tensor/kernels/isa/lanes.h"
#include "tensor/kernels/isa/math.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

// max(x, 0) + log1p(exp(-|beta x|)) / beta. With u = exp(-|beta x|) in (0, 1] and z = u / (2 + u) <= 1/3,
// log1p(u) = 2 atanh(z) = 2 (z + z^3/3 + z^5/5 + ..): relatively exact however small u is.
void softplus(const float* __restrict x, float beta, float* __restrict y, int64_t n) {
  const float inverse = 1.0F / beta;
  for (int64_t i = 0; i < n; ++i) {
    const float scaled = beta * x[i], size = scaled < 0 ? -scaled : scaled;
    const float u = exp_approx(-size), z = u / (2.0F + u), s = z * z;
    float p = 1.0F / 17;
    p = p * s + 1.0F / 15;
    p = p * s + 1.0F / 13;
    p = p * s + 1.0F / 11;
    p = p * s + 1.0F / 9;
    p = p * s + 1.0F / 7;
    p = p * s + 1.0F / 5;
    p = p * s + 1.0F / 3;
    p = p * s + 1.0F;
    y[i] = ((scaled > 0 ? scaled : 0.0F) + 2.0F * z * p) * inverse;
  }
}

// d softplus = sigmoid(beta x).
void softplus_backward(const float* __restrict x, float beta, float* __restrict dy, int64_t n) {
  for (int64_t i = 0; i < n; ++i) dy[i] *= sigmoid_approx(beta * x[i]);
}

// t = max(scale m, 0) + c: transforms leave -1e-8 where the message is 0. m and t [points,2,lanes], c [lanes].
void spatial_messages(const float* m, float scale, const float* c, float* t, int64_t points) {
  Vec background;
  __builtin_memcpy(&background, c, sizeof background);  // c is not aligned
  for (int64_t i = 0; i < 2 * points; ++i) {
    const Vec value = reinterpret_cast<const Vec*>(m)[i] * scale;
    reinterpret_cast<Vec*>(t)[i] = (value > 0 ? value : Vec{}) + background;
  }
}

// products [points,2,groups] *= the messages of each group, `width` lanes in a row.
void spatial_products(const float* t, int64_t points, int64_t groups, int64_t width, double* products) {
  for (int64_t i = 0; i < 2 * points; ++i) {
    for (int64_t g = 0; g < groups; ++g) {
      const float* lanes = t + i * kLanes + g * width;
      double product = products[i * groups + g];
      for (int64_t v = 0; v < width; ++v) product *= static_cast<double>(lanes[v]);
      products[i * groups + g] = product;
    }
  }
}

// slopes = numerator / t, the numerator [points,2,groups] of a lane being its group's; sums [lanes] += over points and
// both images.
void spatial_slopes(const float* numerator, const float* t, int64_t points, int64_t groups, int64_t width,
                    float* slopes, double* sums) {
  Vec total{};
  for (int64_t i = 0; i < 2 * points; ++i) {
    Vec above{};
    if (groups == 1) {
      above = above + numerator[i];
    } else {
      float lanes[kLanes] = {};
      for (int64_t g = 0; g < groups; ++g)
        for (int64_t v = 0; v < width; ++v) lanes[g * width + v] = numerator[i * groups + g];
      for (int lane = 0; lane < kLanes; ++lane) above[lane] = lanes[lane];
    }
    const Vec slope = above / reinterpret_cast<const Vec*>(t)[i];
    reinterpret_cast<Vec*>(slopes)[i] = slope;
    total += slope;
  }
  for (int lane = 0; lane < kLanes; ++lane) sums[lane] += static_cast<double>(total[lane]);
}

}  // namespace

void fill_spatial(kernels::KernelTable& table) {
  table.softplus = softplus;
  table.softplus_backward = softplus_backward;
  table.spatial_messages = spatial_messages;
  table.spatial_products = spatial_products;
  table.spatial_slopes = spatial_slopes;
}

}  // namespace fovea::FOVEA_ISA
