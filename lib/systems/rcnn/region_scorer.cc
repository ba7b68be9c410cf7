#include "systems/rcnn/region_scorer.h"

#include <algorithm>
#include <cmath>
#include <span>

#include "base/error.h"
#include "io/checkpoint_file.h"

namespace fovea::rcnn {
namespace {

constexpr double kCandidateOverlap = 0.6;  // of two candidates for another look, at most

// Probabilities of the object classes (outputs 1..K of K+1; 0 is background) from the fine-tuned network itself.
std::vector<float> softmax_scores(std::span<const float> logits, int64_t rows, int64_t outputs) {
  std::vector<float> scores;
  scores.reserve(static_cast<size_t>(rows * (outputs - 1)));
  for (int64_t r = 0; r < rows; ++r) {
    const auto row = logits.subspan(static_cast<size_t>(r * outputs), static_cast<size_t>(outputs));
    const double top = *std::max_element(row.begin(), row.end());
    double sum = 0;
    for (const float value : row) sum += std::exp(static_cast<double>(value) - top);
    for (int64_t k = 1; k < outputs; ++k)
      scores.push_back(static_cast<float>(std::exp(static_cast<double>(row[static_cast<size_t>(k)]) - top) / sum));
  }
  return scores;
}

}  // namespace

RegionScorer::RegionScorer(const std::string& model_path, const train::Model& model, bool softmax, bool box_regression,
                           const SelectionConfig& selection)
    : selection_(selection) {
  const io::CheckpointData data = io::read_checkpoint(model_path, {true, false, false});
  if (!softmax) {
    detector_ = load_detector(data, model_path);
    if (!box_regression) detector_->regressors.clear();
    classes_ = detector_->classes;
    return;
  }
  if (data.detector_json.empty() || model.labels.empty() || model.labels[0] != "background") {
    throw Error(ErrorKind::kData, model_path + ": detector/settings: expected a fine-tuned network, found none",
                "rcnn-detect finetune makes one");
  }
  const Detector settings = load_detector_settings(data, model_path);
  classes_ = settings.classes;
  softmax_features_ = settings.features;
  if (classes_.size() + 1 != model.labels.size())
    fail_data(model_path + ": labels", fmt::format("{} names", classes_.size() + 1),
              std::to_string(model.labels.size()));
}

void RegionScorer::check_layout(const io::FeaturesLayout& layout, const std::string& path) const {
  const int64_t wanted = detector_ ? detector_->dimension : static_cast<int64_t>(classes_.size()) + 1;
  if (detector_ && layout.preprocess_json != detector_->feature_json)
    fail_data(path + ": preprocess", detector_->feature_json, layout.preprocess_json);
  if (layout.dimension != wanted)
    fail_data(path + ": features", fmt::format("{} {}", wanted, detector_ ? "columns" : "outputs of the network"),
              std::to_string(layout.dimension));
}

std::vector<io::Detection> RegionScorer::select(Look& look, const SelectionConfig& selection, SetCap* set_cap) const {
  const io::RegionList& regions = look.regions;
  const auto count = static_cast<int64_t>(regions.boxes.size()), classes = static_cast<int64_t>(classes_.size());
  std::vector<float> scores;
  if (detector_) {
    for (float& value : look.features) value *= static_cast<float>(detector_->feature_scale);
    scores = score_rows(*detector_, look.features, count);
  } else {
    scores = softmax_scores(look.features, count, classes + 1);
  }
  const auto refine = [&](int64_t region, int64_t k) {
    const Box& box = regions.boxes[static_cast<size_t>(region)];
    if (!corrects_boxes()) return box;
    const std::span<const float> row(look.features.data() + region * detector_->dimension,
                                     static_cast<size_t>(detector_->dimension));
    return decode_box(box, detector_->regressors[static_cast<size_t>(k)].predict(row));
  };
  std::vector<io::Detection> found = select_detections(regions.boxes, scores, classes, look.first_region,
                                                       regions.height, regions.width, selection, refine, set_cap);
  if (!look.proposals.empty())
    for (io::Detection& one : found) one.proposal = look.proposals[static_cast<size_t>(one.proposal)];
  return found;
}

io::ImageDetections RegionScorer::detect(Look& look, SetCap* set_cap) const {
  std::vector<io::Detection> found = select(look, selection_, set_cap);
  return {look.regions.image_id, look.regions.height, look.regions.width, std::move(found)};
}

Look RegionScorer::candidates(Look& look) const {
  SelectionConfig wide;
  wide.threshold = selection_.threshold;
  wide.max_per_image = 0;
  wide.nms_overlap = kCandidateOverlap;
  Look again;
  again.regions = {look.regions.image_id, look.regions.height, look.regions.width, {}, {}};
  for (const io::Detection& one : select(look, wide, nullptr)) {
    again.regions.boxes.push_back(one.box);
    again.proposals.push_back(one.proposal);
  }
  return again;
}

}  // namespace fovea::rcnn
