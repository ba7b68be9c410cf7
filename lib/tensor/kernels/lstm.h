// One step of an LSTM for one row, without peepholes (Hochreiter & Schmidhuber 1997 with the forget gate of Gers 2000):
//   i, f, o = sigmoid(q_i), sigmoid(q_f), sigmoid(q_o);  g = tanh(q_g);  c = f c_before + i g;  h = o tanh(c)
#pragma once

#include <cstdint>

namespace fovea::kernels {

// gates [4n] holds q in blocks i, f, o, g, and their values after the call.
template <typename T>
void lstm_forward(T* gates, const T* c_before, int64_t n, T* c, T* h);

// gates: the values in, dq out. dc: of c in (what later steps say), of c_before out.
template <typename T>
void lstm_backward(T* gates, const T* c_before, const T* c, const T* dh, int64_t n, T* dc);

}  // namespace fovea::kernels
