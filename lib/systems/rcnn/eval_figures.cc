// The drawings of rcnn-detect eval.
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "systems/rcnn/eval_axis.h"
#include "systems/rcnn/eval_report.h"

namespace fovea::rcnn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.1f} %", 100 * *share) : std::string("n/a");
}

std::string title_of(const DetectionReport& report) {
  return fmt::format("mAP {} (11-point {}) at IoU {}", percent(report.map_area()), percent(report.map_11()),
                     report.policy.min_overlap);
}

// One count only: bars. More: the shares stacked over a logarithmic axis of counts, as in the paper.
eval::Panel error_panel(const ErrorReport::Entry& entry) {
  eval::Panel panel;
  panel.title = fmt::format("{} ({})", entry.name, entry.errors);
  const auto names = eval::kErrorTypeNames;
  if (entry.shares.size() == 1) {
    const auto& shares = entry.shares[0].shares;
    panel.y = share_axis("share", kBarsHigh);
    panel.bars = eval::Bars{{names.begin(), names.end()}, {{"", {shares.begin(), shares.end()}}}, 2};
    return panel;
  }
  panel.y = share_axis("share");
  panel.x.label = "false positives, best first";
  panel.x.scale = eval::ScaleKind::kLog;
  std::vector<double> counts, low(entry.shares.size(), 0.0);
  for (const auto& shares : entry.shares) counts.push_back(static_cast<double>(shares.first));
  for (size_t type = 0; type < names.size(); ++type) {
    std::vector<double> high = low;
    for (size_t i = 0; i < high.size(); ++i) high[i] += entry.shares[i].shares[type];
    const int hue = static_cast<int>(type);
    panel.bands.push_back({names[type], counts, low, high, hue});
    panel.lines.push_back({"", counts, high, hue, eval::Dash::kSolid, 1, false});
    low = std::move(high);
  }
  return panel;
}

}  // namespace

eval::Figure curve_figure(const DetectionReport& report) {
  eval::Figure figure;
  figure.title = title_of(report);
  figure.panel_width = 300;
  figure.panel_height = 240;
  for (size_t k = 0; k < report.results.size(); ++k) {
    const ClassResult& result = report.results[k];
    if (result.matches.positives == 0) continue;
    eval::Panel panel;
    panel.title = fmt::format("{} {}", report.class_names[k], percent(result.ap_area));
    panel.x = share_axis("recall");
    panel.y = share_axis("precision");
    panel.lines.push_back({"", result.curve.recall, result.curve.precision});
    figure.panels.push_back(std::move(panel));
  }
  return figure;
}

eval::Figure class_figure(const DetectionReport& report) {
  eval::Panel panel;
  panel.y = share_axis("average precision", kBarsHigh);
  eval::Bars bars;
  bars.groups = {{"area", {}}, {"11-point", {}}};
  for (size_t k = 0; k < report.results.size(); ++k) {
    bars.categories.push_back(report.class_names[k]);
    bars.groups[0].values.push_back(report.results[k].ap_area.value_or(kNaN));
    bars.groups[1].values.push_back(report.results[k].ap_11.value_or(kNaN));
  }
  panel.bars = std::move(bars);
  if (const auto mean = report.map_area()) panel.guides.push_back({*mean, false, ""});
  eval::Figure figure;
  figure.title = title_of(report);
  figure.caption = "dashed: mean over classes (area)";
  figure.panel_width = std::max(620.0, 34.0 * static_cast<double>(report.results.size()));
  figure.panels.push_back(std::move(panel));
  return figure;
}

eval::Figure error_figure(const ErrorReport& errors) {
  eval::Figure figure;
  figure.title = "Types of false positives";
  figure.caption = "loc: badly placed or duplicate; sim: similar class; oth: other class; bg: background";
  figure.panel_width = 340;
  figure.panel_height = 240;
  for (const auto& entry : errors.entries) {
    if (!entry.shares.empty()) figure.panels.push_back(error_panel(entry));
  }
  return figure;
}

eval::Figure sensitivity_figure(const SensitivityReport& sensitivity) {
  eval::Figure figure;
  figure.title = "Normalised AP of parts of the objects, mean over classes";
  figure.caption = "dashed: all objects";
  figure.panel_width = 420;
  figure.panel_height = 280;
  eval::Panel ends;
  ends.title = "worst and best part of each class";
  eval::Bars bars;
  bars.groups = {{"worst", {}}, {"best", {}}};
  for (const auto& mean : sensitivity.means) {
    bars.categories.push_back(mean.characteristic);
    bars.groups[0].values.push_back(mean.worst.value_or(kNaN));
    bars.groups[1].values.push_back(mean.best.value_or(kNaN));
  }
  ends.bars = std::move(bars);
  figure.panels.push_back(std::move(ends));
  for (const auto& mean : sensitivity.means) {
    eval::Panel panel;
    panel.title = mean.characteristic;
    eval::Bars parts;
    parts.groups = {{"", {}}};
    for (const auto& subset : mean.subsets) {
      parts.categories.push_back(subset.name);
      parts.groups[0].values.push_back(subset.normalized_ap.value_or(kNaN));
    }
    panel.bars = std::move(parts);
    figure.panels.push_back(std::move(panel));
  }
  for (auto& panel : figure.panels) {
    panel.y = share_axis("normalised AP", kBarsHigh);
    if (sensitivity.mean_ap) panel.guides.push_back({*sensitivity.mean_ap, false, ""});
  }
  return figure;
}

}  // namespace fovea::rcnn
