#include <cmath>

#include "base/error.h"
#include "systems/advgen/report_tables.h"

namespace fovea::advgen {
namespace {

using Place = double (*)(const AttackRow&);

constexpr size_t kFewestPoints = 3;  // two restarts make no curve

eval::Panel panel(const Report& report, const char* title, const char* x_label,
                  std::vector<AttackRow> ModelReport::*rows, Place place) {
  eval::Panel out;
  out.title = title;
  out.x.label = x_label;
  out.y.label = "accuracy";
  out.y.low = 0;
  out.y.high = 1;
  for (size_t m = 0; m < report.models.size(); ++m) {
    const ModelReport& model = report.models[m];
    if ((model.*rows).size() < kFewestPoints) continue;
    const int hue = static_cast<int>(m);
    eval::Line line{model.name, {}, {}, hue};
    line.markers = true;
    eval::Band band{"", {}, {}, {}, hue};
    for (const AttackRow& row : model.*rows) {
      const eval::Interval interval = row.interval();
      line.x.push_back(place(row));
      line.y.push_back(row.accuracy());
      band.x.push_back(place(row));
      band.low.push_back(interval.low);
      band.high.push_back(interval.high);
    }
    out.lines.push_back(std::move(line));
    out.bands.push_back(std::move(band));
  }
  return out;
}

}  // namespace

eval::Figure curve_figure(const Report& report) {
  eval::Figure figure{"Accuracy under PGD", "bands: 95 % intervals", {}};
  const auto add = [&](eval::Panel made) {
    if (!made.lines.empty()) figure.panels.push_back(std::move(made));
  };
  eval::Panel epsilon =
      panel(report, "against the size of the perturbation",
            report.effort.norm == ops::Norm::kLinf ? "epsilon (Linf, of 255)" : "epsilon (L2)", &ModelReport::curve,
            report.effort.norm == ops::Norm::kLinf ? Place([](const AttackRow& row) { return 255 * row.epsilon; })
                                                   : Place([](const AttackRow& row) { return row.epsilon; }));
  if (!report.models.empty() && report.models[0].classes > 1) {
    epsilon.guides.push_back({1 / static_cast<double>(report.models[0].classes), false, "chance"});
  }
  add(std::move(epsilon));
  eval::Panel steps = panel(report, "against the number of steps", "steps", &ModelReport::step_curve,
                            [](const AttackRow& row) { return static_cast<double>(row.steps); });
  steps.x.scale = eval::ScaleKind::kLog;
  add(std::move(steps));
  add(panel(report, "against the number of restarts", "restarts", &ModelReport::restart_curve,
            [](const AttackRow& row) { return static_cast<double>(row.restarts); }));
  if (figure.panels.empty()) fail(ErrorKind::kUsage, "--draw: expected a curve of at least 3 points, found fewer");
  return figure;
}

}  // namespace fovea::advgen
