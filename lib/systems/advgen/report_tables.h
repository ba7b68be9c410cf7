// A robustness report as tables, as text and as figures.
#pragma once

#include <string>
#include <vector>

#include "eval/figure.h"
#include "eval/table.h"
#include "systems/advgen/report.h"
#include "systems/advgen/report_checks.h"

namespace fovea::advgen {

// models x models at one epsilon: accuracy of the column on pictures made on the row; the diagonal is PGD itself.
struct TransferMatrix {
  std::vector<std::string> sources, targets;
  std::vector<std::optional<double>> accuracy;  // [sources,targets]
};

struct Report {
  std::vector<ModelReport> models;
  std::vector<std::vector<Check>> checks;  // of each model
  TransferMatrix transfer;
  ReportEffort effort;
  std::string data_name, split;
};

// A row per model and attack, then the curves. Column `part`: attack, curve, step-curve, restart-curve, train.
eval::Table attack_table(const Report& report);
// A row per model and image: the smallest epsilon that fools it; no number where none did.
eval::Table smallest_table(const Report& report);
eval::Table check_table(const Report& report);
eval::Table transfer_table(const Report& report);

// One row per model, a column per attack, in which '-' of a name is kept: what --require looks into.
eval::Table requirement_table(const ModelReport& report);
std::vector<std::string> requirement_names();

// The whole report as Markdown. The first line warns if a check is suspicious. `figure`: a picture to show, or "".
std::string markdown(const Report& report, const std::string& figure);
// What the numbers say about one model, in sentences.
std::vector<std::string> closing_sentences(const ModelReport& report, const std::vector<Check>& checks);
// "Linf 8/255"
std::string ball_text(ops::Norm norm, double epsilon);

// Accuracy against epsilon, steps and restarts, whatever was measured. REQUIRES a curve.
eval::Figure curve_figure(const Report& report);

}  // namespace fovea::advgen
