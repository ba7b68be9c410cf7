#include "systems/rcnn/hard_negatives.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <unordered_set>

#include "base/error.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "tensor/kernels/gemm.h"
#include "tensor/kernels/isa/table.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kNormImages = 200, kNormRegions = 200;  // [R-CNN code]
constexpr double kTargetNorm = 20;

int64_t key_of(int64_t image, int32_t region) { return image << 32 | region; }

}  // namespace

std::vector<double> class_overlaps(const std::vector<Box>& boxes, const std::vector<TrueObject>& objects,
                                   size_t classes, bool skip_difficult) {
  std::vector<double> best(boxes.size() * classes, 0.0);
  for (size_t i = 0; i < boxes.size(); ++i) {
    for (const TrueObject& object : objects) {
      if (skip_difficult && object.difficult) continue;
      double& value = best[i * classes + static_cast<size_t>(object.class_index)];
      value = std::max(value, iou(boxes[i], object.box));
    }
  }
  return best;
}

double feature_scale(const io::RegionFeaturesReader& features, uint64_t seed) {
  const auto images = permutation(features.count(), seed, RngPurpose::kWindows, 0);
  double sum = 0;
  int64_t count = 0;
  for (size_t i = 0; i < images.size() && i < static_cast<size_t>(kNormImages); ++i) {
    const std::vector<float> rows = features.read_features(images[i]);
    const int64_t dimension = features.layout().dimension, regions = features.regions_of(images[i]);
    const auto chosen = permutation(regions, seed, RngPurpose::kWindows, static_cast<uint64_t>(images[i]) + 1);
    for (size_t r = 0; r < chosen.size() && r < static_cast<size_t>(kNormRegions); ++r, ++count) {
      sum += std::sqrt(kernels::kernel_table().sum_of_squares(rows.data() + chosen[r] * dimension, dimension));
    }
  }
  if (count == 0 || sum == 0)
    fail_data(features.path() + ": features", "values other than 0", count == 0 ? "no regions" : "zeros only");
  return kTargetNorm * static_cast<double>(count) / sum;
}

// One image's regions with scaled features.
struct HardNegativeMiner::Picture {
  io::RegionList regions;
  std::vector<float> rows;
  const std::vector<TrueObject>* objects = nullptr;

  std::shared_ptr<const std::vector<float>> copy(size_t region, int64_t dimension) const {
    const auto first = rows.begin() + static_cast<std::ptrdiff_t>(region) * dimension;
    return std::make_shared<const std::vector<float>>(first, first + dimension);
  }
};

HardNegativeMiner::Picture HardNegativeMiner::load(int64_t image) const {
  Picture picture{features_.read_regions(image), features_.read_features(image), nullptr};
  picture.objects = &truth_.of(picture.regions.image_id);
  const auto factor = static_cast<float>(scale_);
  for (float& value : picture.rows) value *= factor;
  for (const int32_t object : picture.regions.objects) {
    if (object >= static_cast<int32_t>(picture.objects->size())) {
      fail_data(features_.path() + ": regions/object of " + picture.regions.image_id,
                fmt::format("< {}, its objects in {}", picture.objects->size(), truth_.path), std::to_string(object));
    }
  }
  return picture;
}

HardNegativeMiner::HardNegativeMiner(const io::RegionFeaturesReader& features, const Truth& truth, double scale,
                                     MiningConfig config)
    : features_(features), truth_(truth), scale_(scale), config_(config), classes_(truth.classes.size()) {
  const int64_t dimension = features.layout().dimension;
  int64_t found = 0;
  for (int64_t image = 0; image < features.count(); ++image) {
    const io::RegionList regions = features.read_regions(image);
    if (std::all_of(regions.objects.begin(), regions.objects.end(), [](int32_t object) { return object < 0; }))
      continue;
    const Picture picture = load(image);
    for (size_t r = 0; r < picture.regions.boxes.size(); ++r) {
      const int32_t object = picture.regions.objects[r];
      if (object < 0) continue;
      const TrueObject& truth_object = (*picture.objects)[static_cast<size_t>(object)];
      if (config_.skip_difficult && truth_object.difficult) continue;
      classes_[static_cast<size_t>(truth_object.class_index)].positives.push_back(
          {image, static_cast<int32_t>(r), picture.copy(r, dimension), 0});
      ++found;
    }
  }
  if (found == 0) {
    throw Error(ErrorKind::kData, features.path() + ": regions/object: expected true boxes, found none",
                "rcnn-detect features --truth puts them first");
  }
}

