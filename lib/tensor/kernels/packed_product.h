// Products of few rows with large weights that are used again and again: the steps of a recurrent layer, and decoding.
// The weights are packed once for each version of them (Tensor::derived), and each row of the result is a function of
// its own row alone, so that the results of a batch do not depend on its size.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace fovea::kernels {

// A view of rows within a larger row-major array.
template <typename T>
struct Rows {
  T* data = nullptr;
  int64_t count = 0, stride = 0;
};

// y [rows,M] = x [rows,K] W^T, or += if accumulate. W [M,K] of type T (f32 or f64). x and y don't overlap.
template <typename T>
void multiply_rows(Rows<const T> x, const Tensor& weight, Rows<T> y, bool accumulate);

// dx [rows,K] = dy [rows,M] W, or += if accumulate.
template <typename T>
void multiply_rows_back(Rows<const T> dy, const Tensor& weight, Rows<T> dx, bool accumulate);

}  // namespace fovea::kernels
