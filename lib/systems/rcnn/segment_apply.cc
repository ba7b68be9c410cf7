// rcnn-detect segment: label maps of pictures from scored regions, written and measured.
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "systems/precision.h"
#include "systems/rcnn/segment_parts.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

// Where the maps go: a folder, the score, or both.
class Maps {
 public:
  Maps(const SegmentOptions& options, const std::vector<std::string>& classes, const cli::Invocation& invocation)
      : options_(options),
        classes_(classes),
        score_(static_cast<int64_t>(classes.size()) + 1),
        policy_{invocation.common.no_clobber, 0} {
    if (options.output.empty() && options.truth.empty())
      fail(ErrorKind::kUsage, "expected --output, --truth or both, found neither");
    if (options.output.empty()) return;
    if (!is_directory(options.output))
      fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", options.output);
    probe_output(options.output + "/probe.png", policy_.no_clobber);
  }

  void add(const io::RegionList& regions, const io::LabelMap& map) {
    if (!options_.truth.empty()) {
      const io::LabelMap truth = read_truth_map(options_.truth, regions, static_cast<int64_t>(classes_.size()));
      score_.add(truth.labels, map.labels, regions.image_id);
    }
    if (!options_.output.empty()) {
      const auto bytes = io::encode_label_png(map);
      AtomicFile file(label_file(options_.output, regions.image_id), policy_);
      file.write(std::span<const std::byte>(bytes));
      file.commit();
    }
    ++count_;
  }

  void finish(const cli::Invocation& invocation) const {
    if (!options_.output.empty()) log::info("{}: {} label maps", options_.output, count_);
    if (options_.truth.empty()) return;
    eval::Table table;
    table.columns = {{"class"}, {"iou"}, {"true_pixels"}, {"predicted_pixels"}};
    const auto row = [&](const std::string& name, int64_t k) {
      table.rows.push_back(
          {name, eval::cell(score_.iou(k)), score_.confusion().support(k), score_.confusion().predicted(k)});
    };
    row("background", 0);
    for (size_t k = 0; k < classes_.size(); ++k) row(classes_[k], static_cast<int64_t>(k) + 1);
    table.rows.push_back({std::string("mean"), eval::cell(score_.mean_iou()), {}, {}});
    print_table(table, invocation);
  }

 private:
  const SegmentOptions& options_;
  const std::vector<std::string>& classes_;
  eval::SegmentationScore score_;
  OutputPolicy policy_;
  int64_t count_ = 0;
};

io::LabelMap label_map(const Detector& segmenter, SegmentRegions& regions, double background) {
  for (float& value : regions.features) value *= static_cast<float>(segmenter.feature_scale);
  const std::vector<float> scores =
      score_rows(segmenter, regions.features, static_cast<int64_t>(regions.list.boxes.size()));
  return paste_regions(regions.pixels(), scores, static_cast<int64_t>(segmenter.classes.size()), background);
}

void segment_features(const SegmentOptions& options, const Detector& segmenter, Maps& maps) {
  const SegmentFiles files(options.features, options.proposals);
  const io::FeaturesLayout& layout = files.features().layout();
  if (layout.preprocess_json != segmenter.feature_json)
    fail_data(options.features + ": preprocess", segmenter.feature_json, layout.preprocess_json);
  if (layout.dimension != segmenter.dimension) {
    fail_data(options.features + ": features", fmt::format("{} columns", segmenter.dimension),
              std::to_string(layout.dimension));
  }
  check_label_files(files.features().image_ids(), options.features);
  const int64_t count = limited(files.features().count(), options.inputs.limit);
  Progress progress("segment", "picture", count);
  for (int64_t image = 0; image < count; ++image) {
    SegmentRegions regions = files.read(image);
    maps.add(regions.list, label_map(segmenter, regions, options.background));
    progress.update(image + 1);
  }
}

