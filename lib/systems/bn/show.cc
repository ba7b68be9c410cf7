// bn-train show: pictures of what runs recorded.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "eval/figure.h"
#include "systems/bn/commands.h"
#include "systems/bn/confusion.h"
#include "systems/bn/percentiles.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/run_record.h"
#include "train/history.h"
#include "train/model.h"

namespace fovea::bn {
namespace {

struct Run {
  std::string name;
  train::History history;
  PercentileLog percentiles;
};

Run read_run(const std::string& path, const std::string& name) {
  if (train::is_log_file(path)) return {name, train::read_log(path), {}};
  const io::CheckpointData data = io::read_checkpoint(path, {false, false, true});
  train::History history = train::log_of_checkpoint(data, path);
  PercentileLog percentiles = PercentileLog::stored(data, path);
  if (percentiles.steps().empty()) percentiles = {};
  return {name, std::move(history), std::move(percentiles)};
}

std::vector<Run> read_runs(const ShowOptions& options) {
  if (!options.names.empty() && options.names.size() != options.inputs.size()) {
    fail(ErrorKind::kUsage, "--names: expected {} names, one a file, found {}", options.inputs.size(),
         options.names.size());
  }
  std::vector<Run> runs;
  for (size_t i = 0; i < options.inputs.size(); ++i) {
    const std::string file = base_name(options.inputs[i]);
    runs.push_back(
        read_run(options.inputs[i], options.names.empty() ? file.substr(0, file.find('.')) : options.names[i]));
  }
  return runs;
}

std::vector<double> as_doubles(const std::vector<int64_t>& values) { return {values.begin(), values.end()}; }

eval::Panel step_panel(const ShowOptions& options, const std::string& y_label) {
  eval::Panel panel;
  panel.x.label = "step";
  panel.x.scale = options.log_steps ? eval::ScaleKind::kLog : eval::ScaleKind::kLinear;
  panel.y.label = y_label;
  return panel;
}

eval::Figure curves(const ShowOptions& options) {
  std::string label = options.metric;  // the name of a column
  std::replace(label.begin(), label.end(), '_', ' ');
  eval::Panel panel = step_panel(options, label);
  for (const Run& run : read_runs(options))
    panel.lines.push_back({run.name, as_doubles(run.history.steps()), run.history.column(options.metric)});
  return {options.title, "", {std::move(panel)}};
}

// One vertical scale for all panels, so that runs side by side compare by eye.
void share_vertical_axis(eval::Figure& figure) {
  double low = INFINITY, high = -INFINITY;
  for (const auto& panel : figure.panels) {
    for (const auto& line : panel.lines) {
      for (const double y : line.y) low = std::min(low, y), high = std::max(high, y);
    }
  }
  if (!(low < high)) return;
  for (auto& panel : figure.panels) panel.y.low = low, panel.y.high = high;
}

eval::Figure bias_drift(const ShowOptions& options) {
  constexpr std::string_view kPrefix = "bias_norm.";
  eval::Figure figure{options.title, "Euclidean norm of the bias before each batch_norm layer", {}};
  for (const Run& run : read_runs(options)) {
    eval::Panel panel = step_panel(options, "|b|");
    panel.title = run.name;
    for (const auto& column : run.history.names()) {
      if (column.starts_with(kPrefix))
        panel.lines.push_back(
            {column.substr(kPrefix.size()), as_doubles(run.history.steps()), run.history.column(column)});
    }
    if (panel.lines.empty())
      fail_data(run.name, "columns bias_norm.LAYER in the log (train with --keep-bias or --bn-mode naive)", "none");
    figure.panels.push_back(std::move(panel));
  }
  share_vertical_axis(figure);
  return figure;
}

eval::Panel percentile_panel(const ShowOptions& options, const Run& run, const std::string& layer, int64_t unit) {
  const auto& values = run.percentiles.values(layer);
  const auto units = static_cast<size_t>(run.percentiles.units(layer));
  eval::Panel panel = step_panel(options, fmt::format("input of {}, unit {}", layer, unit));
  const double drift = median_drift(values, static_cast<int64_t>(units), unit);
  panel.title = fmt::format("{} (drift of the median {:.2f})", run.name, drift);
  const auto steps = as_doubles(run.percentiles.steps());
  for (size_t level = 0; level < std::size(kPercentiles); ++level) {
    eval::Line line{fmt::format("{} %", kPercentiles[level]), steps, {}};
    for (size_t row = 0; row < steps.size(); ++row)
      line.y.push_back(values[(row * std::size(kPercentiles) + level) * units + static_cast<size_t>(unit)]);
    panel.lines.push_back(std::move(line));
  }
  return panel;
}

eval::Figure percentile_curves(const ShowOptions& options) {
  const auto runs = read_runs(options);
  eval::Figure figure{options.title, "15th, 50th and 85th percentile over the test images", {}};
  for (const Run& run : runs) {
    if (run.percentiles.empty()) fail_data(run.name, "recorded percentiles (train with --percentiles LAYER)", "none");
    const std::string layer = options.layer.empty() ? run.percentiles.layers().back() : options.layer;
    const auto& layers = run.percentiles.layers();
    if (std::find(layers.begin(), layers.end(), layer) == layers.end())
      fail(ErrorKind::kUsage, "--layer: expected {}, found '{}'", join(layers, " | "), printable(layer));
    const int64_t units = run.percentiles.units(layer);
    const int64_t unit = options.unit ? *options.unit : typical_unit(runs.back().percentiles.values(layer), units);
    if (unit >= units) fail(ErrorKind::kUsage, "--unit: expected 0..{}, found {}", units - 1, unit);
    figure.panels.push_back(percentile_panel(options, run, layer, unit));
  }
  share_vertical_axis(figure);
  return figure;
}

eval::Cell steps_cell(int64_t steps) { return steps >= 0 ? eval::Cell(steps) : eval::Cell(); }

// The median's drift of the typical unit of the last recorded layer; the unit is that of the last file, as in the spec
// (section 7: typical is chosen in the network without BN, which is named last).
eval::Cell drift_cell(const Run& run, const Run& reference) {
  if (run.percentiles.empty() || reference.percentiles.empty()) return {};
  const std::string layer = reference.percentiles.layers().back();
  const auto& layers = run.percentiles.layers();
  if (std::find(layers.begin(), layers.end(), layer) == layers.end()) return {};
  const int64_t units = run.percentiles.units(layer);
  if (units != reference.percentiles.units(layer)) return {};
  return median_drift(run.percentiles.values(layer), units, typical_unit(reference.percentiles.values(layer), units));
}

eval::Table summary(const ShowOptions& options) {
  const auto runs = read_runs(options);
  eval::Table table;
  table.columns = {{"run"}, {"steps"}, {"last"}, {"best"}};
  for (const double target : options.targets) table.columns.push_back({"steps_to_" + format_number(target)});
  for (const double target : options.targets) table.columns.push_back({"times_fewer_" + format_number(target), 1});
  table.columns.push_back({"median_drift", 2});
  for (const Run& run : runs) {
    const auto& values = run.history.column(options.metric);
    if (values.empty()) fail_data(run.name, "reports in the log", "none");
    std::vector<eval::Cell> row = {run.name, run.history.steps().back(), values.back(),
                                   *std::max_element(values.begin(), values.end())};
    for (const double target : options.targets)
      row.push_back(steps_cell(run.history.first_step_reaching(options.metric, target)));
    for (const double target : options.targets) {
      const int64_t own = run.history.first_step_reaching(options.metric, target),
                    last = runs.back().history.first_step_reaching(options.metric, target);
      row.push_back(own > 0 && last > 0 ? eval::Cell(static_cast<double>(last) / static_cast<double>(own))
                                        : eval::Cell());
    }
    row.push_back(drift_cell(run, runs.back()));
    table.rows.push_back(std::move(row));
  }
  return table;
}

void show_confusion(const ShowOptions& options) {
  if (options.data.empty()) fail(ErrorKind::kUsage, "--what confusion: expected --data, found nothing");
  if (options.inputs.size() != 1)
    fail(ErrorKind::kUsage, "--what confusion: expected one checkpoint, found {}", options.inputs.size());
  train::Model model = train::load_model(options.inputs[0]);
  const data::ImageSource source = open_split(options.data, options.split, 0, false);
  const int64_t classes = model.network.output_shape().shape.count();
  check_labels(model.labels, classes, source);
  const auto probabilities = class_probabilities(model.network, model.preprocess, source, {}, [] { return false; });
  const std::string title =
      options.title.empty() ? fmt::format("{} on {}", base_name(model.path), source.name()) : options.title;
  draw_confusion(confusion_of(*probabilities, source, classes), class_names(model, source, classes), options.output,
                 title);
}

}  // namespace

int show(const ShowOptions& options, const cli::Invocation& invocation) {
  if (options.what == "summary") {
    print_table(summary(options), invocation);
    return 0;
  }
  if (options.output.empty()) fail(ErrorKind::kUsage, "--output: expected a file, found nothing");
  eval::figure_format(options.output);
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  probe_output(options.output, policy.no_clobber);
  if (options.what == "confusion")
    show_confusion(options);
  else if (options.what == "bias")
    eval::write_figure(bias_drift(options), options.output, policy);
  else if (options.what == "percentiles")
    eval::write_figure(percentile_curves(options), options.output, policy);
  else
    eval::write_figure(curves(options), options.output, policy);
  log::info("{}", options.output);
  return 0;
}

}  // namespace fovea::bn
