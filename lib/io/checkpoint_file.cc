#include "io/checkpoint_file.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr const char* kAlgorithm = "philox4x32-10";

// Attributes of /optimizer with a place of their own in CheckpointData.
constexpr std::array<std::string_view, 4> kOptimizerNames{"name", "step", "lr", "schedule"};

constexpr const char* kDetectorSettings = "detector/settings";
constexpr const char* kDetector = "detector/";

constexpr const char* kAdversarySettings = "adversary/settings";
constexpr const char* kAdversaryNetwork = "adversary/network";
constexpr std::string_view kAdversaryArrays = "adversary/generator/";
constexpr std::string_view kModelArrays = "model/";

void require_name(const std::string& name, std::string_view what) {
  const bool bad = name.empty() || name == "." || name == ".." || name.find('/') != std::string::npos ||
                   name.find('\0') != std::string::npos;
  if (bad)
    fail(ErrorKind::kUsage, "{} \"{}\": expected a name without '/', other than . and ..", what, printable(name));
}

// Parts between slashes, as in "fire2/conv1": groups in the file.
void require_path(const std::string& name, std::string_view what) {
  for (const std::string& part : split(name, '/')) require_name(part, what);
  if (name == "network" || name == "preprocess") fail(ErrorKind::kUsage, "{} \"{}\": this name is taken", what, name);
}

// "model/fire2/conv1/weight" -> {"fire2/conv1", "weight"}, `prefix` being "model/".
std::pair<std::string, std::string> split_path(const std::string& path, size_t prefix) {
  const size_t cut = path.rfind('/');
  return {path.substr(prefix, cut - prefix), path.substr(cut + 1)};
}

std::string axes_of(size_t rank) {
  switch (rank) {
    case 0:
      return "scalar";
    case 1:
      return "out";
    case 2:
      return "out,in";
    case 4:
      return "out,in,kh,kw";
    default:
      return "axis" + std::to_string(rank);
  }
}

void write_json_attribute(H5Writer& writer, const std::string& object, const std::string& key, const Json& value) {
  if (value.is_string()) {
    writer.set_attribute(object, key, value.get_ref<const std::string&>());
  } else if (value.is_number_float()) {
    writer.set_attribute(object, key, value.get<double>());
  } else if (value.is_number_integer() && !(value.is_number_unsigned() && value.get<uint64_t>() >> 63 != 0)) {
    writer.set_attribute(object, key, value.get<int64_t>());
  } else {
    writer.set_attribute(object, key, canonical_json(value));
  }
}

Json read_json_attribute(const H5Reader& reader, const std::string& object, const std::string& key) {
  switch (reader.attribute_type(object, key)) {
    case ElementType::kString:
      return reader.attribute_text(object, key);
    case ElementType::kF16:
    case ElementType::kF32:
    case ElementType::kF64:
      return reader.attribute_double(object, key);
    default:
      return reader.attribute_int(object, key);
  }
}

void write_arrays(H5Writer& writer, const std::string& group, const std::vector<TrainingArray>& arrays) {
  for (const TrainingArray& array : arrays) {
    for (const std::string& part : split(array.name, '/')) require_name(part, "array");
    writer.write<double>(group + array.name, array.shape, array.values, array.axes);
  }
}

// The numeric datasets below `group`.
std::vector<TrainingArray> read_arrays(const H5Reader& reader, const std::string& group) {
  std::vector<TrainingArray> arrays;
  for (const std::string& path : reader.datasets()) {
    if (!path.starts_with(group) || path == kDetectorSettings) continue;
    arrays.push_back({path.substr(group.size()), reader.attribute_text(path, "axes"), reader.extents(path),
                      reader.read<double>(path)});
  }
  return arrays;
}

void write_log(H5Writer& writer, const std::string& group, const std::vector<int64_t>& steps,
               const std::vector<LogColumn>& columns) {
  const std::array<int64_t, 1> extents{static_cast<int64_t>(steps.size())};
  writer.write<int64_t>(group + "step", extents, steps, "report");
  for (const LogColumn& column : columns) {
    require_name(column.name, "log column");
    FOVEA_CHECK(column.name != "step" && column.values.size() == steps.size(), "log column {}: {} values, {} steps",
                column.name, column.values.size(), steps.size());
    writer.write<double>(group + column.name, extents, column.values, "report");
  }
}