void HardNegativeMiner::visit(int64_t step, bool last) {
  const int64_t image = step % features_.count(), dimension = features_.layout().dimension;
  const Picture picture = load(image);
  const size_t classes = classes_.size(), regions = picture.regions.boxes.size();
  const std::vector<double> overlaps =
      class_overlaps(picture.regions.boxes, *picture.objects, classes, config_.skip_difficult);
  std::vector<float> weights(classes * static_cast<size_t>(dimension), 0.0F), scores(regions * classes);
  for (size_t k = 0; k < classes; ++k) {
    const auto& w = classes_[k].solution.weights;
    std::transform(w.begin(), w.end(), weights.begin() + static_cast<std::ptrdiff_t>(k) * dimension,
                   [](double v) { return static_cast<float>(v); });
  }
  kernels::gemm(false, true, static_cast<int64_t>(regions), static_cast<int64_t>(classes), dimension,
                picture.rows.data(), weights.data(), scores.data());
  std::vector<std::shared_ptr<const std::vector<float>>> copies(regions);  // made once, shared by the classes
  std::vector<size_t> due;
  for (size_t k = 0; k < classes; ++k) {
    ClassState& state = classes_[k];
    if (state.positives.empty()) continue;  // never trained
    const bool first = state.trainings == 0;
    std::unordered_set<int64_t> cached;
    for (const CachedRow& row : state.negatives) {
      if (row.image == image) cached.insert(key_of(row.image, row.region));
    }
    for (size_t r = 0; r < regions; ++r) {
      if (overlaps[r * classes + k] >= config_.negative_overlap) continue;
      const double score = static_cast<double>(scores[r * classes + k]) + state.solution.bias;
      if (!first && score <= config_.hard_above) continue;
      if (cached.contains(key_of(image, static_cast<int32_t>(r)))) continue;
      if (copies[r] == nullptr) copies[r] = picture.copy(r, dimension);
      state.negatives.push_back({image, static_cast<int32_t>(r), copies[r], 0});
      ++state.added;
    }
    if (first || last || state.added > config_.retrain_after) due.push_back(k);
  }
  train(due);
}

void HardNegativeMiner::train(const std::vector<size_t>& which) {
  parallel_tasks(static_cast<int64_t>(which.size()), [&](int64_t i) { train_class(which[static_cast<size_t>(i)]); });
}

void HardNegativeMiner::train_class(size_t k) {
  ClassState& state = classes_[k];
  SvmExamples examples;
  for (const CachedRow& row : state.positives) examples.add(row.values->data(), 1, row.multiplier);
  for (const CachedRow& row : state.negatives) examples.add(row.values->data(), -1, row.multiplier);
  state.solution = solve_svm(examples, features_.layout().dimension, config_.svm,
                             config_.seed + static_cast<uint64_t>(state.trainings));
  state.added = 0;
  ++state.trainings;
  const size_t positives = state.positives.size();
  for (size_t i = 0; i < positives; ++i) state.positives[i].multiplier = examples.multipliers[i];
  std::vector<CachedRow> kept;
  for (size_t i = 0; i < state.negatives.size(); ++i) {
    CachedRow& row = state.negatives[i];
    row.multiplier = examples.multipliers[positives + i];
    const double score = kernels::kernel_table().dot_wide(row.values->data(), state.solution.weights.data(),
                                                          features_.layout().dimension, row.values->data()) +
                         state.solution.bias;
    if (score >= config_.evict_below) kept.push_back(std::move(row));
  }
  state.negatives = std::move(kept);
}

std::vector<double> HardNegativeMiner::export_cache(size_t k) const {
  std::vector<double> rows;
  for (const auto* list : {&classes_[k].positives, &classes_[k].negatives}) {
    for (const CachedRow& row : *list)
      rows.insert(rows.end(), {static_cast<double>(row.image), static_cast<double>(row.region), row.multiplier});
  }
  return rows;
}

void HardNegativeMiner::import_cache(size_t k, const std::vector<double>& rows, int64_t positives,
                                     const std::string& place) {
  ClassState& state = classes_[k];
  const int64_t dimension = features_.layout().dimension;
  if (positives != static_cast<int64_t>(state.positives.size()) || static_cast<int64_t>(rows.size()) < positives * 3) {
    fail_data(place, fmt::format("{} positives", state.positives.size()), std::to_string(positives));
  }
  state.negatives.clear();
  int64_t loaded = -1;
  Picture picture;
  for (size_t i = 0; i * 3 < rows.size(); ++i) {
    const double multiplier = rows[i * 3 + 2];
    if (static_cast<int64_t>(i) < positives) {
      state.positives[i].multiplier = multiplier;
      continue;
    }
    const double image = rows[i * 3], region = rows[i * 3 + 1];
    const bool known = image >= 0 && image < static_cast<double>(features_.count()) && region >= 0 &&
                       region < static_cast<double>(features_.regions_of(static_cast<int64_t>(image)));
    if (!known) fail_data(place, "regions of " + features_.path(), fmt::format("image {}, region {}", image, region));
    if (loaded != static_cast<int64_t>(image)) picture = load(loaded = static_cast<int64_t>(image));
    state.negatives.push_back(
        {loaded, static_cast<int32_t>(region), picture.copy(static_cast<size_t>(region), dimension), multiplier});
  }
}

void HardNegativeMiner::set_solution(size_t k, SvmSolution solution, int64_t added, int64_t trainings) {
  classes_[k].solution = std::move(solution);
  classes_[k].added = added;
  classes_[k].trainings = trainings;
}

}  // namespace fovea::rcnn
