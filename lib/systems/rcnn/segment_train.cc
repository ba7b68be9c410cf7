// rcnn-detect segment --train: one linear support vector regression for each class.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/memory.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/voc.h"
#include "io/checks.h"
#include "systems/rcnn/hard_negatives.h"
#include "systems/rcnn/linear_svm.h"
#include "systems/rcnn/segment_parts.h"
#include "systems/run_record.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kMaxNameBytes = int64_t{1} << 20;

// Names of the labels 1..K: a file's lines from the second on (the first is the background), or VOC's.
std::vector<std::string> class_names(const std::string& path) {
  if (path.empty()) return data::voc_classes();
  std::vector<std::string> names;
  for (const auto& line : split(read_text_file(path, kMaxNameBytes), '\n')) {
    if (!trim(line).empty()) names.emplace_back(trim(line));
  }
  if (names.size() < 2 || names.size() > eval::kVoidLabel)
    fail_data(path, "a line for the background and 1..254 names", fmt::format("{} lines", names.size()));
  names.erase(names.begin());
  return names;
}

// All regions of all images: features, scaled, and what each class's regressor should say.
struct Examples {
  int64_t dimension = 0;
  std::vector<float> features;   // [regions, dimension]
  std::vector<double> overlaps;  // [regions, classes]
  std::vector<const float*> rows() const {
    std::vector<const float*> pointers;
    for (size_t at = 0; at < features.size(); at += static_cast<size_t>(dimension))
      pointers.push_back(features.data() + at);
    return pointers;
  }
};

Examples read_examples(const SegmentFiles& files, const std::string& truth, int64_t classes, double scale) {
  const io::RegionFeaturesReader& features = files.features();
  Examples examples{features.layout().dimension, {}, {}};
  const int64_t values = checked_multiply(features.region_count(), examples.dimension, "features");
  require_memory(checked_multiply(values, 4, "features"),
                 features.path() + ": features of all regions (fewer: features --top)");
  examples.features.reserve(static_cast<size_t>(values));
  Progress progress("regions", "image", features.count());
  for (int64_t image = 0; image < features.count(); ++image) {
    const SegmentRegions regions = files.read(image);
    const io::LabelMap map = read_truth_map(truth, regions.list, classes);
    const std::vector<double> overlaps = region_overlaps(regions.pixels(), map, classes);
    examples.overlaps.insert(examples.overlaps.end(), overlaps.begin(), overlaps.end());
    for (const float value : regions.features) examples.features.push_back(static_cast<float>(value * scale));
    progress.update(image + 1);
  }
  return examples;
}

struct Fit {
  SvmSolution solution;
  std::vector<double> targets;
};

std::vector<Fit> fit_classes(const Examples& examples, int64_t classes, const SvrConfig& config, uint64_t seed) {
  const std::vector<const float*> rows = examples.rows();
  std::vector<Fit> fits(static_cast<size_t>(classes));
  parallel_tasks(classes, [&](int64_t k) {
    Fit& fit = fits[static_cast<size_t>(k)];
    for (size_t r = 0; r < rows.size(); ++r)
      fit.targets.push_back(examples.overlaps[r * static_cast<size_t>(classes) + static_cast<size_t>(k)]);
    fit.solution = solve_svr(rows, fit.targets, examples.dimension, config, seed + static_cast<uint64_t>(k));
    log::debug("class {}: {} epochs", k + 1, fit.solution.epochs);
  });
  return fits;
}

// Root mean square of prediction less target: over all regions, and over those that overlap the class by half.
eval::Table fit_table(const Examples& examples, const std::vector<Fit>& fits, const Detector& segmenter) {
  eval::Table table;
  table.columns = {{"class"},   {"good_regions"}, {"rms_error", 3}, {"rms_error_good", 3},
                   {"support"}, {"epochs"},       {"gap", 4}};
  const auto rows = static_cast<int64_t>(fits[0].targets.size());
  const std::vector<float> scores = score_rows(segmenter, examples.features, rows);
  for (size_t k = 0; k < fits.size(); ++k) {
    double all = 0, good = 0;
    int64_t count = 0;
    for (size_t r = 0; r < fits[k].targets.size(); ++r) {
      const double error = scores[r * fits.size() + k] - fits[k].targets[r];
      all += error * error;
      if (fits[k].targets[r] < 0.5) continue;
      good += error * error;
      ++count;
    }
    const SvmSolution& solution = fits[k].solution;
    table.rows.push_back({segmenter.classes[k], count, std::sqrt(all / static_cast<double>(rows)),
                          count > 0 ? eval::Cell(std::sqrt(good / static_cast<double>(count))) : eval::Cell(),
                          solution.support_vectors, solution.epochs, solution.gap});
  }
  return table;
}

}  // namespace

int train_segmenter(const SegmentOptions& options, const cli::Invocation& invocation) {
  for (const auto& [name, value] : {std::pair{"features", options.features},
                                    {"proposals", options.proposals},
                                    {"truth", options.truth},
                                    {"output", options.output}}) {
    if (value.empty()) fail(ErrorKind::kUsage, "--train: expected --{}, found nothing", name);
  }
  probe_output(options.output, invocation.common.no_clobber);
  Detector segmenter;
  segmenter.classes = class_names(options.classes);
  const SegmentFiles files(options.features, options.proposals);
  const io::RegionFeaturesReader& features = files.features();
  if (features.region_count() == 0) fail_data(options.features + ": regions", "regions", "none");
  check_label_files(features.image_ids(), options.features);
  train::Model model = train::load_model(options.model);
  io::check_partner(options.features, "network", features.layout().network_hash, model.hash);
  segmenter.feature_json = features.layout().preprocess_json;
  segmenter.features = parse_feature_config(segmenter.feature_json, options.features + ": preprocess");
  segmenter.dimension = features.layout().dimension;
  segmenter.feature_scale = feature_scale(features, invocation.common.seed);
  const auto classes = static_cast<int64_t>(segmenter.classes.size());
  const Examples examples = read_examples(files, options.truth, classes, segmenter.feature_scale);
  const SvrConfig config{options.cost, options.epsilon, options.bias_feature, options.tolerance, options.max_epochs};
  const std::vector<Fit> fits = fit_classes(examples, classes, config, invocation.common.seed);
  for (const Fit& fit : fits) {
    segmenter.weights.insert(segmenter.weights.end(), fit.solution.weights.begin(), fit.solution.weights.end());
    segmenter.biases.push_back(fit.solution.bias);
  }
  io::CheckpointData data;
  train::store_model(model.network, model.preprocess, model.labels, data);
  store_segmenter(segmenter, data);
  io::RootAttributes root = run_record(invocation);
  root.parent = model.hash;
  root.inputs = {
      {"features", recorded_path(options.features), "fovea.features", features.attributes().content_hash},
      {"proposals", recorded_path(options.proposals), "fovea.proposals", files.proposals().attributes().content_hash},
      input_record("network", model)};
  const std::string hash = io::write_checkpoint(options.output, root, data, writer_options(invocation));
  print_table(fit_table(examples, fits, segmenter), invocation);
  log::info("{}: {} classes, {} features, content hash {}", options.output, classes, segmenter.dimension, hash);
  return 0;
}

}  // namespace fovea::rcnn
