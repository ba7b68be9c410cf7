// rcnn-propose eval
#include <algorithm>
#include <limits>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "eval/figure.h"
#include "eval/proposal_quality.h"
#include "io/proposals_file.h"
#include "systems/rcnn/eval_axis.h"
#include "systems/rcnn/eval_options.h"
#include "systems/rcnn/eval_truth.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

std::string recall_column(double threshold) { return "recall_" + format_number(threshold); }

template <typename T>
std::vector<T> sorted_once(std::vector<T> values) {
  std::sort(values.begin(), values.end());
  values.erase(std::unique(values.begin(), values.end()), values.end());
  return values;
}

std::vector<std::string> quality_names(const std::vector<double>& thresholds) {
  std::vector<std::string> names = {"boxes_per_image", "mabo"};
  for (const double threshold : thresholds) names.push_back(recall_column(threshold));
  return names;
}

eval::ProposalQuality measure(const ProposeEvalOptions& options, const EvalTruth& truth) {
  const io::ProposalsReader reader(options.proposals);
  ListedImages listed(truth, options.proposals);
  eval::ProposalQuality quality(truth.classes(), sorted_once(options.counts));
  for (int64_t i = 0; i < reader.count(); ++i) {
    const auto image = listed.add(reader.image_ids()[static_cast<size_t>(i)]);
    if (image) quality.add(truth.objects_of(*image), reader.read(i).boxes, options.count_difficult);
  }
  listed.report(options.listed_only);
  for (int64_t image = 0; image < truth.images(); ++image) {
    if (listed.is_listed(image) || options.listed_only) continue;
    quality.add(truth.objects_of(image), {}, options.count_difficult);
  }
  return quality;
}

