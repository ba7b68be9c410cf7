// Orders of weights: dense layers behind a grid keep their columns in HWC order in memory, in CHW order on disk.
#pragma once

#include <cstdint>
#include <span>

#include "tensor/tensor.h"

namespace fovea::kernels {

// Each of `rows` rows of h*w*c values is permuted on its own. `from` and `to` must not overlap.
void columns_hwc_to_chw(const float* from, float* to, int64_t rows, int64_t h, int64_t w, int64_t c);
void columns_chw_to_hwc(const float* from, float* to, int64_t rows, int64_t h, int64_t w, int64_t c);
void columns_hwc_to_chw(const double* from, double* to, int64_t rows, int64_t h, int64_t w, int64_t c);
void columns_chw_to_hwc(const double* from, double* to, int64_t rows, int64_t h, int64_t w, int64_t c);

// Pixels to a network's input: to[p,c] = (from[p,c] - mean[c]) / std[c].
void normalize_pixels(const uint8_t* from, float* to, int64_t pixels, int64_t channels, const float* mean,
                      const float* std);

// The rows of x (outermost axis) with these indices, in this order. Any type.
Tensor gather_rows(const Tensor& x, std::span<const int64_t> rows);
// out[rows[i]] = x[i].
void scatter_rows(const Tensor& x, std::span<const int64_t> rows, Tensor& out);

}  // namespace fovea::kernels
