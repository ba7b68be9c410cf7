#include "io/keras_weights.h"

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/h5_floats.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr int kMaxParts = 1 << 16;

// The attribute, or its parts name0, name1, ... that Keras makes when a list exceeds HDF5's 64 KiB.
std::vector<std::string> name_list(const H5Reader& file, const std::string& object, const std::string& name) {
  if (file.has_attribute(object, name)) return file.attribute_texts(object, name);
  std::vector<std::string> names;
  for (int part = 0; part < kMaxParts && file.has_attribute(object, name + std::to_string(part)); ++part) {
    for (std::string& text : file.attribute_texts(object, name + std::to_string(part)))
      names.push_back(std::move(text));
  }
  return names;
}

bool has_name_list(const H5Reader& file, const std::string& object, const std::string& name) {
  return file.has_attribute(object, name) || file.has_attribute(object, name + "0");
}

}  // namespace

void FloatCollector::add(const std::string& dataset, std::string name) {
  const std::string where = fmt::format("{}: {}", file_.path(), printable(dataset, 200));
  if (!file_.has(dataset)) fail(ErrorKind::kData, "{}: missing", where);
  if (!file_.is_float(dataset)) {
    fail_data(where, "an array of floats", file_.is_group(dataset) ? "a group" : file_.describe(dataset));
  }
  NamedTensor tensor{std::move(name), file_.extents(dataset), {}};
  const int64_t count = element_count(tensor.shape, where);
  bytes_ += checked_multiply(count, static_cast<int64_t>(sizeof(float)), where);
  require_memory(bytes_, where);
  tensor.values = file_.read_as_float(dataset);
  tensors_.push_back(std::move(tensor));
}

std::vector<NamedTensor> read_keras_weights(const std::string& path) {
  const H5Reader file(path);
  const std::string root = file.is_group("model_weights") ? "/model_weights" : "/";
  if (!has_name_list(file, root, "layer_names")) {
    fail_data(path, "Keras weights (attribute layer_names)", "an HDF5 file without it",
              "files of named arrays without Keras' lists can be read as plain HDF5");
  }
  FloatCollector collector(file);
  const std::string prefix = root == "/" ? "" : "model_weights/";
  bool any = false;
  for (const std::string& layer : name_list(file, root, "layer_names")) {
    const std::string group = prefix + layer;
    if (!file.is_group(group)) fail(ErrorKind::kData, "{}: group {}: missing", path, printable(layer, 200));
    for (const std::string& weight : name_list(file, group, "weight_names")) {
      collector.add(group + "/" + weight, layer + "/" + weight);
      any = true;
    }
  }
  if (!any) fail_data(path, "layers with weights", "none");
  return collector.take();
}

std::vector<NamedTensor> read_h5_arrays(const std::string& path) {
  const H5Reader file(path);
  FloatCollector collector(file);
  bool any = false;
  for (const std::string& dataset : file.datasets()) {
    if (!file.is_float(dataset)) continue;
    collector.add(dataset, dataset);
    any = true;
  }
  if (!any) fail_data(path, "arrays of floats", "none");
  return collector.take();
}

}  // namespace fovea::io
