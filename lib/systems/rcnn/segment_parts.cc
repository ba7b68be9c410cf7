#include "systems/rcnn/segment_parts.h"

#include <algorithm>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/memory.h"
#include "base/text.h"
#include "io/json.h"

namespace fovea::rcnn {
namespace {

std::string stem_of(const std::string& image_id) {
  std::string name = base_name(image_id);
  std::string lower = name;
  std::transform(lower.begin(), lower.end(), lower.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  for (const std::string_view suffix : {".jpg", ".jpeg", ".png"}) {
    if (lower.size() > suffix.size() && lower.ends_with(suffix)) return name.substr(0, name.size() - suffix.size());
  }
  return name;
}

const io::TrainingArray& find(const io::CheckpointData& data, const std::string& name, const std::string& origin) {
  const auto found =
      std::find_if(data.detector.begin(), data.detector.end(), [&](const auto& array) { return array.name == name; });
  if (found == data.detector.end()) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: detector/{}: expected a trained segmenter, found none", origin, name),
                "rcnn-detect segment --train makes one");
  }
  return *found;
}

}  // namespace

SegmentFiles::SegmentFiles(const std::string& features, const std::string& proposals)
    : features_(features), proposals_(proposals) {
  if (!proposals_.has_masks()) {
    throw Error(ErrorKind::kData, proposals + ": masks: expected region masks, found none",
                "rcnn-propose run --masks stores them");
  }
}

SegmentRegions SegmentFiles::read(int64_t image, bool with_features) const {
  SegmentRegions regions;
  regions.list = features_.read_regions(image);
  const std::string& id = regions.list.image_id;
  const auto& objects = regions.list.objects;
  const auto first = std::count_if(objects.begin(), objects.end(), [](int32_t object) { return object >= 0; });
  regions.list.boxes.erase(regions.list.boxes.begin(), regions.list.boxes.begin() + first);
  regions.list.objects.clear();
  const int64_t at = proposals_.find(id);
  if (at < 0)
    fail_data(proposals_.path() + ": image_id", "'" + printable(id) + "' of " + features_.path(), "no such image");
  io::ImageProposals found = proposals_.read(at, true);
  const auto& boxes = regions.list.boxes;
  if (found.boxes.size() < boxes.size() || !std::equal(boxes.begin(), boxes.end(), found.boxes.begin())) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: regions/box of {}: expected the boxes of {}, found others", features_.path(),
                            printable(id), proposals_.path()),
                "give the proposals that the features were made from");
  }
  for (const Box& box : boxes)
    check_mask_box(box, regions.list.height, regions.list.width,
                   proposals_.path() + ": regions/box of " + printable(id));
  found.masks.resize(boxes.size());
  regions.masks = std::move(found.masks);
  if (!with_features) return regions;
  const int64_t dimension = features_.layout().dimension;
  require_memory(checked_multiply(features_.regions_of(image), dimension * 4, "features"),
                 "features of " + printable(id));
  regions.features = features_.read_features(image);
  regions.features.erase(regions.features.begin(), regions.features.begin() + first * dimension);
  return regions;
}

void store_segmenter(const Detector& segmenter, io::CheckpointData& data) {
  io::Json json;
  json["classes"] = segmenter.classes;
  json["features"] = io::parse_json(segmenter.feature_json, "features");
  json["dimension"] = segmenter.dimension;
  json["feature_scale"] = segmenter.feature_scale;
  json["scorer"] = "svr";
  data.detector_json = io::canonical_json(json);
  const auto classes = static_cast<int64_t>(segmenter.classes.size());
  data.detector = {{"svr/weight", "class,feature", {classes, segmenter.dimension}, segmenter.weights},
                   {"svr/bias", "class", {classes}, segmenter.biases}};
}

Detector load_segmenter(const std::string& path) {
  const io::CheckpointData data = io::read_checkpoint(path, {true, false, false});
  const io::TrainingArray& weights = find(data, "svr/weight", path);
  const io::TrainingArray& biases = find(data, "svr/bias", path);
  Detector segmenter = load_detector_settings(data, path);
  const std::string place = path + ": detector/settings";
  const io::Json json = io::parse_json(data.detector_json, place);
  segmenter.dimension = io::json_int(json, "dimension", place);
  segmenter.feature_scale = io::json_number(json, "feature_scale", place);
  const auto classes = static_cast<int64_t>(segmenter.classes.size());
  if (classes >= eval::kVoidLabel) fail_data(place + ": classes", "at most 254 names", std::to_string(classes));
  if (weights.shape != std::vector<int64_t>{classes, segmenter.dimension} ||
      biases.shape != std::vector<int64_t>{classes}) {
    fail_data(path + ": detector/svr",
              fmt::format("weights ({},{}) and {} biases", classes, segmenter.dimension, classes), "other shapes");
  }
  segmenter.weights = weights.values;
  segmenter.biases = biases.values;
  return segmenter;
}

std::string label_file(const std::string& folder, const std::string& image_id) {
  return folder + "/" + stem_of(image_id) + ".png";
}

io::LabelMap read_truth_map(const std::string& folder, const io::RegionList& regions, int64_t classes) {
  const std::string path = label_file(folder, regions.image_id);
  io::LabelMap map = io::read_label_png(path);
  if (map.height != regions.height || map.width != regions.width) {
    fail_data(path, fmt::format("{}x{}, as the picture", regions.height, regions.width),
              fmt::format("{}x{}", map.height, map.width));
  }
  const auto wrong = std::find_if(map.labels.begin(), map.labels.end(),
                                  [&](uint8_t label) { return label > classes && label != eval::kVoidLabel; });
  if (wrong != map.labels.end()) {
    const auto at = wrong - map.labels.begin();
    fail_data(fmt::format("{}: pixel {},{}", path, at % map.width, at / map.width),
              fmt::format("labels 0..{} and 255", classes), std::to_string(*wrong));
  }
  return map;
}

void check_label_files(const std::vector<std::string>& image_ids, const std::string& origin) {
  std::unordered_map<std::string, const std::string*> files;
  for (const std::string& id : image_ids) {
    const auto [found, is_new] = files.emplace(stem_of(id), &id);
    if (!is_new)
      fail_data(origin + ": image_id", "ids with different file names",
                fmt::format("'{}' and '{}'", printable(*found->second), printable(id)));
  }
}

}  // namespace fovea::rcnn
