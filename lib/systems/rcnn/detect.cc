// rcnn-detect detect
#include "systems/rcnn/detect.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "io/checks.h"
#include "io/features_file.h"
#include "systems/precision.h"
#include "systems/rcnn/scored_regions.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

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

// What turns features into detections: SVMs with box regression, or the network's own softmax.
class Scorer {
 public:
  Scorer(const DetectOptions& options, train::Model& model)
      : selection_{options.scorer == "svm" ? options.threshold : options.softmax_threshold, options.max_per_image,
                   options.nms, options.cap_after_nms} {
    const io::CheckpointData data = io::read_checkpoint(options.model, {true, false, false});
    if (options.scorer == "svm") {
      detector_ = load_detector(data, options.model);
      if (!options.box_regression) detector_->regressors.clear();
      classes_ = detector_->classes;
      return;
    }
    if (data.detector_json.empty() || model.labels.empty() || model.labels[0] != "background") {
      throw Error(ErrorKind::kData, options.model + ": detector/settings: expected a fine-tuned network, found none",
                  "rcnn-detect finetune makes one");
    }
    const Detector settings = load_detector_settings(data, options.model);
    classes_ = settings.classes;
    softmax_features_ = settings.features;
    if (classes_.size() + 1 != model.labels.size())
      fail_data(options.model + ": labels", fmt::format("{} names", classes_.size() + 1),
                std::to_string(model.labels.size()));
  }

  const std::vector<std::string>& classes() const { return classes_; }
  const std::optional<Detector>& detector() const { return detector_; }

  FeatureConfig features(const DetectOptions& options) const {
    FeatureConfig config = detector_ ? detector_->features : softmax_features_;
    config.batch = options.batch;
    return config;
  }

  // features [regions, dimension]; scaled in place.
  io::ImageDetections run(const io::RegionList& regions, std::vector<float>& features, int64_t first_region,
                          SetCap* set_cap) const {
    const auto count = static_cast<int64_t>(regions.boxes.size());
    const auto classes = static_cast<int64_t>(classes_.size());
    std::vector<float> scores;
    if (detector_) {
      for (float& value : features) value *= static_cast<float>(detector_->feature_scale);
      scores = score_rows(*detector_, features, count);
    } else {
      scores = softmax_scores(features, count, classes + 1);
    }
    const auto refine = [&](int64_t region, int64_t k) {
      const Box& box = regions.boxes[static_cast<size_t>(region)];
      if (!detector_ || detector_->regressors.empty()) return box;
      const std::span<const float> row(features.data() + region * detector_->dimension,
                                       static_cast<size_t>(detector_->dimension));
      return decode_box(box, detector_->regressors[static_cast<size_t>(k)].predict(row));
    };
    return {regions.image_id, regions.height, regions.width,
            select_detections(regions.boxes, scores, classes, first_region, regions.height, regions.width, selection_,
                              refine, set_cap)};
  }

 private:
  SelectionConfig selection_;
  std::optional<Detector> detector_;
  FeatureConfig softmax_features_;
  std::vector<std::string> classes_;
};

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

