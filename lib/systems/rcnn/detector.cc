#include "systems/rcnn/detector.h"

#include <algorithm>

#include "base/error.h"
#include "io/json.h"
#include "tensor/kernels/gemm.h"

namespace fovea::rcnn {
namespace {

const io::TrainingArray* find(const io::CheckpointData& data, const std::string& name) {
  const auto found =
      std::find_if(data.detector.begin(), data.detector.end(), [&](const auto& array) { return array.name == name; });
  return found == data.detector.end() ? nullptr : &*found;
}

std::vector<double> array(const io::CheckpointData& data, const std::string& name, const std::vector<int64_t>& shape,
                          const std::string& origin) {
  const io::TrainingArray* found = find(data, name);
  const auto text = [](const std::vector<int64_t>& extents) {
    std::string out = "float64 (";
    for (size_t i = 0; i < extents.size(); ++i) out += (i == 0 ? "" : ",") + std::to_string(extents[i]);
    return out + ")";
  };
  if (found == nullptr || found->shape != shape) {
    fail_data(origin + ": detector/" + name, text(shape), found == nullptr ? "nothing" : text(found->shape));
  }
  return found->values;
}

}  // namespace

void store_detector(const Detector& detector, io::CheckpointData& data) {
  io::Json json;
  json["classes"] = detector.classes;
  json["features"] = io::parse_json(detector.feature_json, "features");
  json["dimension"] = detector.dimension;
  json["feature_scale"] = detector.feature_scale;
  json["box_regression"] = !detector.regressors.empty();
  data.detector_json = io::canonical_json(json);
  const auto classes = static_cast<int64_t>(detector.classes.size());
  data.detector.clear();
  data.detector.push_back({"svm/weight", "class,feature", {classes, detector.dimension}, detector.weights});
  data.detector.push_back({"svm/bias", "class", {classes}, detector.biases});
  if (detector.regressors.empty()) return;
  std::vector<double> mean, unwhiten, weights;
  for (const BoxRegressor& regressor : detector.regressors) {
    mean.insert(mean.end(), regressor.mean.begin(), regressor.mean.end());
    unwhiten.insert(unwhiten.end(), regressor.unwhiten.begin(), regressor.unwhiten.end());
    // A class without training pairs predicts no change.
    std::vector<double> own = regressor.weights;
    own.resize(static_cast<size_t>((detector.dimension + 1) * 4), 0.0);
    weights.insert(weights.end(), own.begin(), own.end());
  }
  data.detector.push_back({"regression/mean", "class,target", {classes, 4}, mean});
  data.detector.push_back({"regression/unwhiten", "class,whitened,target", {classes, 4, 4}, unwhiten});
  data.detector.push_back(
      {"regression/weight", "class,feature,whitened", {classes, detector.dimension + 1, 4}, weights});
}

Detector load_detector_settings(const io::CheckpointData& data, const std::string& origin) {
  const std::string place = origin + ": detector/settings";
  const io::Json json = io::parse_json(data.detector_json, place);
  Detector detector;
  if (!json.contains("classes") || !json["classes"].is_array() || json["classes"].empty())
    fail_data(place + ": classes", "a list of names", "none");
  for (const auto& name : json["classes"]) {
    if (!name.is_string()) fail_data(place + ": classes", "names", name.dump());
    detector.classes.push_back(name.get<std::string>());
  }
  if (!json.contains("features")) fail_data(place + ": features", "an object", "nothing");
  detector.feature_json = io::canonical_json(json["features"]);
  detector.features = parse_feature_config(detector.feature_json, place + ": features");
  return detector;
}

Detector load_detector(const io::CheckpointData& data, const std::string& origin) {
  if (data.detector_json.empty() || find(data, "svm/weight") == nullptr) {
    throw Error(ErrorKind::kData, origin + ": detector/settings: expected a trained detector, found none",
                "rcnn-detect train makes one");
  }
  const std::string place = origin + ": detector/settings";
  Detector detector = load_detector_settings(data, origin);
  const io::Json json = io::parse_json(data.detector_json, place);
  detector.dimension = io::json_int(json, "dimension", place);
  detector.feature_scale = io::json_number(json, "feature_scale", place);
  const auto classes = static_cast<int64_t>(detector.classes.size());
  detector.weights = array(data, "svm/weight", {classes, detector.dimension}, origin);
  detector.biases = array(data, "svm/bias", {classes}, origin);
  if (!json.value("box_regression", false)) return detector;
  const auto mean = array(data, "regression/mean", {classes, 4}, origin);
  const auto unwhiten = array(data, "regression/unwhiten", {classes, 4, 4}, origin);
  const auto weights = array(data, "regression/weight", {classes, detector.dimension + 1, 4}, origin);
  const auto per_class = static_cast<size_t>((detector.dimension + 1) * 4);
  for (size_t k = 0; k < detector.classes.size(); ++k) {
    BoxRegressor regressor;
    std::copy_n(mean.begin() + static_cast<std::ptrdiff_t>(k * 4), 4, regressor.mean.begin());
    std::copy_n(unwhiten.begin() + static_cast<std::ptrdiff_t>(k * 16), 16, regressor.unwhiten.begin());
    const auto first = weights.begin() + static_cast<std::ptrdiff_t>(k * per_class);
    regressor.weights.assign(first, first + static_cast<std::ptrdiff_t>(per_class));
    detector.regressors.push_back(std::move(regressor));
  }
  return detector;
}

std::vector<float> score_rows(const Detector& detector, std::span<const float> features, int64_t rows) {
  const auto classes = static_cast<int64_t>(detector.classes.size());
  const std::vector<float> weights(detector.weights.begin(), detector.weights.end());
  std::vector<float> scores(static_cast<size_t>(rows * classes));
  kernels::gemm(false, true, rows, classes, detector.dimension, features.data(), weights.data(), scores.data());
  for (size_t i = 0; i < scores.size(); ++i)
    scores[i] += static_cast<float>(detector.biases[i % static_cast<size_t>(classes)]);
  return scores;
}

}  // namespace fovea::rcnn
