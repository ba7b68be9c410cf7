// rcnn-detect detect
#include "systems/rcnn/detect.h"

#include <algorithm>
#include <cmath>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "io/features_file.h"
#include "systems/precision.h"
#include "systems/rcnn/features.h"
#include "systems/rcnn/region_scorer.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

// Detections as rows of a table, or into a file.
class Output {
 public:
  Output(const DetectOptions& options, const cli::Invocation& invocation, const std::vector<std::string>& classes,
         std::vector<io::InputRecord> inputs)
      : classes_(classes) {
    if (options.output.empty()) {
      table_.columns = {{"image"}, {"class"}, {"score", 3}, {"x1", 1}, {"y1", 1}, {"x2", 1}, {"y2", 1}};
      return;
    }
    io::RootAttributes root = run_record(invocation);
    root.inputs = std::move(inputs);
    writer_.emplace(options.output, root, classes, writer_options(invocation));
  }

  // Holds the detections back until a cap over the set of `pictures` is known.
  void limit(double per_picture, int64_t pictures) {
    if (per_picture <= 0) return;
    const auto most = std::max<int64_t>(1, std::llround(per_picture * static_cast<double>(pictures)));
    cap_.emplace(static_cast<int64_t>(classes_.size()), most);
  }
  SetCap* cap() { return cap_ ? &*cap_ : nullptr; }

  void add(io::ImageDetections found) {
    if (cap_) {
      waiting_.push_back(std::move(found));
    } else {
      emit(std::move(found));
    }
  }

  void finish(const DetectOptions& options, const cli::Invocation& invocation) {
    for (io::ImageDetections& found : waiting_) {
      std::erase_if(found.detections, [&](const io::Detection& d) { return d.score < cap_->least(d.class_index); });
      emit(std::move(found));
    }
    if (!writer_) {
      print_table(table_, invocation);
      return;
    }
    const int64_t images = writer_->images();
    const std::string hash = writer_->finish();
    log::info("{}: {} detections in {} images, content hash {}", options.output, count_, images, hash);
  }

 private:
  void emit(io::ImageDetections found) {
    count_ += static_cast<int64_t>(found.detections.size());
    if (writer_) {
      writer_->add(std::move(found));
      return;
    }
    for (const io::Detection& d : found.detections) {
      table_.rows.push_back({found.image_id, classes_[static_cast<size_t>(d.class_index)], d.score, d.box.x1, d.box.y1,
                             d.box.x2, d.box.y2});
    }
  }

  const std::vector<std::string>& classes_;
  eval::Table table_;
  std::optional<io::DetectionsWriter> writer_;
  std::optional<SetCap> cap_;
  std::vector<io::ImageDetections> waiting_;
  int64_t count_ = 0;
};

void extract_features_of(Look& look, const data::PixelView& pixels, std::span<const io::MaskRuns> masks,
                         FeatureExtractor& extractor) {
  look.features.resize(look.regions.boxes.size() * static_cast<size_t>(extractor.dimension()));
  extractor.extract(pixels, look.regions.boxes, masks, look.features.data());
}

// Looks again, as often as --refine says, at what was found: corrected boxes are warped and scored anew.
class Refiner {
 public:
  Refiner(const RegionScorer& scorer, FeatureExtractor* extractor, int64_t rounds)
      : scorer_(scorer), extractor_(extractor), rounds_(rounds) {}

  io::ImageDetections detect(Look look, const data::PixelView& pixels, SetCap* set_cap) const {
    for (int64_t round = 0; round < rounds_; ++round) {
      look = scorer_.candidates(look);
      extract_features_of(look, pixels, {}, *extractor_);
    }
    return scorer_.detect(look, set_cap);
  }

 private:
  const RegionScorer& scorer_;
  FeatureExtractor* extractor_;  // null if rounds_ is 0
  int64_t rounds_;
};

FeatureConfig extractor_config(const RegionScorer& scorer, const DetectOptions& options) {
  FeatureConfig config = scorer.features();
  config.batch = options.batch;
  return config;
}

void check_refinement(const RegionScorer& scorer, const DetectOptions& options) {
  if (options.refine == 0) return;
  if (!scorer.corrects_boxes())
    throw Error(ErrorKind::kUsage, "--refine: expected a detector that corrects boxes",
                "see --box-regression here and in rcnn-detect train");
  if (scorer.features().region != RegionKind::kFull)
    fail(ErrorKind::kUsage, "--refine: corrected boxes have no masks, and the detector needs them");
}

bool names_pictures(const PictureInputs& inputs) {
  return !inputs.pictures.empty() || !inputs.images.empty() || !inputs.list.empty();
}