// Regions of a picture from a file, or by selective search.
SegmentRegions find_regions(const data::ImageSource& source, int64_t item, const io::ProposalsReader* proposals,
                            const SearchConfig& search) {
  const data::PixelView pixels = source.pixels(item);
  SegmentRegions regions;
  regions.list = {source.id(item), static_cast<int32_t>(pixels.height), static_cast<int32_t>(pixels.width), {}, {}};
  const std::string place = source.name() + ": image " + printable(source.id(item));
  if (proposals == nullptr) {
    SearchResult found = selective_search(pixels, search, place);
    regions.list.boxes = std::move(found.boxes);
    regions.masks = std::move(found.masks);
    return regions;
  }
  const int64_t at = proposals->find(source.id(item));
  if (at < 0) fail_data(proposals->path() + ": image_id", "'" + printable(source.id(item)) + "'", "no such image");
  io::ImageProposals found = proposals->read(at, true);
  for (const Box& box : found.boxes)
    check_mask_box(box, pixels.height, pixels.width,
                   proposals->path() + ": regions/box of " + printable(source.id(item)));
  regions.list.boxes = std::move(found.boxes);
  regions.masks = std::move(found.masks);
  return regions;
}

void segment_pictures(const SegmentOptions& options, const Detector& segmenter, Maps& maps, uint64_t seed) {
  set_precision(options.precision);
  train::Model model = train::load_model(options.model);
  FeatureConfig config = segmenter.features;
  config.batch = options.batch;
  FeatureExtractor extractor(model, config);
  if (extractor.dimension() != segmenter.dimension) {
    fail_data(options.model + ": detector/settings: dimension", std::to_string(extractor.dimension()),
              std::to_string(segmenter.dimension));
  }
  std::optional<io::ProposalsReader> proposals;
  if (!options.proposals.empty()) proposals.emplace(options.proposals);
  if (proposals && !proposals->has_masks()) {
    throw Error(ErrorKind::kData, options.proposals + ": masks: expected region masks, found none",
                "rcnn-propose run --masks stores them");
  }
  SearchConfig search = search_config(options.search, seed);
  search.masks = true;
  const data::ImageSource source = open_pictures(options.inputs);
  std::vector<std::string> ids;
  for (int64_t item = 0; item < source.size(); ++item) ids.push_back(source.id(item));
  check_label_files(ids, source.name());
  Progress progress("segment", "picture", source.size());
  for (int64_t item = 0; item < source.size(); ++item) {
    SegmentRegions regions = find_regions(source, item, proposals ? &*proposals : nullptr, search);
    const int64_t values =
        checked_multiply(static_cast<int64_t>(regions.list.boxes.size()), extractor.dimension(), "features");
    require_memory(checked_multiply(values, 4, "features"), "features of " + printable(source.id(item)));
    regions.features.resize(static_cast<size_t>(values));
    extractor.extract(source.pixels(item), regions.list.boxes,
                      config.region == RegionKind::kFull ? std::span<const io::MaskRuns>{} : regions.masks,
                      regions.features.data());
    maps.add(regions.list, label_map(segmenter, regions, options.background));
    progress.update(item + 1);
  }
}

}  // namespace

int apply_segmenter(const SegmentOptions& options, const cli::Invocation& invocation) {
  const Detector segmenter = load_segmenter(options.model);
  Maps maps(options, segmenter.classes, invocation);
  const PictureInputs& inputs = options.inputs;
  const bool has_pictures = !inputs.pictures.empty() || !inputs.images.empty() || !inputs.list.empty();
  if (options.features.empty()) {
    segment_pictures(options, segmenter, maps, invocation.common.seed);
  } else {
    if (has_pictures) fail(ErrorKind::kUsage, "--features: expected no pictures beside it");
    if (options.proposals.empty()) fail(ErrorKind::kUsage, "--features: needs --proposals for the masks");
    segment_features(options, segmenter, maps);
  }
  maps.finish(invocation);
  return 0;
}

}  // namespace fovea::rcnn
