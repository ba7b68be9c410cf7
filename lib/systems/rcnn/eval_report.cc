#include "systems/rcnn/eval_report.h"

#include <algorithm>

#include "base/error.h"
#include "base/parallel.h"

namespace fovea::rcnn {
namespace {

// The pair shares classes with vehicles and animals: a confusion, not a group of its own.
bool is_group(const eval::ClassSet& set) { return set.name != eval::voc_similar_sets().back().name; }

template <typename Member>
std::vector<std::optional<double>> column(const std::vector<ClassResult>& results, Member member) {
  std::vector<std::optional<double>> values;
  for (const ClassResult& result : results) values.push_back(result.*member);
  return values;
}

}  // namespace

std::optional<double> DetectionReport::map_area() const {
  return eval::mean_of_present(column(results, &ClassResult::ap_area));
}
std::optional<double> DetectionReport::map_11() const {
  return eval::mean_of_present(column(results, &ClassResult::ap_11));
}
std::optional<double> DetectionReport::median_area() const {
  return eval::median_of_present(column(results, &ClassResult::ap_area));
}

std::vector<std::string> DetectionReport::classes_without_objects() const {
  std::vector<std::string> names;
  for (size_t k = 0; k < results.size(); ++k) {
    if (results[k].matches.positives == 0) names.push_back(class_names[k]);
  }
  return names;
}

DetectionReport measure_detections(std::vector<std::string> class_names, std::vector<std::string> image_ids,
                                   int64_t images, std::vector<eval::TrueObject> objects,
                                   const std::vector<eval::ScoredBox>& detections, const eval::MatchPolicy& policy) {
  DetectionReport report;
  report.class_names = std::move(class_names);
  report.image_ids = std::move(image_ids);
  report.images = images;
  report.policy = policy;
  report.objects = std::move(objects);
  const auto classes = static_cast<int64_t>(report.class_names.size());
  report.samples = eval::by_class(report.objects, detections, classes);
  report.results.resize(report.samples.size());
  parallel_tasks(classes, [&](int64_t k) {
    const eval::ClassSample& sample = report.samples[static_cast<size_t>(k)];
    ClassResult& result = report.results[static_cast<size_t>(k)];
    result.matches = eval::match_detections(sample.objects, sample.detections, policy);
    result.curve = eval::precision_recall(result.matches);
    result.ap_area = eval::area_ap(result.curve);
    result.ap_11 = eval::eleven_point_ap(result.curve);
    if (policy.rule == eval::MatchRule::kCoco) {
      result.coco = eval::coco_measures(sample.objects, sample.detections, policy.count_difficult);
    }
  });
  return report;
}

ErrorReport measure_errors(const DetectionReport& report, const std::vector<eval::ClassSet>& similar) {
  const eval::SimilarClasses are_similar(report.class_names, similar);
  std::vector<std::vector<eval::ErrorType>> types(report.results.size());
  parallel_tasks(static_cast<int64_t>(types.size()), [&](int64_t i) {
    const auto k = static_cast<size_t>(i);
    types[k] = eval::error_types(report.results[k].matches, report.samples[k].detections, report.objects, are_similar);
  });
  ErrorReport out;
  const auto add_group = [&](const std::string& name, const auto& is_member) {
    std::vector<std::vector<eval::ErrorType>> members;
    int64_t errors = 0;
    for (size_t k = 0; k < types.size(); ++k) {
      if (!is_member(report.class_names[k])) continue;
      members.push_back(types[k]);
      errors += static_cast<int64_t>(types[k].size());
    }
    if (members.size() >= 2) out.entries.push_back({"group", name, errors, eval::group_error_shares(members)});
  };
  add_group("all", [](const std::string&) { return true; });
  for (const eval::ClassSet& set : similar) {
    if (!is_group(set)) continue;
    add_group(set.name, [&](const std::string& name) {
      return std::find(set.classes.begin(), set.classes.end(), name) != set.classes.end();
    });
  }
  for (size_t k = 0; k < types.size(); ++k) {
    out.entries.push_back(
        {"class", report.class_names[k], static_cast<int64_t>(types[k].size()), eval::error_shares(types[k])});
  }
  return out;
}

SensitivityReport measure_sensitivity(const DetectionReport& report, double normal_positives) {
  SensitivityReport out;
  out.classes.resize(report.samples.size());
  parallel_tasks(static_cast<int64_t>(out.classes.size()), [&](int64_t k) {
    out.classes[static_cast<size_t>(k)] =
        eval::class_sensitivity(report.samples[static_cast<size_t>(k)], report.policy, normal_positives);
  });
  out.means = eval::mean_sensitivity(out.classes);
  std::vector<std::optional<double>> aps;
  for (const auto& of_class : out.classes) aps.push_back(of_class.normalized_ap);
  out.mean_ap = eval::mean_of_present(aps);
  return out;
}

}  // namespace fovea::rcnn
