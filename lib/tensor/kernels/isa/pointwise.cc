// Pointwise kernels and sums.
#include "tensor/kernels/isa/math.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::FOVEA_ISA {
namespace {

using kernels::Unary;

void unary(Unary kind, const float* __restrict x, float* __restrict y, int64_t n) {
  switch (kind) {
    case Unary::kRelu:
      for (int64_t i = 0; i < n; ++i) y[i] = x[i] < 0.0F ? 0.0F : x[i];
      return;
    case Unary::kSigmoid:
      for (int64_t i = 0; i < n; ++i) y[i] = sigmoid_approx(x[i]);
      return;
    case Unary::kTanh:
      for (int64_t i = 0; i < n; ++i) y[i] = tanh_approx(x[i]);
      return;
  }
}

void unary_backward(Unary kind, const float* __restrict y, const float* __restrict dy, float* __restrict dx,
                    int64_t n) {
  switch (kind) {
    case Unary::kRelu:
      for (int64_t i = 0; i < n; ++i) {
        const float slope = dy[i];
        dx[i] = y[i] > 0.0F ? slope : 0.0F;
      }
      return;
    case Unary::kSigmoid:
      for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * (y[i] * (1.0F - y[i]));
      return;
    case Unary::kTanh:
      for (int64_t i = 0; i < n; ++i) dx[i] = dy[i] * (1.0F - y[i] * y[i]);
      return;
  }
}

void add(const float* __restrict a, const float* __restrict b, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] + b[i];
}

void subtract(const float* __restrict a, const float* __restrict b, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] - b[i];
}

void multiply(const float* __restrict a, const float* __restrict b, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = a[i] * b[i];
}

void affine(const float* __restrict x, float factor, float offset, float* __restrict y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] = x[i] * factor + offset;
}

void add_into(const float* __restrict x, float* __restrict sum, int64_t n) {
  for (int64_t i = 0; i < n; ++i) sum[i] += x[i];
}

void add_row_into(const float* __restrict row, bool relu, float* __restrict x, int64_t rows, int64_t columns,
                  int64_t stride) {
  for (int64_t r = 0; r < rows; ++r, x += stride) {
    if (row == nullptr) {
      for (int64_t c = 0; c < columns; ++c) x[c] = x[c] < 0.0F ? 0.0F : x[c];
    } else if (relu) {
      for (int64_t c = 0; c < columns; ++c) {
        const float value = x[c] + row[c];
        x[c] = value < 0.0F ? 0.0F : value;
      }
    } else {
      for (int64_t c = 0; c < columns; ++c) x[c] += row[c];
    }
  }
}

constexpr int64_t kStrip = 64;  // columns summed at a time
constexpr int64_t kRun = 32;    // rows summed in float before their sum goes to double

void strip_sums(const float* __restrict x, int64_t rows, int64_t columns, int64_t stride, double* __restrict sums) {
  for (int64_t begin = 0; begin < rows; begin += kRun) {
    const int64_t end = begin + kRun < rows ? begin + kRun : rows;
    float partial[kStrip] = {};
    for (int64_t r = begin; r < end; ++r) {
      const float* __restrict row = x + r * stride;
      if (columns == kStrip) {
        for (int64_t c = 0; c < kStrip; ++c) partial[c] += row[c];
      } else {
        for (int64_t c = 0; c < columns; ++c) partial[c] += row[c];
      }
    }
    for (int64_t c = 0; c < columns; ++c) sums[c] += static_cast<double>(partial[c]);
  }
}

void column_sums(const float* x, int64_t rows, int64_t columns, double* sums) {
  for (int64_t c = 0; c < columns; c += kStrip) {
    strip_sums(x + c, rows, columns - c < kStrip ? columns - c : kStrip, columns, sums + c);
  }
}

template <bool kSquare>
double lane_sum(const float* __restrict x, int64_t n) {
  constexpr int64_t kLanes = 16;
  double lanes[kLanes] = {};
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) {
      const double value = static_cast<double>(x[i + j]);
      lanes[j] += kSquare ? value * value : value;
    }
  }
  double total = 0;
  for (; i < n; ++i)
    total += kSquare ? static_cast<double>(x[i]) * static_cast<double>(x[i]) : static_cast<double>(x[i]);
  for (const double lane : lanes) total += lane;
  return total;
}

double sum(const float* x, int64_t n) { return lane_sum<false>(x, n); }
double sum_of_squares(const float* x, int64_t n) { return lane_sum<true>(x, n); }

float largest(const float* __restrict x, int64_t n) {
  constexpr int64_t kLanes = 16;
  float lanes[kLanes];
  for (int64_t j = 0; j < kLanes; ++j) lanes[j] = x[0];
  int64_t i = 0;
  for (; i + kLanes <= n; i += kLanes) {
    for (int64_t j = 0; j < kLanes; ++j) lanes[j] = lanes[j] < x[i + j] ? x[i + j] : lanes[j];
  }
  float best = x[0];
  for (; i < n; ++i) best = best < x[i] ? x[i] : best;
  for (const float lane : lanes) best = best < lane ? lane : best;
  return best;
}

void softmax(const float* __restrict x, float* __restrict y, int64_t rows, int64_t columns, float* normalizer) {
  for (int64_t r = 0; r < rows; ++r, x += columns, y += columns) {
    const float shift = largest(x, columns);
    for (int64_t c = 0; c < columns; ++c) y[c] = exp_approx(x[c] - shift);
    const double total = lane_sum<false>(y, columns);
    const float factor = static_cast<float>(1.0 / total);
    for (int64_t c = 0; c < columns; ++c) y[c] *= factor;
    if (normalizer != nullptr) normalizer[r] = shift + static_cast<float>(__builtin_log(total));
  }
}

}  // namespace

void fill_pointwise(kernels::KernelTable& table);
void fill_pointwise(kernels::KernelTable& table) {
  table.unary = unary;
  table.unary_backward = unary_backward;
  table.add = add;
  table.subtract = subtract;
  table.multiply = multiply;
  table.affine = affine;
  table.add_into = add_into;
  table.add_row_into = add_row_into;
  table.column_sums = column_sums;
  table.sum = sum;
  table.sum_of_squares = sum_of_squares;
  table.softmax = softmax;
}

}  // namespace fovea::FOVEA_ISA
