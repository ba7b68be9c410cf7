// The report for people: Markdown whose every sentence is made from the numbers.
#include <algorithm>
#include <cmath>

#include "base/text.h"
#include "systems/advgen/epsilon.h"
#include "systems/advgen/report_tables.h"

namespace fovea::advgen {
namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string points(double share) { return fmt::format("{:.1f} points", 100 * share); }

// For cells of a Markdown table, and names in sentences.
std::string cell_text(std::string_view text) {
  std::string out;
  for (const char c : printable(text, 200)) out += c == '|' ? std::string("\\|") : std::string(1, c);
  return out;
}

std::string attack_title(const AttackRow& row, ops::Norm norm) {
  if (row.attack == kCleanRow) return "clean";
  if (row.attack == kNoiseRow) return fmt::format("noise, worst of {} draws", row.restarts);
  if (row.attack == kFgsmRow) return norm == ops::Norm::kLinf ? "FGSM" : "FGM-L2";
  if (row.attack == kPgdRow) return fmt::format("PGD-{}", row.steps);
  if (row.attack == kPgdCeRow) return fmt::format("PGD-{} x {}, cross-entropy", row.steps, row.restarts);
  if (row.attack == kPgdMarginRow) return fmt::format("PGD-{} x {}, margin", row.steps, row.restarts);
  if (row.attack == kSquareRow) return fmt::format("Square, {} queries", row.steps);
  if (row.attack == kGeneratorRow) return row.counts ? "its own generator" : "its own generator, as large as it likes";
  if (row.attack == kTransferRow) return "transfer from other models";
  return "**worst case per image**";
}

std::string warning_line(const Report& report) {
  std::string out;
  for (size_t m = 0; m < report.models.size(); ++m) {
    const auto ids = suspicious_ids(report.checks[m]);
    if (!ids.empty())
      out += fmt::format("{}{} ({})", out.empty() ? "" : ", ", cell_text(report.models[m].name), join(ids, " "));
  }
  return out.empty()
             ? ""
             : fmt::format(
                   "**SUSPICIOUS: signs of gradient masking in {}. The accuracies below may not be robustness.**\n\n",
                   out);
}

std::string header(const Report& report) {
  const ReportEffort& e = report.effort;
  return fmt::format(
      "# Robustness report\n\nThreat model: untargeted; every picture may be moved inside an {} ball (pixels in 0..1, "
      "clipped to it).\n"
      "White box (FGSM, PGD): the attacker knows the network and its training. Black box: outputs only (Square, "
      "noise), or another\n"
      "network (transfer). Data: {}{}, {} images; seed of the attacks {}.\n"
      "Intervals: Wilson, 95 %, over these images. The searches (noise, PGD, Square) may leave a picture alone, so "
      "that clean errors\n"
      "count as lost; FGSM, generator and transfer are judged on the one picture that they make.\n\n",
      ball_text(e.norm, e.epsilon), cell_text(report.data_name),
      report.split.empty() ? "" : ", split " + cell_text(report.split), report.models.front().images, e.seed);
}

std::string training_text(const ModelReport& model) {
  if (model.method.empty()) return "method of training not recorded";
  std::string out = "trained by " + cell_text(model.method);
  if (!model.trained_norm.empty() && model.trained_epsilon > 0) {
    out += fmt::format(" at {} {}", model.trained_norm, epsilon_text(model.trained_epsilon));
  }
  if (model.train_seed) out += fmt::format(", seed {}", *model.train_seed);
  return out;
}

std::string row_line(const std::string& title, double accuracy, eval::Interval interval, int64_t images) {
  return fmt::format("| {} | {} | {:.1f} .. {:.1f} | {} |\n", title, percent(accuracy), 100 * interval.low,
                     100 * interval.high, images);
}

std::string attack_section(const ModelReport& model, ops::Norm norm) {
  std::string out = "| attack | accuracy | 95 % interval | images |\n| :-- | --: | --: | --: |\n";
  const auto add = [&](const AttackRow& row) {
    out += row_line(attack_title(row, norm), row.accuracy(), row.interval(), model.images);
  };
  for (const AttackRow& row : model.rows) add(row);
  if (const auto worst = model.worst()) add(*worst);
  if (model.generator_norm) {
    out += fmt::format("\nMean {} norm of its own generator: {:.4f}.\n", norm == ops::Norm::kLinf ? "Linf" : "L2",
                       *model.generator_norm);
  }
  if (model.train_accuracy) {
    out += fmt::format("\nTraining accuracy {} ({} images): generalisation gap {}.\n", percent(*model.train_accuracy),
                       model.train_images, points(*model.train_accuracy - model.at(kCleanRow).accuracy()));
  }
  return out + "\n";
}

std::string curve_section(const ModelReport& model) {
  std::string out;
  const auto add = [&](const char* heading, const std::vector<AttackRow>& rows,
                       const std::function<std::string(const AttackRow&)>& place) {
    if (rows.empty()) return;
    std::string first = fmt::format("| {} |", heading), rule = "| :-- |", second = "| accuracy |";
    for (const AttackRow& row : rows) {
      first += " " + place(row) + " |";
      rule += " --: |";
      second += " " + percent(row.accuracy()) + " |";
    }
    out += first + "\n" + rule + "\n" + second + "\n\n";
  };
  add("PGD, epsilon", model.curve,
      [](const AttackRow& row) { return row.epsilon > 0 ? epsilon_text(row.epsilon) : std::string("0"); });
  add("PGD, steps", model.step_curve, [](const AttackRow& row) { return std::to_string(row.steps); });
  add("PGD, restarts", model.restart_curve, [](const AttackRow& row) { return std::to_string(row.restarts); });
  return out;
}

std::string smallest_section(const ModelReport& model, const ReportEffort& effort) {
  if (!model.smallest) return "";
  const SmallestRadii& radii = *model.smallest;
  std::string first = "| share of images fooled |", rule = "| :-- |", second = "| smallest epsilon |";
  for (const int share : {10, 25, 50, 75, 90}) {
    const double radius = radii.quantile(share / 100.0);
    first += fmt::format(" {} % |", share);
    rule += " --: |";
    second += std::isinf(radius)                ? fmt::format(" > {:.3g} |", radii.largest)
              : effort.norm == ops::Norm::kLinf ? fmt::format(" {:.3g}/255 |", 255 * radius)
                                                : fmt::format(" {:.3g} |", radius);
  }
  return fmt::format(
      "{}\n{}\n{}\n\nSmallest ball in which PGD-{} fools an image, by bisection; clean errors count as 0.\n\n", first,
      rule, second, effort.steps);
}

// D8's numbers are a share and a norm, the others' are accuracies.
std::string number_text(const Check& c, bool second) {
  const double value = second ? *c.second : *c.first;
  return c.id == "D8" && second ? fmt::format("{:.2g}", value) : percent(value);
}

std::string check_section(const std::vector<Check>& checks) {
  std::string out = "| check | honest if | | | verdict |\n| :-- | :-- | :-- | :-- | :-- |\n";
  for (const Check& c : checks) {
    if (!c.was_run()) {
      out += fmt::format("| {} | {} | | | not run |\n", c.id, c.statement);
      continue;
    }
    out += fmt::format("| {} | {} | {}: {} | {}: {} | {} |\n", c.id, c.statement, c.first_name, number_text(c, false),
                       c.second_name, number_text(c, true), c.suspicious ? "**suspicious**" : "ok");
  }
  return out + "\n";
}

std::string transfer_section(const Report& report) {
  const TransferMatrix& matrix = report.transfer;
  if (matrix.sources.empty()) return "";
  std::string out = fmt::format(
      "## Transfer at {}\n\nAccuracy of the column's model on pictures made by PGD on the row's.\n\n| made on |",
      ball_text(report.effort.norm, report.effort.epsilon));
  std::string rule = "| :-- |";
  for (const auto& target : matrix.targets) out += " " + cell_text(target) + " |", rule += " --: |";
  out += "\n" + rule + "\n";
  for (size_t s = 0; s < matrix.sources.size(); ++s) {
    out += "| " + cell_text(matrix.sources[s]) + " |";
    for (size_t t = 0; t < matrix.targets.size(); ++t) {
      const auto& value = matrix.accuracy[s * matrix.targets.size() + t];
      out += value ? " " + percent(*value) + " |" : " |";
    }
    out += "\n";
  }
  return out + "\n";
}

}  // namespace

