#include "systems/pose/model.h"

#include <algorithm>

#include "autograd/ops/shape.h"
#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/json.h"
#include "train/model.h"

namespace fovea::pose {
namespace {

constexpr const char* kSpatialLayer = "spatial";

std::vector<std::pair<int32_t, int32_t>> read_pairs(const io::Json& json, const char* key, int64_t joints,
                                                    const std::string& place) {
  std::vector<std::pair<int32_t, int32_t>> out;
  if (!json.contains(key)) return out;
  const auto good = [&](const io::Json& value) {
    return value.is_number_integer() && value.get<int64_t>() >= 0 && value.get<int64_t>() < joints;
  };
  for (const io::Json& pair : json[key]) {
    if (!pair.is_array() || pair.size() != 2 || !good(pair[0]) || !good(pair[1]))
      fail_data(place + ": " + key, "pairs of joints", pair.dump());
    out.emplace_back(pair[0].get<int32_t>(), pair[1].get<int32_t>());
  }
  return out;
}

std::string settings_json(const PoseModel& model) {
  const PoseSettings& s = model.settings;
  io::Json json;
  json["joint_set"] = s.joints.name;
  json["flips"] = s.joints.flips;
  json["edges"] = s.joints.edges;
  json["side"] = s.side;
  json["sigma"] = s.sigma;
  json["torso"] = s.torso;
  json["crop"] = s.crop;
  json["margin"] = s.margin;
  if (model.spatial) {
    const SpatialSettings& spatial = model.spatial->settings();
    json["spatial"] = {{"beta", spatial.beta},   {"eps", spatial.eps},     {"radius", spatial.radius},
                       {"torso", spatial.torso}, {"edges", spatial.edges}, {"mirror_tie", spatial.mirror_tie}};
  }
  return io::canonical_json(json);
}

bool flag(const io::Json& json, const char* key) {
  return json.contains(key) && json[key].is_boolean() && json[key].get<bool>();
}

SpatialSettings read_spatial(const io::Json& json, const std::string& place) {
  SpatialSettings out;
  out.beta = io::json_number(json, "beta", place);
  out.eps = io::json_number(json, "eps", place);
  out.radius = io::json_int(json, "radius", place);
  if (!(out.beta >= 0.01 && out.beta <= 100)) fail_data(place + ": beta", "0.01..100", std::to_string(out.beta));
  if (!(out.eps > 0 && out.eps <= 1)) fail_data(place + ": eps", "0 < x <= 1", std::to_string(out.eps));
  if (out.radius < 0 || out.radius > 512) fail_data(place + ": radius", "0..512", std::to_string(out.radius));
  out.torso = flag(json, "torso");
  out.mirror_tie = flag(json, "mirror_tie");
  out.edges = io::json_text(json, "edges", place);
  return out;
}

PoseSettings read_settings(const io::Json& json, const std::vector<std::string>& names, const std::string& place) {
  PoseSettings out;
  out.joints.name = io::json_text(json, "joint_set", place);
  out.joints.joints = names;
  out.joints.flips = read_pairs(json, "flips", out.joints.count(), place);
  out.joints.edges = read_pairs(json, "edges", out.joints.count(), place);
  out.side = io::json_text(json, "side", place);
  out.torso = io::json_text(json, "torso", place);
  out.sigma = io::json_number(json, "sigma", place);
  if (!(out.sigma > 0 && out.sigma < 1000)) fail_data(place + ": sigma", "0 < x < 1000", std::to_string(out.sigma));
  if (!json.contains("crop")) return out;
  out.crop = io::json_text(json, "crop", place);
  out.margin = io::json_number(json, "margin", place);
  if (out.crop != "frame" && out.crop != "joints") fail_data(place + ": crop", "frame or joints", printable(out.crop));
  if (!(out.margin >= 0.5 && out.margin <= 4)) fail_data(place + ": margin", "0.5..4", std::to_string(out.margin));
  return out;
}

void restore_parameter(nn::Parameter& parameter, const io::NamedArray& array, const std::string& origin) {
  Tensor& value = parameter.var.mutable_value();
  const Shape found{std::span<const int64_t>(array.shape)};
  if (!(found == value.shape()))
    fail_data(fmt::format("{}: model/spatial/{}", origin, array.parameter), value.shape().text(), found.text());
  std::copy(array.values.begin(), array.values.end(), value.data<float>());
}

}  // namespace

Var PoseModel::refine(const Var& maps, const Var& torso) const {
  FOVEA_CHECK(spatial != nullptr, "refine without a spatial model");
  if (!spatial->settings().torso) return spatial->forward(maps);
  return spatial->forward(ops::concat({maps, torso}));
}

void store_pose_model(const PoseModel& model, io::CheckpointData& data) {
  auto& network = const_cast<nn::Network&>(model.detector);  // exporting changes nothing
  data::Preprocess preprocess;                               // pictures are sampled to the input's size as RGB in [0,1]
  train::store_model(network, preprocess, {}, data);
  io::Json json;
  json["height"] = model.input_height();
  json["width"] = model.input_width();
  json["channels"] = 3;
  json["order"] = "rgb";
  json["range"] = {0, 1};
  data.preprocess_json = io::canonical_json(json);
  data.joint_names = model.settings.joints.joints;
  data.pose_json = settings_json(model);
  if (!model.spatial) return;
  for (const nn::Parameter* parameter : {&model.spatial->kernel(), &model.spatial->bias()}) {
    const Tensor& value = parameter->var.value();
    const auto extents = value.shape().extents();
    const auto values = value.span<float>();
    data.model.push_back(
        {kSpatialLayer, parameter->name, {extents.begin(), extents.end()}, {values.begin(), values.end()}});
  }
}

void restore_pose_arrays(PoseModel& model, const io::CheckpointData& data, const std::string& origin) {
  io::CheckpointData detector;
  for (const io::NamedArray& array : data.model) {
    if (array.layer != kSpatialLayer) {
      detector.model.push_back(array);
    } else if (model.spatial) {
      restore_parameter(array.parameter == "kernel" ? model.spatial->kernel() : model.spatial->bias(), array, origin);
    }
  }
  train::restore_arrays(model.detector, detector, origin);
}

PoseModel read_pose_model(const io::CheckpointData& data, const std::string& path) {
  if (data.pose_json.empty()) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: expected a pose estimator, found a checkpoint without pose/settings", path),
                "made by pose-estimate train");
  }
  const std::string place = path + ": pose/settings";
  const io::Json json = io::parse_json(data.pose_json, place);
  PoseModel model{read_settings(json, data.joint_names, place),
                  nn::Network(nn::parse_net(data.network, path + ": model/network")), nullptr, path,
                  data.root.content_hash};
  const Shape& out = model.detector.output_shape().shape;
  if (out.rank() != 3 || out[2] != model.joints())
    fail_data(path + ": joint_names", fmt::format("one name for each of the network's outputs {}", out.text()),
              std::to_string(model.joints()));
  if (json.contains("spatial")) {
    const SpatialSettings spatial = read_spatial(json["spatial"], place + ": spatial");
    const int64_t parts = model.joints() + (spatial.torso ? 1 : 0), size = 2 * spatial.radius + 1;
    require_memory(4 * model.joints() * parts * size * size, place);
    model.spatial = std::make_unique<SpatialPart>(model.settings.joints, spatial);
    const auto has = [&](const char* name) {
      return std::any_of(data.model.begin(), data.model.end(),
                         [&](const io::NamedArray& a) { return a.layer == kSpatialLayer && a.parameter == name; });
    };
    for (const char* name : {"kernel", "bias"}) {
      if (!has(name)) fail_data(fmt::format("{}: model/spatial/{}", path, name), "an array", "none");
    }
  }
  restore_pose_arrays(model, data, path);
  return model;
}

PoseModel load_pose_model(const std::string& path) {
  return read_pose_model(io::read_checkpoint(path, {true, false, false}), path);
}

}  // namespace fovea::pose
