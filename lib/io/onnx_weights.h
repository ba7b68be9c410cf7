// Weights of ONNX models: ModelProto.graph.initializer, and nothing else of the graph.
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "io/named_tensor.h"

namespace fovea::io {

// Initialisers in file order with their names. Types float, float16, bfloat16, double are converted; integer and other
// types (shapes, indices) are skipped. float_data, double_data, int32_data (16-bit floats) and raw_data are read. Field
// numbers from onnx/onnx.proto: ModelProto.graph = 7, GraphProto.initializer = 5, TensorProto dims 1, data_type 2,
// float_data 4, int32_data 5, name 8, raw_data 9, double_data 10, data_location 14.
// Throws Error(kData): damaged, dims and data disagree, data stored in another file, no initialiser.
std::vector<NamedTensor> parse_onnx_weights(std::span<const std::byte> bytes, std::string_view place);
std::vector<NamedTensor> read_onnx_weights(const std::string& path);

}  // namespace fovea::io
