// The tables of rcnn-detect eval.
#include "systems/rcnn/eval_report.h"

namespace fovea::rcnn {
namespace {

constexpr const char* kRuleNames[] = {"voc", "ilsvrc", "coco"};
constexpr const char* kOutcomeNames[] = {"true", "false", "ignored"};

std::string coco_column(std::string_view name) { return "coco_" + std::string(name); }

void add_coco_columns(eval::Table& table) {
  for (const auto name : eval::kCocoNames) table.columns.push_back({coco_column(name)});
}

void add_cells(std::vector<eval::Cell>& row, const eval::CocoMeasures& measures) {
  for (const auto& value : measures) row.push_back(eval::cell(value));
}

int64_t count(const eval::Matches& matches, eval::Outcome outcome) {
  int64_t out = 0;
  for (const auto& match : matches.list) out += match.outcome == outcome ? 1 : 0;
  return out;
}

eval::Cell last_of(const std::vector<double>& values, int64_t positives) {
  if (positives == 0) return {};
  return values.empty() ? 0.0 : values.back();
}

}  // namespace

std::vector<std::string> summary_names(eval::MatchRule rule) {
  std::vector<std::string> names = {"map", "map_11", "median"};
  if (rule != eval::MatchRule::kCoco) return names;
  for (const auto name : eval::kCocoNames) names.push_back(coco_column(name));
  return names;
}

eval::Table summary_table(const DetectionReport& report) {
  eval::Table table;
  table.columns = {{"rule"},    {"iou", 2}, {"images"}, {"objects"}, {"detections"},
                   {"classes"}, {"map"},    {"map_11"}, {"median"}};
  int64_t objects = 0, detections = 0, classes = 0;
  std::vector<eval::CocoMeasures> coco;
  for (size_t k = 0; k < report.results.size(); ++k) {
    const int64_t positives = report.results[k].matches.positives;
    objects += positives;
    detections += static_cast<int64_t>(report.samples[k].detections.size());
    classes += positives > 0 ? 1 : 0;
    coco.push_back(report.results[k].coco);
  }
  std::vector<eval::Cell> row = {std::string(kRuleNames[static_cast<size_t>(report.policy.rule)]),
                                 report.policy.min_overlap,
                                 report.images,
                                 objects,
                                 detections,
                                 classes,
                                 eval::cell(report.map_area()),
                                 eval::cell(report.map_11()),
                                 eval::cell(report.median_area())};
  if (report.policy.rule == eval::MatchRule::kCoco) {
    add_coco_columns(table);
    add_cells(row, eval::mean_measures(coco));
  }
  table.rows.push_back(std::move(row));
  return table;
}

eval::Table class_table(const DetectionReport& report) {
  eval::Table table;
  table.columns = {{"class"},   {"objects"}, {"detections"}, {"true"}, {"false"},
                   {"ignored"}, {"recall"},  {"ap"},         {"ap_11"}};
  const bool is_coco = report.policy.rule == eval::MatchRule::kCoco;
  if (is_coco) add_coco_columns(table);
  for (size_t k = 0; k < report.results.size(); ++k) {
    const ClassResult& result = report.results[k];
    const eval::Matches& matches = result.matches;
    std::vector<eval::Cell> row = {report.class_names[k],
                                   matches.positives,
                                   static_cast<int64_t>(report.samples[k].detections.size()),
                                   count(matches, eval::Outcome::kTrue),
                                   count(matches, eval::Outcome::kFalse),
                                   count(matches, eval::Outcome::kIgnored),
                                   last_of(result.curve.recall, matches.positives),
                                   eval::cell(result.ap_area),
                                   eval::cell(result.ap_11)};
    if (is_coco) add_cells(row, result.coco);
    table.rows.push_back(std::move(row));
  }
  return table;
}

eval::Table curve_table(const DetectionReport& report) {
  eval::Table table;
  table.columns = {{"class"}, {"rank"}, {"image"}, {"score"}, {"outcome"}, {"recall"}, {"precision"}};
  const auto present = [](double value) { return value == value ? eval::Cell(value) : eval::Cell(); };
  for (size_t k = 0; k < report.results.size(); ++k) {
    const ClassResult& result = report.results[k];
    for (size_t i = 0; i < result.matches.list.size(); ++i) {
      const eval::Match& match = result.matches.list[i];
      const eval::ScoredBox& detection = report.samples[k].detections[static_cast<size_t>(match.detection)];
      table.rows.push_back({report.class_names[k], static_cast<int64_t>(i + 1),
                            report.image_ids[static_cast<size_t>(detection.image)], static_cast<float>(detection.score),
                            std::string(kOutcomeNames[static_cast<size_t>(match.outcome)]),
                            present(result.curve.recall[i]), present(result.curve.precision[i])});
    }
  }
  return table;
}

eval::Table error_table(const ErrorReport& errors) {
  eval::Table table;
  table.columns = {{"kind"}, {"name"}, {"false_positives"}, {"first"}};
  for (const char* name : eval::kErrorTypeNames) table.columns.push_back({name});
  for (const auto& entry : errors.entries) {
    for (const auto& shares : entry.shares) {
      std::vector<eval::Cell> row = {entry.kind, entry.name, entry.errors, shares.first};
      for (const double share : shares.shares) row.emplace_back(share);
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

eval::Table sensitivity_table(const DetectionReport& report, const SensitivityReport& sensitivity) {
  eval::Table table;
  table.columns = {{"kind"}, {"name"}, {"characteristic"}, {"subset"}, {"objects"}, {"normalized_ap"}};
  const auto add = [&](const char* kind, const std::string& name, const std::string& characteristic,
                       const std::string& subset, eval::Cell objects, const std::optional<double>& ap) {
    table.rows.push_back({std::string(kind), name, characteristic, subset, std::move(objects), eval::cell(ap)});
  };
  add("mean", "all", "all", "all", {}, sensitivity.mean_ap);
  for (const auto& mean : sensitivity.means) {
    for (const auto& subset : mean.subsets) {
      add("mean", "all", mean.characteristic, subset.name, subset.positives, subset.normalized_ap);
    }
    add("mean", "all", mean.characteristic, "best", {}, mean.best);
    add("mean", "all", mean.characteristic, "worst", {}, mean.worst);
  }
  for (size_t k = 0; k < sensitivity.classes.size(); ++k) {
    const auto& of_class = sensitivity.classes[k];
    add("class", report.class_names[k], "all", "all", report.results[k].matches.positives, of_class.normalized_ap);
    for (const auto& item : of_class.characteristics) {
      for (const auto& subset : item.subsets) {
        add("class", report.class_names[k], item.characteristic, subset.name, subset.positives, subset.normalized_ap);
      }
    }
  }
  return table;
}

}  // namespace fovea::rcnn
