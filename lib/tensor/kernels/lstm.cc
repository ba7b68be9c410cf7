#include "tensor/kernels/lstm.h"

#include <cmath>

#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/isa/table.h"
#include "tensor/kernels/reference.h"

namespace fovea::kernels {

template <typename T>
void lstm_forward(T* gates, const T* c_before, int64_t n, T* c, T* h) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32)) return kernel_table().lstm_forward(gates, c_before, n, c, h);
  }
  for (int64_t j = 0; j < n; ++j) {
    for (const int64_t block : {int64_t{0}, n, 2 * n})
      gates[block + j] = reference::unary(Unary::kSigmoid, gates[block + j]);
    gates[3 * n + j] = std::tanh(gates[3 * n + j]);
    c[j] = gates[n + j] * c_before[j] + gates[j] * gates[3 * n + j];
    h[j] = gates[2 * n + j] * std::tanh(c[j]);
  }
}

// dc += dh o (1 - tanh(c)^2); each gate's slope is a function of its value.
template <typename T>
void lstm_backward(T* gates, const T* c_before, const T* c, const T* dh, int64_t n, T* dc) {
  if constexpr (std::is_same_v<T, float>) {
    if (is_fast(DType::kF32)) return kernel_table().lstm_backward(gates, c_before, c, dh, n, dc);
  }
  for (int64_t j = 0; j < n; ++j) {
    const T i = gates[j], f = gates[n + j], o = gates[2 * n + j], g = gates[3 * n + j], t = std::tanh(c[j]);
    const T dcell = dc[j] + dh[j] * o * (1 - t * t);
    gates[j] = dcell * g * i * (1 - i);
    gates[n + j] = dcell * c_before[j] * f * (1 - f);
    gates[2 * n + j] = dh[j] * t * o * (1 - o);
    gates[3 * n + j] = dcell * i * (1 - g * g);
    dc[j] = dcell * f;
  }
}

template void lstm_forward(float*, const float*, int64_t, float*, float*);
template void lstm_forward(double*, const double*, int64_t, double*, double*);
template void lstm_backward(float*, const float*, const float*, const float*, int64_t, float*);
template void lstm_backward(double*, const double*, const double*, const double*, int64_t, double*);

}  // namespace fovea::kernels