std::vector<std::string> closing_sentences(const ModelReport& model, const std::vector<Check>& checks) {
  std::vector<std::string> out;
  const auto gradients = model.gradient_attacks();
  const AttackRow &clean = model.at(kCleanRow), *fgsm = model.find(kFgsmRow), *own = model.find(kGeneratorRow),
                  *transfer = model.find(kTransferRow);
  if (gradients) {
    out.push_back(fmt::format("Under white-box PGD the accuracy is {} ({} without an attack).",
                              percent(gradients->accuracy()), percent(clean.accuracy())));
    const auto overstated = [&](const std::string& who, const AttackRow* row) {
      if (row == nullptr) return;
      const double by = row->accuracy() - gradients->accuracy();
      if (by > 0.005)
        out.push_back(
            fmt::format("The accuracy under {}, {}, overstates it by {}.", who, percent(row->accuracy()), points(by)));
    };
    overstated("its own generator", own);
    overstated("a single step", fgsm);
    overstated("transfer", transfer);
    if (gradients->interval().high < 1 / static_cast<double>(std::max<int64_t>(1, model.classes))) {
      out.emplace_back("That is less than guessing: the model is not robust in this threat model.");
    }
  }
  if (const auto worst = model.worst()) {
    const eval::Interval interval = worst->interval();
    out.push_back(fmt::format(
        "{} of {} images survive every attack: {}, 95 % interval {:.1f} .. {:.1f} %. Stronger attacks can only lower "
        "it.",
        worst->correct_count(), model.images, percent(worst->accuracy()), 100 * interval.low, 100 * interval.high));
  }
  const auto ids = suspicious_ids(checks);
  const auto run = std::count_if(checks.begin(), checks.end(), [](const Check& c) { return c.was_run(); });
  if (ids == std::vector<std::string>{"D6"}) {
    out.emplace_back("Suspicious: D6. The attacks had not converged; more steps and restarts would take more.");
  } else if (!ids.empty()) {
    out.push_back(fmt::format(
        "Suspicious: {}. Gradients of this model may mislead; its accuracies are no evidence of robustness.",
        join(ids, ", ")));
  } else if (run > 0) {
    out.push_back(fmt::format("No sign of gradient masking in the {} checks that were run.", run));
  }
  return out;
}

std::string markdown(const Report& report, const std::string& figure) {
  std::string out = warning_line(report) + header(report);
  if (!figure.empty()) out += fmt::format("![accuracy under attack]({})\n\n", figure);
  for (size_t m = 0; m < report.models.size(); ++m) {
    const ModelReport& model = report.models[m];
    out += fmt::format("## {}\n\n{} classes; {}.\n\n", cell_text(model.name), model.classes, training_text(model));
    out += attack_section(model, report.effort.norm) + curve_section(model) + smallest_section(model, report.effort) +
           check_section(report.checks[m]);
    for (const auto& sentence : closing_sentences(model, report.checks[m])) out += sentence + "\n";
    out += "\n";
  }
  return out + transfer_section(report);
}

}  // namespace fovea::advgen
