// Plans for the transforms of isa/fft.cc.
#pragma once

#include "tensor/kernels/isa/table.h"

namespace fovea::kernels {

// The smallest length >= n without prime factors above 5 that takes at least two passes.
int64_t fft_length(int64_t n);

// REQUIRES a length that fft_length() returns. Plans are made once and live as long as the process. Thread-safe.
const FftPlan& fft_plan(int64_t length);

}  // namespace fovea::kernels