// The pictures beside a file of features, found by id.
class PicturesById {
 public:
  explicit PicturesById(const PictureInputs& inputs) : source_(open_pictures(inputs)) {
    for (int64_t item = 0; item < source_.size(); ++item) items_.emplace(source_.id(item), item);
  }
  const data::ImageSource& source() const { return source_; }
  data::PixelView find(const std::string& id) const {
    const auto at = items_.find(id);
    if (at == items_.end()) fail_data(source_.name() + ": image_id", "'" + id + "'", "no such picture");
    return source_.pixels(at->second);
  }

 private:
  data::ImageSource source_;
  std::unordered_map<std::string, int64_t> items_;
};

int detect_from_features(const DetectOptions& options, const cli::Invocation& invocation, train::Model& model,
                         const RegionScorer& scorer) {
  const io::RegionFeaturesReader features(options.features);
  scorer.check_layout(features.layout(), options.features);
  std::vector<io::InputRecord> inputs{
      input_record("detector", model),
      {"features", recorded_path(options.features), "fovea.features", features.attributes().content_hash}};
  std::optional<PicturesById> pictures;
  std::optional<FeatureExtractor> extractor;
  if (options.refine > 0) {
    pictures.emplace(options.inputs);
    check_made_for(features, pictures->source().content_hash());
    extractor.emplace(model, extractor_config(scorer, options));
    inputs.push_back(input_record("images", pictures->source()));
  }
  const Refiner refiner(scorer, extractor ? &*extractor : nullptr, options.refine);
  Output output(options, invocation, scorer.classes(), std::move(inputs));
  const auto [begin, end] = invocation.common.shard.range(limited(features.count(), options.inputs.limit));
  output.limit(options.set_cap, end - begin);
  Progress progress("detect", "picture", end - begin);
  for (int64_t image = begin; image < end; ++image) {
    Look look{features.read_regions(image), features.read_features(image), 0, {}};
    look.first_region = std::count_if(look.regions.objects.begin(), look.regions.objects.end(),
                                      [](int32_t object) { return object >= 0; });
    const data::PixelView pixels = pictures ? pictures->find(look.regions.image_id) : data::PixelView{};
    output.add(refiner.detect(std::move(look), pixels, output.cap()));
    progress.update(image - begin + 1);
  }
  output.finish(options, invocation);
  return 0;
}

// Proposals of a picture, read or searched, and the features of each.
class FirstLook {
 public:
  FirstLook(const DetectOptions& options, const cli::Invocation& invocation, FeatureExtractor& extractor)
      : extractor_(extractor),
        search_(search_config(options.search, invocation.common.seed)),
        masks_(extractor.config().region != RegionKind::kFull) {
    search_.masks = masks_;
    if (!options.proposals.empty()) proposals_.emplace(options.proposals);
  }

  const std::optional<io::ProposalsReader>& proposals() const { return proposals_; }

  Look at(const data::ImageSource& source, int64_t item, const data::PixelView& pixels) {
    Look look;
    look.regions = {source.id(item), static_cast<int32_t>(pixels.height), static_cast<int32_t>(pixels.width), {}, {}};
    std::vector<io::MaskRuns> runs;
    if (proposals_) {
      const int64_t at = proposals_->find(source.id(item));
      if (at < 0) fail_data(proposals_->path() + ": image_id", "'" + source.id(item) + "'", "no such image");
      io::ImageProposals found = proposals_->read(at, masks_);
      look.regions.boxes = std::move(found.boxes);
      runs = std::move(found.masks);
    } else {
      SearchResult found = selective_search(pixels, search_, source.name() + ": image " + source.id(item));
      look.regions.boxes = std::move(found.boxes);
      runs = std::move(found.masks);
    }
    extract_features_of(look, pixels, runs, extractor_);
    return look;
  }

 private:
  FeatureExtractor& extractor_;
  SearchConfig search_;
  bool masks_;
  std::optional<io::ProposalsReader> proposals_;
};

