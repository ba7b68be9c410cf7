#include "io/onnx_weights.h"

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/byte_order.h"
#include "io/protobuf.h"

namespace fovea::io {
namespace {

// Field numbers and type codes of onnx/onnx.proto.
constexpr uint32_t kModelGraph = 7, kGraphInitializer = 5;
constexpr uint32_t kDims = 1, kDataType = 2, kFloatData = 4, kInt32Data = 5, kName = 8, kRawData = 9, kDoubleData = 10,
                   kDataLocation = 14;
constexpr int64_t kFloat = 1, kFloat16 = 10, kDouble = 11, kBfloat16 = 16;
constexpr int64_t kExternal = 1;

struct TensorFields {
  std::string name;
  std::vector<int64_t> dims;
  int64_t type = 0, location = 0;
  std::vector<float> values;
  std::vector<int64_t> int32_data;
  std::span<const std::byte> raw;
  bool has_raw = false;
};

bool is_floating(int64_t type) { return type == kFloat || type == kFloat16 || type == kDouble || type == kBfloat16; }

TensorFields read_fields(WireReader& reader) {
  TensorFields tensor;
  std::vector<WireField> data;  // converted only once the type is known to be a float
  while (const auto field = reader.next()) {
    switch (field->number) {
      case kDims:
        reader.append_integers(*field, tensor.dims);
        break;
      case kDataType:
        tensor.type = reader.signed_value(*field);
        break;
      case kName:
        tensor.name = reader.text(*field);
        break;
      case kDataLocation:
        tensor.location = reader.signed_value(*field);
        break;
      case kFloatData:
      case kInt32Data:
      case kDoubleData:
        data.push_back(*field);
        break;
      case kRawData:
        if (field->type != WireType::kBytes) reader.fail_at(field->offset, "expected raw bytes");
        tensor.raw = field->bytes;
        tensor.has_raw = true;
        break;
      default:
        break;
    }
  }
  if (!is_floating(tensor.type)) return tensor;
  for (const WireField& field : data) {
    if (field.number == kFloatData && tensor.type == kFloat) reader.append_floats(field, tensor.values);
    if (field.number == kDoubleData && tensor.type == kDouble) reader.append_doubles(field, tensor.values);
    if (field.number == kInt32Data) reader.append_integers(field, tensor.int32_data);
  }
  return tensor;
}

float convert_16_bits(int64_t type, uint16_t bits) {
  return type == kFloat16 ? half_to_float(bits) : bfloat16_to_float(bits);
}

void decode_raw(TensorFields& tensor, const std::string& where) {
  const size_t width = tensor.type == kDouble ? 8 : tensor.type == kFloat ? 4 : 2;
  if (tensor.raw.size() % width != 0) {
    fail_data(where, fmt::format("raw data in units of {} bytes", width), fmt::format("{} bytes", tensor.raw.size()));
  }
  const size_t count = tensor.raw.size() / width;
  require_memory(static_cast<int64_t>(count * sizeof(float)), where);
  tensor.values.resize(count);
  for (size_t i = 0; i < count; ++i) {
    const std::byte* at = tensor.raw.data() + i * width;
    tensor.values[i] = tensor.type == kDouble  ? static_cast<float>(load_le<double>(at))
                       : tensor.type == kFloat ? load_le<float>(at)
                                               : convert_16_bits(tensor.type, load_le<uint16_t>(at));
  }
}

void parse_initializer(WireReader reader, std::vector<NamedTensor>& tensors) {
  TensorFields fields = read_fields(reader);
  if (!is_floating(fields.type)) return;
  const std::string where = fmt::format("{}: {}", reader.place(), printable(fields.name));
  if (fields.location == kExternal) {
    fail_data(where, "data inside the file", "external data", "save the model with all tensors in one file");
  }
  if (fields.has_raw) {
    if (!fields.values.empty()) fail_data(where, "one form of data", "raw data and typed data");
    decode_raw(fields, where);
  } else if (fields.type == kFloat16 || fields.type == kBfloat16) {
    for (const int64_t bits : fields.int32_data) {
      if (bits < 0 || bits > 0xFFFF) fail_data(where, "16-bit patterns", std::to_string(bits));
      fields.values.push_back(convert_16_bits(fields.type, static_cast<uint16_t>(bits)));
    }
  }
  const int64_t expected = element_count(fields.dims, where);
  if (expected != static_cast<int64_t>(fields.values.size())) {
    fail_data(where, fmt::format("{} values for dims {}", expected, shape_text(fields.dims)),
              std::to_string(fields.values.size()));
  }
  tensors.push_back({std::move(fields.name), std::move(fields.dims), std::move(fields.values)});
}

}  // namespace

std::vector<NamedTensor> parse_onnx_weights(std::span<const std::byte> bytes, std::string_view place) {
  std::vector<NamedTensor> tensors;
  WireReader model(bytes, place);
  while (const auto field = model.next()) {
    if (field->number != kModelGraph) continue;
    WireReader graph = model.message(*field);
    while (const auto entry = graph.next()) {
      if (entry->number == kGraphInitializer) parse_initializer(graph.message(*entry), tensors);
    }
  }
  if (tensors.empty()) {
    fail_data(place, "an ONNX model with weights", bytes.empty() ? "an empty file" : "no floating-point initialiser");
  }
  return tensors;
}

std::vector<NamedTensor> read_onnx_weights(const std::string& path) {
  return parse_onnx_weights(read_file(path, max_memory()), path);
}

}  // namespace fovea::io
