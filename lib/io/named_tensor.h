// What every foreign weight file boils down to: a list of named float arrays, in file order and in the file's layout.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/half.h"

namespace fovea::io {

// Values in C order (last index fastest), converted to float32. Rank 0 (shape empty) is one value.
struct NamedTensor {
  std::string name;  // "conv1/0" (Caffe), "conv1/kernel:0" (Keras), "conv1.weight" (ONNX), "a" (npz)
  std::vector<int64_t> shape = {};
  std::vector<float> values = {};
};

// Product of the extents. Throws Error(kData) at `place` on a negative extent or overflow.
int64_t element_count(const std::vector<int64_t>& shape, std::string_view place);
// "(64,3,7,7)", for messages.
std::string shape_text(const std::vector<int64_t>& shape);

// A bfloat16 bit pattern.
float bfloat16_to_float(uint16_t bits);

}  // namespace fovea::io