int detect_from_pictures(const DetectOptions& options, const cli::Invocation& invocation, train::Model& model,
                         const RegionScorer& scorer) {
  FeatureExtractor extractor(model, extractor_config(scorer, options));
  FirstLook first_look(options, invocation, extractor);
  const Refiner refiner(scorer, &extractor, options.refine);
  const data::ImageSource source = open_pictures(options.inputs);
  std::vector<io::InputRecord> inputs{input_record("images", source), input_record("detector", model)};
  if (first_look.proposals()) {
    inputs.push_back({"proposals", recorded_path(options.proposals), "fovea.proposals",
                      first_look.proposals()->attributes().content_hash});
  }
  Output output(options, invocation, scorer.classes(), std::move(inputs));
  const auto [begin, end] = invocation.common.shard.range(source.size());
  output.limit(options.set_cap, end - begin);
  Progress progress("detect", "picture", end - begin);
  for (int64_t item = begin; item < end; ++item) {
    const data::PixelView pixels = source.pixels(item);
    output.add(refiner.detect(first_look.at(source, item, pixels), pixels, output.cap()));
    progress.update(item - begin + 1);
  }
  output.finish(options, invocation);
  return 0;
}

}  // namespace

void declare_detect(cli::OptionTable& table, DetectOptions& options) {
  declare_picture_inputs(table, options.inputs);
  table.group("Detector");
  table.add("model", options.model, "FILE", "Detector: a checkpoint of rcnn-detect train.").required().is_input_path();
  table.add("proposals", options.proposals, "FILE", "Proposals; without it selective search is run.").is_input_path();
  table.add("features", options.features, "FILE", "Region features instead of pictures; with --refine beside them.")
      .is_input_path()
      .excludes("proposals");
  table.add("scorer", options.scorer, "KIND", "SVMs, or the fine-tuned network's softmax.")
      .choices({"svm", "softmax"})
      .source("[paper, appendix B]");
  table.add("box-regression", options.box_regression, "Correct the boxes if the detector learnt to.");
  table
      .add("refine", options.refine, "N",
           "Look again at what was found, N times: corrected boxes are warped, scored and corrected anew.")
      .range(0, 10)
      .source("[paper]")
      .text(
          "The paper saw no gain from it; where proposals are few or loose there is one. With {opt:features} the "
          "pictures must be named, too. All boxes above {opt:threshold} that do not nearly coincide are looked at "
          "again.");
  table.add("precision", options.precision, "TYPE", "Arithmetic of conv and dense layers; bf16 needs a CPU with AMX.")
      .choices({"f32", "bf16"});
  table.add("batch", options.batch, "N", "Crops per network call.").range(1, 4096).source("[ours]");
  table.group("Selection");
  table.add("threshold", options.threshold, "Z", "Keep SVM scores above this.")
      .range(-1e9, 1e9)
      .only_with("scorer", {"svm"})
      .source("[R-CNN code]");
  table.add("min-probability", options.softmax_threshold, "P", "Keep softmax scores above this.")
      .range(0, 1)
      .only_with("scorer", {"softmax"})
      .source("[ours]");
  table
      .add("max-per-image", options.max_per_image, "N",
           "Best boxes of a class, before suppression unless --cap-after-nms; 0: all.")
      .range(0, 1e9)
      .source("[R-CNN code]");
  table.add("cap-after-nms", options.cap_after_nms, "Suppress first, then take the best boxes: ILSVRC.");
  table
      .add("set-cap", options.set_cap, "X",
           "Best boxes of a class over the set, X for each picture on average; 0: all.")
      .range(0, 1e9)
      .source("[ours]")
      .text(
          "The R-CNN code has 40, counted before suppression (with {opt:cap-after-nms} after it). Boxes of the lowest "
          "score that counts all stay.");
  table.add("nms", options.nms, "IOU", "Drop boxes that overlap a better one by more.")
      .range(0, 1)
      .source("[R-CNN code]");
  declare_search(table, options.search, {"proposals", "features"});
  table.group("Output");
  table.output(options.output, "Detections to write; without it a table is printed.");
}

int detect(const DetectOptions& options, const cli::Invocation& invocation) {
  if (options.set_cap > 0 && !invocation.common.shard.whole())
    fail(ErrorKind::kUsage, "--set-cap: needs the whole set, not a --shard");
  if (!options.output.empty()) probe_output(options.output, invocation.common.no_clobber);
  set_precision(options.precision);
  train::Model model = train::load_model(options.model);
  const SelectionConfig selection{options.scorer == "svm" ? options.threshold : options.softmax_threshold,
                                  options.max_per_image, options.nms, options.cap_after_nms};
  const RegionScorer scorer(options.model, model, options.scorer == "softmax", options.box_regression, selection);
  check_refinement(scorer, options);
  if (options.features.empty()) return detect_from_pictures(options, invocation, model, scorer);
  if (names_pictures(options.inputs) != (options.refine > 0)) {
    fail(ErrorKind::kUsage, "--features: expected {}",
         options.refine > 0 ? "the pictures beside it, for --refine" : "no pictures beside it");
  }
  return detect_from_features(options, invocation, model, scorer);
}

}  // namespace fovea::rcnn
