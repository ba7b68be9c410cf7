#include "io/caffemodel.h"

#include "base/error.h"
#include "base/text.h"
#include "io/protobuf.h"

namespace fovea::io {
namespace {

// Field numbers of BVLC/caffe src/caffe/proto/caffe.proto.
constexpr uint32_t kNetLayersV1 = 2, kNetLayer = 100;
constexpr uint32_t kBlobNum = 1, kBlobWidth = 4, kBlobData = 5, kBlobShape = 7, kBlobDoubleData = 8, kShapeDim = 1;
constexpr size_t kMaxRank = 32;  // Caffe's own limit (kMaxBlobAxes)

struct LayerFields {
  uint32_t name, blobs;
};
constexpr LayerFields kNewLayer{1, 7};
constexpr LayerFields kLayerV1{4, 6};

void check_blob(const NamedTensor& tensor, std::string_view place) {
  const std::string where = fmt::format("{}: {}", place, printable(tensor.name));
  if (tensor.shape.size() > kMaxRank) fail_data(where, "at most 32 axes", std::to_string(tensor.shape.size()));
  const int64_t expected = element_count(tensor.shape, where);
  if (expected != static_cast<int64_t>(tensor.values.size())) {
    fail_data(where, fmt::format("{} values for shape {}", expected, shape_text(tensor.shape)),
              std::to_string(tensor.values.size()));
  }
}

NamedTensor parse_blob(WireReader reader, std::string name) {
  NamedTensor tensor;
  tensor.name = std::move(name);
  std::vector<int64_t> legacy(4, 1);
  bool has_legacy = false, has_shape = false;
  while (const auto field = reader.next()) {
    if (field->number >= kBlobNum && field->number <= kBlobWidth) {
      legacy[field->number - 1] = reader.signed_value(*field);
      has_legacy = true;
    } else if (field->number == kBlobData) {
      reader.append_floats(*field, tensor.values);
    } else if (field->number == kBlobDoubleData) {
      reader.append_doubles(*field, tensor.values);
    } else if (field->number == kBlobShape) {
      WireReader shape = reader.message(*field);
      has_shape = true;
      while (const auto dim = shape.next()) {
        if (dim->number == kShapeDim) shape.append_integers(*dim, tensor.shape);
      }
    }
  }
  if (!has_shape && has_legacy) tensor.shape = legacy;
  if (!has_shape && !has_legacy) tensor.shape = {static_cast<int64_t>(tensor.values.size())};
  check_blob(tensor, reader.place());
  return tensor;
}

void parse_layer(WireReader reader, int64_t offset, const LayerFields& fields, std::vector<NamedTensor>& tensors) {
  std::string name;
  std::vector<WireField> blobs;
  while (const auto field = reader.next()) {
    if (field->number == fields.name) name = reader.text(*field);
    if (field->number == fields.blobs) blobs.push_back(*field);
  }
  if (blobs.empty()) return;
  if (name.empty()) reader.fail_at(offset, "layer with blobs but without a name");
  for (size_t i = 0; i < blobs.size(); ++i) {
    tensors.push_back(parse_blob(reader.message(blobs[i]), name + "/" + std::to_string(i)));
  }
}

}  // namespace

std::vector<NamedTensor> parse_caffemodel(std::span<const std::byte> bytes, std::string_view place) {
  std::vector<NamedTensor> tensors;
  WireReader net(bytes, place);
  while (const auto field = net.next()) {
    if (field->number == kNetLayer) parse_layer(net.message(*field), field->offset, kNewLayer, tensors);
    if (field->number == kNetLayersV1) parse_layer(net.message(*field), field->offset, kLayerV1, tensors);
  }
  if (tensors.empty()) {
    fail_data(place, "a Caffe model with weights", bytes.empty() ? "an empty file" : "no layer with blobs",
              "a .prototxt holds no weights; give the .caffemodel");
  }
  return tensors;
}

}  // namespace fovea::io
