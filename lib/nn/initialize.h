// Initial weights. Keyed by (seed, "layer/parameter"), so that the same layer of two networks (with and without batch
// normalisation, say) starts from the same numbers.
#pragma once

#include <string>

#include "base/error.h"
#include "tensor/tensor.h"

namespace fovea::nn {

// "he"            Gaussian, std = sqrt(2 / fan_in)                  He et al. 2015
// "xavier"        Gaussian, std = sqrt(2 / (fan_in + fan_out))      Glorot & Bengio 2010
// "uniform"       U(-1/sqrt(fan_in), 1/sqrt(fan_in))                PyTorch's default for linear and conv
// "gaussian:STD"  Gaussian with the given deviation
// A factor may follow the first three, too: "he:0.01" is a hundredth of He's deviation.
struct Initializer {
  enum class Kind { kHe, kXavier, kUniform, kGaussian } kind = Kind::kHe;
  double factor = 1;  // of the deviation or bound; 1 is the unit of gaussian
};

// Throws an Error of this kind with `place` (of a file, or an option's name) for anything else.
Initializer parse_initializer(const std::string& text, const std::string& place, ErrorKind error = ErrorKind::kData);

void initialize_weight(Tensor& weight, const Initializer& initializer, int64_t fan_in, int64_t fan_out, uint64_t seed,
                       const std::string& key);

}  // namespace fovea::nn
