// What rcnn-detect eval measures, and how it is printed and drawn.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "eval/detection.h"
#include "eval/detection_errors.h"
#include "eval/figure.h"
#include "eval/table.h"

namespace fovea::rcnn {

struct ClassResult {
  eval::Matches matches;
  eval::PrecisionRecall curve;
  std::optional<double> ap_area, ap_11;
  eval::CocoMeasures coco;  // COCO rule only
};

struct DetectionReport {
  std::vector<std::string> class_names;
  std::vector<std::string> image_ids;
  int64_t images = 0;  // measured
  eval::MatchPolicy policy;
  std::vector<eval::TrueObject> objects;
  std::vector<eval::ClassSample> samples;  // one per class, as the rest
  std::vector<ClassResult> results;

  std::optional<double> map_area() const;
  std::optional<double> map_11() const;
  std::optional<double> median_area() const;
  std::vector<std::string> classes_without_objects() const;
};

// Matches and measures, classes in parallel. REQUIRES class and image indices in range.
DetectionReport measure_detections(std::vector<std::string> class_names, std::vector<std::string> image_ids,
                                   int64_t images, std::vector<eval::TrueObject> objects,
                                   const std::vector<eval::ScoredBox>& detections, const eval::MatchPolicy& policy);

// Numbers of the summary that --require may name.
std::vector<std::string> summary_names(eval::MatchRule rule);
eval::Table summary_table(const DetectionReport& report);  // one row
eval::Table class_table(const DetectionReport& report);
eval::Table curve_table(const DetectionReport& report);

// False positives of each class, and of groups of classes.
struct ErrorReport {
  struct Entry {
    std::string kind, name;  // kind: group, class
    int64_t errors = 0;
    std::vector<eval::ErrorShares> shares;
  };
  std::vector<Entry> entries;
};
// Groups: all classes, and each set of at least two of them that are taken for each other, but for the VOC pair of
// aeroplane and bird.
ErrorReport measure_errors(const DetectionReport& report, const std::vector<eval::ClassSet>& similar);
eval::Table error_table(const ErrorReport& errors);

struct SensitivityReport {
  std::vector<eval::ClassSensitivity> classes;
  std::vector<eval::MeanSensitivity> means;
  std::optional<double> mean_ap;  // of all objects
};
SensitivityReport measure_sensitivity(const DetectionReport& report, double normal_positives);
eval::Table sensitivity_table(const DetectionReport& report, const SensitivityReport& sensitivity);

eval::Figure curve_figure(const DetectionReport& report);  // precision over recall, a panel for each class
eval::Figure class_figure(const DetectionReport& report);  // APs as bars
eval::Figure error_figure(const ErrorReport& errors);
eval::Figure sensitivity_figure(const SensitivityReport& sensitivity);

}  // namespace fovea::rcnn
