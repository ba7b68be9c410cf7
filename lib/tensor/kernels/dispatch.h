// Which implementation runs. Reference kernels (templates, f32 and f64) are the oracle; fast f32 paths come second.
#pragma once

#include "tensor/tensor.h"

namespace fovea::kernels {

// Tests: run every f32 op on its reference kernel. Default off. f64 always runs on the reference.
void use_reference(bool on);
bool reference_in_use();

// bf16 inference for linear() and conv2d() (AMX only). Ignored while gradients are recorded.
void use_bf16(bool on);
bool bf16_in_use();

// What oneDNN and OpenBLAS see as thread count on the calling thread becomes 1 (base/parallel.h). Threads that were not
// started by the pool have their own setting, hence every wrapper calls this first.
void make_libraries_serial();

// True if the fast f32 path serves a tensor of this type.
inline bool is_fast(DType dtype) { return dtype == DType::kF32 && !reference_in_use(); }

// Calls f.template operator()<float>() or <double>().
template <typename F>
decltype(auto) by_type(DType dtype, F&& f) {
  if (dtype == DType::kF32) return f.template operator()<float>();
  return f.template operator()<double>();
}

}  // namespace fovea::kernels
