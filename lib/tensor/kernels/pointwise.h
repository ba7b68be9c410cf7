// Pointwise arithmetic and sums over tensors of equal shape and type; f32 or f64. Results are new tensors.
#pragma once

#include <span>

#include "tensor/kernels/unary.h"
#include "tensor/tensor.h"

namespace fovea::kernels {

Tensor unary(Unary kind, const Tensor& x);
Tensor unary_backward(Unary kind, const Tensor& y, const Tensor& dy);  // dy f'(x), f' from the output y

Tensor add(const Tensor& a, const Tensor& b);
Tensor subtract(const Tensor& a, const Tensor& b);
Tensor multiply(const Tensor& a, const Tensor& b);
Tensor affine(const Tensor& x, double factor, double offset);  // factor x + offset
void add_into(const Tensor& x, Tensor& sum);                   // sum += x

// scale_c x_c + offset_c for x [...,C]
Tensor affine_columns(const Tensor& x, std::span<const double> scale, std::span<const double> offset);
Tensor add_row(const Tensor& x, const Tensor& row);          // x [...,C] + row [C]
void add_row_into(const Tensor& row, bool relu, Tensor& x);  // x [...,C] = x + row (may be undefined), then ReLU
Tensor column_sums(const Tensor& x);                         // [...,C] -> [C], double accumulation between blocks
double total(const Tensor& x);                               // double accumulation

}  // namespace fovea::kernels