void write_optimizer(H5Writer& writer, const CheckpointData& data) {
  writer.create_group("optimizer");
  writer.set_attribute("optimizer", "name", data.optimizer_name);
  writer.set_attribute("optimizer", "step", data.optimizer_step);
  writer.set_attribute("optimizer", "lr", data.learning_rate);
  writer.set_attribute("optimizer", "schedule", data.schedule_json);
  for (const auto& [key, value] : data.optimizer_extra.items()) write_json_attribute(writer, "optimizer", key, value);
  for (const NamedSlot& slot : data.optimizer) {
    require_name(slot.slot, "optimizer slot");
    require_path(slot.layer, "layer");
    require_name(slot.parameter, "parameter");
    writer.write<float>("optimizer/" + slot.slot + "/" + slot.layer + "/" + slot.parameter, slot.shape, slot.values,
                        axes_of(slot.shape.size()));
  }
}

void write_training(H5Writer& writer, const CheckpointData& data) {
  writer.create_group("training");
  for (const auto& [key, value] : data.training.items()) write_json_attribute(writer, "training", key, value);
  const auto words = [&](const std::string& name, const std::vector<uint64_t>& values) {
    writer.write<uint64_t>(name, std::array<int64_t, 1>{static_cast<int64_t>(values.size())}, values, "word");
  };
  words("training/rng", data.rng);
  writer.set_attribute("training/rng", "algorithm", kAlgorithm);
  words("training/sampler", data.sampler);
  write_log(writer, "training/log/", data.log_steps, data.log);
  for (const TrainingArray& array : data.training_arrays) {
    require_path(array.name, "training array");
    writer.write<double>("training/arrays/" + array.name, array.shape, array.values, array.axes);
  }
}

std::vector<float> read_parameter(const H5Reader& reader, const std::string& path, std::vector<int64_t>& shape) {
  shape = reader.extents(path);
  std::vector<float> values = reader.read<float>(path);
  check_finite<float>(values, shape, reader.place(path));
  return values;
}

std::vector<NamedArray> read_parameters(const H5Reader& reader, std::string_view prefix) {
  std::vector<NamedArray> arrays;
  for (const std::string& path : reader.datasets()) {
    if (!path.starts_with(prefix) || path == "model/network" || path == "model/preprocess") continue;
    auto [layer, parameter] = split_path(path, prefix.size());
    if (layer.empty() || path.rfind('/') < prefix.size()) continue;
    NamedArray array{std::move(layer), std::move(parameter), {}, {}};
    array.values = read_parameter(reader, path, array.shape);
    arrays.push_back(std::move(array));
  }
  return arrays;
}

void write_parameters(H5Writer& writer, std::string_view prefix, const std::vector<NamedArray>& arrays) {
  for (const NamedArray& array : arrays) {
    require_path(array.layer, "layer");
    require_name(array.parameter, "parameter");
    writer.write<float>(fmt::format("{}{}/{}", prefix, array.layer, array.parameter), array.shape, array.values,
                        axes_of(array.shape.size()));
  }
}

void read_optimizer(const H5Reader& reader, CheckpointData& data) {
  if (!reader.is_group("optimizer")) return;
  data.has_optimizer = true;
  data.optimizer_name = reader.attribute_text("optimizer", "name");
  data.optimizer_step = reader.attribute_int("optimizer", "step");
  data.learning_rate = reader.attribute_double("optimizer", "lr");
  if (reader.has_attribute("optimizer", "schedule"))
    data.schedule_json = reader.attribute_text("optimizer", "schedule");
  for (const std::string& key : reader.attribute_names("optimizer")) {
    if (std::find(kOptimizerNames.begin(), kOptimizerNames.end(), key) == kOptimizerNames.end()) {
      data.optimizer_extra[key] = read_json_attribute(reader, "optimizer", key);
    }
  }
  for (const std::string& path : reader.datasets()) {
    const std::vector<std::string> parts = split(path, '/');
    if (parts.size() < 4 || parts[0] != "optimizer") continue;
    auto [layer, parameter] = split_path(path, parts[0].size() + parts[1].size() + 2);
    NamedSlot slot{parts[1], std::move(layer), std::move(parameter), {}, {}};
    slot.values = read_parameter(reader, path, slot.shape);
    data.optimizer.push_back(std::move(slot));
  }
}

