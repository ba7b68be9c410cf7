// The pointwise functions every level of the kernels knows.
#pragma once

namespace fovea::kernels {

enum class Unary { kRelu, kSigmoid, kTanh };

}  // namespace fovea::kernels