int detect_from_features(const DetectOptions& options, const cli::Invocation& invocation, train::Model& model,
                         const Scorer& scorer) {
  const io::RegionFeaturesReader features(options.features);
  if (scorer.detector() && features.layout().preprocess_json != scorer.detector()->feature_json) {
    fail_data(options.features + ": preprocess", scorer.detector()->feature_json, features.layout().preprocess_json);
  }
  if (scorer.detector() && features.layout().dimension != scorer.detector()->dimension) {
    fail_data(options.features + ": features", fmt::format("{} columns", scorer.detector()->dimension),
              std::to_string(features.layout().dimension));
  }
  if (!scorer.detector()) {
    const int64_t outputs = static_cast<int64_t>(scorer.classes().size()) + 1;
    if (features.layout().dimension != outputs)
      fail_data(options.features + ": features", fmt::format("{} outputs of the network", outputs),
                std::to_string(features.layout().dimension));
  }
  Output output(options, invocation, scorer.classes(),
                {input_record("detector", model),
                 {"features", recorded_path(options.features), "fovea.features", features.attributes().content_hash}});
  const auto [begin, end] = invocation.common.shard.range(limited(features.count(), options.inputs.limit));
  output.limit(options.set_cap, end - begin);
  Progress progress("detect", "picture", end - begin);
  for (int64_t image = begin; image < end; ++image) {
    const io::RegionList regions = features.read_regions(image);
    const auto first =
        std::count_if(regions.objects.begin(), regions.objects.end(), [](int32_t object) { return object >= 0; });
    std::vector<float> rows = features.read_features(image);
    output.add(scorer.run(regions, rows, first, output.cap()));
    progress.update(image - begin + 1);
  }
  output.finish(options, invocation);
  return 0;
}

int detect_from_pictures(const DetectOptions& options, const cli::Invocation& invocation, train::Model& model,
                         const Scorer& scorer) {
  FeatureExtractor extractor(model, scorer.features(options));
  const bool masks = extractor.config().region != RegionKind::kFull;
  std::optional<io::ProposalsReader> proposals;
  if (!options.proposals.empty()) proposals.emplace(options.proposals);
  SearchConfig search = search_config(options.search, invocation.common.seed);
  search.masks = masks;
  const data::ImageSource source = open_pictures(options.inputs);
  std::vector<io::InputRecord> inputs{input_record("images", source), input_record("detector", model)};
  if (proposals)
    inputs.push_back(
        {"proposals", recorded_path(options.proposals), "fovea.proposals", proposals->attributes().content_hash});
  Output output(options, invocation, scorer.classes(), std::move(inputs));
  const auto [begin, end] = invocation.common.shard.range(source.size());
  output.limit(options.set_cap, end - begin);
  Progress progress("detect", "picture", end - begin);
  for (int64_t item = begin; item < end; ++item) {
    const data::PixelView pixels = source.pixels(item);
    io::RegionList regions{
        source.id(item), static_cast<int32_t>(pixels.height), static_cast<int32_t>(pixels.width), {}, {}};
    std::vector<io::MaskRuns> runs;
    if (proposals) {
      const int64_t at = proposals->find(source.id(item));
      if (at < 0) fail_data(proposals->path() + ": image_id", "'" + source.id(item) + "'", "no such image");
      io::ImageProposals found = proposals->read(at, masks);
      regions.boxes = std::move(found.boxes);
      runs = std::move(found.masks);
    } else {
      SearchResult found = selective_search(pixels, search, source.name() + ": image " + source.id(item));
      regions.boxes = std::move(found.boxes);
      runs = std::move(found.masks);
    }
    std::vector<float> rows(regions.boxes.size() * static_cast<size_t>(extractor.dimension()));
    extractor.extract(pixels, regions.boxes, runs, rows.data());
    output.add(scorer.run(regions, rows, 0, output.cap()));
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
  table.add("features", options.features, "FILE", "Region features instead of pictures.")
      .is_input_path()
      .excludes("proposals");
  table.add("scorer", options.scorer, "KIND", "SVMs, or the fine-tuned network's softmax.")
      .choices({"svm", "softmax"})
      .source("[paper, appendix B]");
  table.add("box-regression", options.box_regression, "Correct the boxes if the detector learnt to.");
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
  const Scorer scorer(options, model);
  if (options.features.empty()) return detect_from_pictures(options, invocation, model, scorer);
  if (!options.inputs.pictures.empty() || !options.inputs.images.empty() || !options.inputs.list.empty()) {
    fail(ErrorKind::kUsage, "--features: expected no pictures beside it");
  }
  return detect_from_features(options, invocation, model, scorer);
}

}  // namespace fovea::rcnn