void read_training(const H5Reader& reader, CheckpointData& data) {
  if (!reader.is_group("training")) return;
  data.has_training = true;
  for (const std::string& key : reader.attribute_names("training")) {
    data.training[key] = read_json_attribute(reader, "training", key);
  }
  if (reader.has("training/rng")) {
    if (const std::string found = reader.attribute_text("training/rng", "algorithm"); found != kAlgorithm) {
      fail_data(reader.place("training/rng") + ": attribute algorithm", kAlgorithm, printable(found));
    }
    data.rng = reader.read<uint64_t>("training/rng");
  }
  if (reader.has("training/sampler")) data.sampler = reader.read<uint64_t>("training/sampler");
  data.training_arrays = read_arrays(reader, "training/arrays/");
  if (!reader.is_group("training/log")) return;
  for (const std::string& name : reader.children("training/log")) {
    const std::string path = "training/log/" + name;
    if (name == "step") {
      data.log_steps = reader.read<int64_t>(path);
    } else if (!reader.is_group(path)) {
      data.log.push_back({name, reader.read<double>(path)});
    }
  }
}

}  // namespace

std::string write_checkpoint(const std::string& target, RootAttributes root, const CheckpointData& data,
                             WriterOptions options) {
  root.schema = "fovea.checkpoint";
  H5Writer writer(target, std::move(root), options);
  writer.write_text("model/network", data.network);
  if (!data.preprocess_json.empty()) writer.write_text("model/preprocess", data.preprocess_json);
  write_parameters(writer, kModelArrays, data.model);
  if (!data.adversary.settings_json.empty()) {
    writer.write_text(kAdversarySettings, data.adversary.settings_json);
    if (!data.adversary.network.empty()) writer.write_text(kAdversaryNetwork, data.adversary.network);
    write_parameters(writer, kAdversaryArrays, data.adversary.arrays);
  }
  if (!data.pose_json.empty()) writer.write_text("pose/settings", data.pose_json);
  if (!data.detector_json.empty()) {
    writer.write_text(kDetectorSettings, data.detector_json);
    write_arrays(writer, kDetector, data.detector);
  }
  if (data.has_optimizer) write_optimizer(writer, data);
  if (data.has_training) write_training(writer, data);
  if (!data.labels.empty()) writer.write_strings("labels", data.labels, "class");
  if (!data.vocabulary.empty()) writer.write_strings("vocabulary", data.vocabulary, "word");
  if (!data.joint_names.empty()) writer.write_strings("joint_names", data.joint_names, "joint");
  return writer.finish();
}

CheckpointData read_checkpoint(const std::string& path, CheckpointParts parts) {
  const H5Reader reader = H5Reader::open(path, "fovea.checkpoint");
  CheckpointData data;
  data.root = reader.attributes();
  data.network = reader.text("model/network");
  if (reader.has("model/preprocess")) data.preprocess_json = reader.text("model/preprocess");
  const auto strings = [&](const std::string& name, bool unique) {
    if (!reader.has(name)) return std::vector<std::string>{};
    std::vector<std::string> values = reader.read_strings(name);
    if (unique) check_unique(values, reader.place(name));
    return values;
  };
  data.labels = strings("labels", false);
  data.vocabulary = strings("vocabulary", true);
  data.joint_names = strings("joint_names", true);
  if (reader.has(kDetectorSettings)) data.detector_json = reader.text(kDetectorSettings);
  if (reader.has("pose/settings")) data.pose_json = reader.text("pose/settings");
  if (reader.has(kAdversarySettings)) data.adversary.settings_json = reader.text(kAdversarySettings);
  if (reader.has(kAdversaryNetwork)) data.adversary.network = reader.text(kAdversaryNetwork);
  if (parts.model) data.model = read_parameters(reader, kModelArrays);
  if (parts.model) data.adversary.arrays = read_parameters(reader, kAdversaryArrays);
  if (parts.model) data.detector = read_arrays(reader, kDetector);
  if (parts.optimizer) read_optimizer(reader, data);
  if (parts.training) read_training(reader, data);
  return data;
}

LogTable read_log_file(const std::string& path) {
  const H5Reader reader = H5Reader::open(path, "fovea.log");
  LogTable table;
  table.steps = reader.read<int64_t>("step");
  for (const std::string& name : reader.datasets()) {
    if (name != "step") table.columns.push_back({name, reader.read<double>(name)});
  }
  return table;
}

std::string write_log_file(const std::string& target, RootAttributes root, const std::vector<int64_t>& steps,
                           const std::vector<LogColumn>& columns, WriterOptions options) {
  root.schema = "fovea.log";
  H5Writer writer(target, std::move(root), options);
  write_log(writer, "", steps, columns);
  return writer.finish();
}

}  // namespace fovea::io