// A row for each column of the measure from `first` on; the last takes all boxes.
eval::Table quality_table(const eval::ProposalQuality& quality, const std::vector<double>& thresholds, int64_t first) {
  eval::Table table;
  table.columns = {{"count"}, {"images"}, {"objects"}, {"boxes_per_image", 1}, {"mabo"}, {"mabo_deviation"}};
  for (const double threshold : thresholds) table.columns.push_back({recall_column(threshold)});
  for (int64_t column = first; column < quality.columns(); ++column) {
    const auto count = quality.count(column);
    std::vector<eval::Cell> row = {count ? eval::Cell(*count) : eval::Cell(std::string("all")),
                                   quality.images(),
                                   quality.objects(),
                                   eval::cell(quality.boxes_per_image(column)),
                                   eval::cell(quality.mean_average_best_overlap(column)),
                                   eval::cell(quality.abo_deviation(column))};
    for (const double threshold : thresholds) row.push_back(eval::cell(quality.recall(column, threshold)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

eval::Table class_table(const eval::ProposalQuality& quality, const std::vector<double>& thresholds,
                        const std::vector<std::string>& names) {
  eval::Table table;
  table.columns = {{"class"}, {"objects"}, {"abo"}};
  for (const double threshold : thresholds) table.columns.push_back({recall_column(threshold)});
  const int64_t all = quality.columns() - 1;
  for (size_t i = 0; i < names.size(); ++i) {
    const auto k = static_cast<int64_t>(i);
    std::vector<eval::Cell> row = {names[i], quality.objects(k), eval::cell(quality.average_best_overlap(all, k))};
    for (const double threshold : thresholds) row.push_back(eval::cell(quality.recall(all, threshold, k)));
    table.rows.push_back(std::move(row));
  }
  return table;
}

// Over the number of boxes of an image, as many as there were.
eval::Panel count_panel(const eval::ProposalQuality& quality, const std::string& label,
                        const std::vector<eval::Line>& lines) {
  eval::Panel panel;
  panel.x.label = "boxes per image";
  panel.x.scale = eval::ScaleKind::kLog;
  panel.y = share_axis(label);
  panel.lines = lines;
  for (auto& line : panel.lines) {
    line.markers = true;
    for (int64_t column = 0; column < quality.columns(); ++column) {
      line.x.push_back(quality.boxes_per_image(column).value_or(kNaN));
    }
  }
  return panel;
}

eval::Figure quality_figure(const eval::ProposalQuality& quality, const std::vector<double>& thresholds) {
  eval::Line mabo;
  std::vector<eval::Line> recalls;
  for (int64_t column = 0; column < quality.columns(); ++column) {
    mabo.y.push_back(quality.mean_average_best_overlap(column).value_or(kNaN));
  }
  eval::Panel by_iou;
  by_iou.x.label = "IoU";
  by_iou.y = share_axis("recall");
  for (int64_t column = 0; column < quality.columns(); ++column) {
    const auto count = quality.count(column);
    eval::Line line;
    line.label = count ? std::to_string(*count) : "all";
    line.x = thresholds;
    for (const double threshold : thresholds) line.y.push_back(quality.recall(column, threshold).value_or(kNaN));
    by_iou.lines.push_back(std::move(line));
  }
  for (const double threshold : thresholds) {
    eval::Line line;
    line.label = "IoU > " + format_number(threshold);
    for (int64_t column = 0; column < quality.columns(); ++column) {
      line.y.push_back(quality.recall(column, threshold).value_or(kNaN));
    }
    recalls.push_back(std::move(line));
  }
  eval::Figure figure;
  figure.columns = 3;
  figure.panel_width = 460;
  figure.panels = {count_panel(quality, "mean average best overlap", {mabo}), count_panel(quality, "recall", recalls),
                   std::move(by_iou)};
  return figure;
}

eval::Figure class_figure(const eval::ProposalQuality& quality, const std::vector<std::string>& names) {
  const int64_t all = quality.columns() - 1;
  eval::Panel panel;
  panel.y = share_axis("average best overlap", kBarsHigh);
  eval::Bars bars;
  bars.categories = names;
  bars.groups = {{"", {}}};
  for (size_t k = 0; k < names.size(); ++k) {
    bars.groups[0].values.push_back(quality.average_best_overlap(all, static_cast<int64_t>(k)).value_or(kNaN));
  }
  panel.bars = std::move(bars);
  if (const auto mean = quality.mean_average_best_overlap(all)) panel.guides.push_back({*mean, false, ""});
  eval::Figure figure;
  figure.caption = "dashed: mean over classes";
  figure.panel_width = std::max(620.0, 34.0 * static_cast<double>(names.size()));
  figure.panels.push_back(std::move(panel));
  return figure;
}

}  // namespace

int propose_eval(const ProposeEvalOptions& options, const cli::Invocation& invocation) {
  const auto thresholds = sorted_once(options.iou);
  std::optional<Requirement> requirement;
  if (!options.require.empty()) requirement.emplace(options.require, quality_names(thresholds));
  if (!options.draw.empty()) {
    eval::figure_format(options.draw);
    probe_output(options.draw, invocation.common.no_clobber);
  }
  const EvalTruth truth(options.truth, options.split);
  const eval::ProposalQuality quality = measure(options, truth);
  const eval::Table summary = quality_table(quality, thresholds, quality.columns() - 1);
  const bool by_class = options.report == "classes";
  if (by_class) {
    print_table(class_table(quality, thresholds, truth.class_names()), invocation);
  } else {
    print_table(options.report == "curve" ? quality_table(quality, thresholds, 0) : summary, invocation);
  }
  if (!options.draw.empty()) {
    eval::Figure figure = by_class ? class_figure(quality, truth.class_names()) : quality_figure(quality, thresholds);
    figure.title = base_name(options.proposals) + " on " + truth.name();
    eval::write_figure(figure, options.draw, {invocation.common.no_clobber, 0});
  }
  if (quality.objects() == 0) log::warning("no objects in {} images", quality.images());
  if (requirement && !requirement->holds(summary)) {
    log::error("--require {}: not fulfilled", options.require);
    return static_cast<int>(ErrorKind::kNegative);
  }
  return 0;
}

}  // namespace fovea::rcnn
