// Batch normalisation. Callers fold several pixels into one row (kernels/norm.cc), so that rows are long.
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

constexpr int64_t kStrip = 32;  // columns whose sums stay in registers
constexpr int64_t kRun = 32;    // rows summed in float before their sum goes to double

int64_t smaller(int64_t a, int64_t b) { return a < b ? a : b; }

// One strip of at most kStrip columns; kWidth > 0 fixes the width so that the loops unroll.
template <int64_t kWidth>
void strip_moments(const float* __restrict x, int64_t rows, int64_t stride, int64_t width, double* __restrict mean,
                   double* __restrict squares) {
  const int64_t columns = kWidth > 0 ? kWidth : width;
  double total[kStrip] = {}, total2[kStrip] = {};
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    const int64_t end = smaller(rows, begin + kRun);
    float sum[kStrip] = {};
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < columns; ++c) sum[c] += x[r * stride + c];
    }
    for (int64_t c = 0; c < columns; ++c) total[c] += static_cast<double>(sum[c]);
  }
  const double m = static_cast<double>(rows);
  float center[kStrip] = {};
  for (int64_t c = 0; c < columns; ++c) center[c] = static_cast<float>(total[c] / m);
  for (int64_t c = 0; c < columns; ++c) total[c] = 0;
  // Deviations from the rounded mean; their own sum corrects the mean and the squares (Chan, Golub & LeVeque).
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    const int64_t end = smaller(rows, begin + kRun);
    float sum[kStrip] = {}, sum2[kStrip] = {};
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        const float d = x[r * stride + c] - center[c];
        sum[c] += d;
        sum2[c] += d * d;
      }
    }
    for (int64_t c = 0; c < columns; ++c) {
      total[c] += static_cast<double>(sum[c]);
      total2[c] += static_cast<double>(sum2[c]);
    }
  }
  for (int64_t c = 0; c < columns; ++c) {
    mean[c] = static_cast<double>(center[c]) + total[c] / m;
    const double rest = total2[c] - total[c] * total[c] / m;
    squares[c] = rest < 0 ? 0 : rest;
  }
}

void block_moments(const float* x, int64_t rows, int64_t columns, double* mean, double* squares) {
  for (int64_t c = 0; c < columns; c += kStrip) {
    if (columns - c >= kStrip) {
      strip_moments<kStrip>(x + c, rows, columns, kStrip, mean + c, squares + c);
    } else {
      strip_moments<0>(x + c, rows, columns, columns - c, mean + c, squares + c);
    }
  }
}

template <bool kRelu>
void forward_rows(const float* __restrict x, int64_t rows, int64_t columns, const float* __restrict center,
                  const float* __restrict scale, const float* __restrict shift, float* __restrict y) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    for (int64_t c = 0; c < columns; ++c) {
      const float z = (x[c] - center[c]) * scale[c] + shift[c];
      y[c] = kRelu && z < 0.0F ? 0.0F : z;
    }
  }
}

void norm_forward(const float* x, int64_t rows, int64_t columns, const float* center, const float* scale,
                  const float* shift, bool relu, float* y) {
  (relu ? forward_rows<true> : forward_rows<false>)(x, rows, columns, center, scale, shift, y);
}

template <bool kRelu, int64_t kWidth>
void strip_sums(const float* __restrict x, const float* __restrict dy, int64_t rows, int64_t stride, int64_t width,
                const float* __restrict center, const float* __restrict scale, const float* __restrict shift,
                double* __restrict sum_g, double* __restrict sum_gx) {
  const int64_t columns = kWidth > 0 ? kWidth : width;
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    const int64_t end = smaller(rows, begin + kRun);
    float sum[kStrip] = {}, sum2[kStrip] = {};
    for (int64_t r = begin; r < end; ++r) {
      for (int64_t c = 0; c < columns; ++c) {
        const float d = x[r * stride + c] - center[c], slope = dy[r * stride + c];
        const float g = !kRelu || d * scale[c] + shift[c] > 0.0F ? slope : 0.0F;
        sum[c] += g;
        sum2[c] += g * d;
      }
    }
    for (int64_t c = 0; c < columns; ++c) {
      sum_g[c] += static_cast<double>(sum[c]);
      sum_gx[c] += static_cast<double>(sum2[c]);
    }
  }
}

template <bool kRelu>
void all_sums(const float* x, const float* dy, int64_t rows, int64_t columns, const float* center, const float* scale,
              const float* shift, double* sum_g, double* sum_gx) {
  constexpr int64_t kNarrow = kStrip / 2;  // two sums and three parameters per column
  for (int64_t c = 0; c < columns; c += kNarrow) {
    const auto strip = columns - c >= kNarrow ? strip_sums<kRelu, kNarrow> : strip_sums<kRelu, 0>;
    strip(x + c, dy + c, rows, columns, smaller(kNarrow, columns - c), center + c, scale + c, shift + c, sum_g + c,
          sum_gx + c);
  }
}

// sum_g and sum_gx are added to.
void norm_sums(const float* x, const float* dy, int64_t rows, int64_t columns, const float* center, const float* scale,
               const float* shift, bool relu, double* sum_g, double* sum_gx) {
  (relu ? all_sums<true> : all_sums<false>)(x, dy, rows, columns, center, scale, shift, sum_g, sum_gx);
}

template <bool kRelu>
void backward_rows(const float* __restrict x, const float* __restrict dy, int64_t rows, int64_t columns,
                   const float* __restrict center, const float* __restrict scale, const float* __restrict shift,
                   const float* __restrict b, const float* __restrict k, float* __restrict dx) {
  for (int64_t r = 0; r < rows; ++r, x += columns, dy += columns, dx += columns) {
    for (int64_t c = 0; c < columns; ++c) {
      const float d = x[c] - center[c], slope = dy[c];
      const float g = !kRelu || d * scale[c] + shift[c] > 0.0F ? slope : 0.0F;
      dx[c] = scale[c] * g + (b[c] * d + k[c]);
    }
  }
}

void norm_backward(const float* x, const float* dy, int64_t rows, int64_t columns, const float* center,
                   const float* scale, const float* shift, bool relu, const float* b, const float* c, float* dx) {
  (relu ? backward_rows<true> : backward_rows<false>)(x, dy, rows, columns, center, scale, shift, b, c, dx);
}

}  // namespace

void fill_norm(kernels::KernelTable& table);
void fill_norm(kernels::KernelTable& table) {
  table.block_moments = block_moments;
  table.norm_forward = norm_forward;
  table.norm_sums = norm_sums;
  table.norm_backward = norm_backward;
}

}  // namespace fovea::FOVEA_ISA
