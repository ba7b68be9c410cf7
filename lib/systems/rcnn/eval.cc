// rcnn-detect eval
#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/detections_file.h"
#include "systems/rcnn/eval_options.h"
#include "systems/rcnn/eval_report.h"
#include "systems/rcnn/eval_truth.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

eval::MatchPolicy policy_of(const DetectEvalOptions& options) {
  eval::MatchPolicy policy;
  policy.rule = options.rule == "coco"     ? eval::MatchRule::kCoco
                : options.rule == "ilsvrc" ? eval::MatchRule::kIlsvrc
                                           : eval::MatchRule::kVoc;
  policy.min_overlap = options.iou;
  policy.count_difficult = options.count_difficult;
  if (policy.rule == eval::MatchRule::kCoco) policy.max_detections = 100;
  return policy;
}

// "cat+dog" as sets; the VOC sets if there are none. Throws Error(kUsage).
std::vector<eval::ClassSet> similar_sets(const std::vector<std::string>& texts, const EvalTruth& truth) {
  if (texts.empty()) return eval::voc_similar_sets();
  std::vector<eval::ClassSet> sets;
  for (const auto& text : texts) {
    sets.push_back({text, split(text, '+')});
    if (sets.back().classes.size() < 2)
      fail(ErrorKind::kUsage, "--similar: expected CLASS+CLASS, found '{}'", printable(text));
    for (const auto& name : sets.back().classes) {
      const auto& known = truth.class_names();
      if (std::find(known.begin(), known.end(), name) == known.end()) {
        fail(ErrorKind::kUsage, "--similar: expected classes of {}, found '{}'", truth.name(), printable(name));
      }
    }
  }
  return sets;
}

// Boxes on images of the split, in the order of the file, with the truth's classes and images.
std::vector<eval::ScoredBox> read_boxes(const std::string& path, const EvalTruth& truth, ListedImages& listed) {
  const io::DetectionSet set = io::read_detections(path);
  std::vector<int32_t> classes;
  for (size_t k = 0; k < set.class_names.size(); ++k) {
    classes.push_back(truth.find_class(set.class_names[k], fmt::format("{}: class_names[{}]", path, k)));
  }
  std::vector<eval::ScoredBox> boxes;
  for (const auto& of_image : set.images) {
    const auto image = listed.add(of_image.image_id);
    if (!image) continue;
    for (const auto& detection : of_image.detections) {
      boxes.push_back({detection.box, classes[static_cast<size_t>(detection.class_index)], *image,
                       static_cast<double>(detection.score)});
    }
  }
  return boxes;
}

DetectionReport measure(const DetectEvalOptions& options, const EvalTruth& truth) {
  ListedImages listed(truth, options.detections);
  auto boxes = read_boxes(options.detections, truth, listed);
  listed.report(options.listed_only);
  std::vector<eval::TrueObject> objects = truth.objects();
  std::erase_if(objects, [&](const auto& object) { return !listed.is_measured(object.image, options.listed_only); });
  if (!options.blacklist.empty() && options.rule == "ilsvrc") {
    eval::remove_pairs(truth.read_blacklist(options.blacklist), objects, boxes);
  }
  std::vector<std::string> ids;
  for (int64_t i = 0; i < truth.images(); ++i) ids.push_back(truth.id(i));
  return measure_detections(truth.class_names(), std::move(ids), listed.measured(options.listed_only),
                            std::move(objects), boxes, policy_of(options));
}

struct Output {
  eval::Table table;
  eval::Figure figure;
};

Output make_output(const DetectEvalOptions& options, const EvalTruth& truth, const DetectionReport& report) {
  if (options.report == "classes") return {class_table(report), class_figure(report)};
  if (options.report == "curves") return {curve_table(report), curve_figure(report)};
  if (options.report == "errors") {
    const ErrorReport errors = measure_errors(report, similar_sets(options.similar, truth));
    return {error_table(errors), error_figure(errors)};
  }
  if (options.report == "sensitivity") {
    const double images = static_cast<double>(report.images);
    const auto sensitivity =
        measure_sensitivity(report, options.normal_positives.value_or(eval::kNormalPositivesPerImage * images));
    return {sensitivity_table(report, sensitivity), sensitivity_figure(sensitivity)};
  }
  return {summary_table(report), curve_figure(report)};
}

void log_summary(const DetectionReport& report) {
  const auto empty = report.classes_without_objects();
  if (!empty.empty()) log::warning("no objects of {}: left out of the mean", join(empty, ", "));
  const auto text = [](const std::optional<double>& value) { return value ? fmt::format("{:.4f}", *value) : "n/a"; };
  log::info("mAP {} (11-point {}) over {} classes and {} images", text(report.map_area()), text(report.map_11()),
            report.class_names.size() - empty.size(), report.images);
}

}  // namespace

int detect_eval(const DetectEvalOptions& options, const cli::Invocation& invocation) {
  std::optional<Requirement> requirement;
  if (!options.require.empty()) requirement.emplace(options.require, summary_names(policy_of(options).rule));
  if (!options.draw.empty()) {
    eval::figure_format(options.draw);
    probe_output(options.draw, invocation.common.no_clobber);
  }
  const EvalTruth truth(options.truth, options.split);
  const DetectionReport report = measure(options, truth);
  const Output output = make_output(options, truth, report);
  print_table(output.table, invocation);
  if (!options.draw.empty()) eval::write_figure(output.figure, options.draw, {invocation.common.no_clobber, 0});
  log_summary(report);
  if (requirement && !requirement->holds(summary_table(report))) {
    log::error("--require {}: not fulfilled", options.require);
    return static_cast<int>(ErrorKind::kNegative);
  }
  return 0;
}

}  // namespace fovea::rcnn
