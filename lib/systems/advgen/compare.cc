#include "systems/advgen/compare.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "systems/advgen/epsilon.h"
#include "systems/advgen/report.h"
#include "systems/run_record.h"

namespace fovea::advgen {
namespace {

std::string percent(double share) { return fmt::format("{:.1f} %", 100 * share); }

std::string title_of(const Results& results, const std::string& quantity) {
  const auto steps = results.steps.find(quantity), restarts = results.restarts.find(quantity);
  const int64_t step_count = steps == results.steps.end() ? 0 : steps->second;
  const int64_t restart_count = restarts == results.restarts.end() ? 0 : restarts->second;
  if (quantity == kFgsmRow) return results.norm == "l2" ? "FGM-L2" : "FGSM";
  if (quantity == kPgdRow) return fmt::format("PGD-{}", step_count);
  if (quantity == kPgdCeRow) return fmt::format("PGD-{} x {} ce", step_count, restart_count);
  if (quantity == kPgdMarginRow) return fmt::format("PGD-{} x {} margin", step_count, restart_count);
  if (quantity == kGeneratorRow) return "own generator";
  if (quantity == kWorstRow) return "worst case";
  if (quantity == "train") return "training";
  return quantity;
}

bool has_method(const Results& results, const std::string& method) {
  const auto methods = methods_of(results);
  return std::find(methods.begin(), methods.end(), method) != methods.end();
}

std::string interval_text(const eval::Interval& interval) {
  return fmt::format("95 % interval {:+.2f} .. {:+.2f} points", 100 * interval.low, 100 * interval.high);
}

// Two ways to read the paper's claim of lower generalisation error. A small gap alone may come from fitting the
// training images badly, as dropout does.
struct Claim {
  const char *quantity, *name;
  bool lower_is_better;
};
constexpr Claim kClaims[] = {{"gap", "Generalisation gap", true}, {kCleanRow, "Test accuracy", false}};

// "Generalisation gap of gat against plain: lower (-1.20 points over 3 seeds, 95 % interval ...)."
std::string claim_sentence(const Results& results, const Claim& about, const std::string& method,
                           const std::string& other) {
  const PairedDifference difference = paired_difference(results, method, other, about.quantity);
  const std::string subject = fmt::format("{} of {} against {}", about.name, printable(method), printable(other));
  if (!difference.interval) {
    return fmt::format("{}: no difference shown, {} pair{} of equal seed.", subject, difference.differences.size(),
                       difference.differences.size() == 1 ? "" : "s");
  }
  const std::string numbers = fmt::format("{:+.2f} points over {} seeds, {}", 100 * difference.moments->mean,
                                          difference.moments->count, interval_text(*difference.interval));
  if (difference.interval->contains(0)) return fmt::format("{}: no difference shown ({}).", subject, numbers);
  const bool lower = difference.moments->mean < 0;
  // The paper's claim is about GAT alone; for the other methods the sign is stated and no more.
  const std::string claim = !method.starts_with("gat")       ? ""
                            : lower == about.lower_is_better ? " This supports the paper's claim on these data."
                                                             : " This contradicts the paper's claim on these data.";
  return fmt::format("{}: {} ({}).{}", subject, lower ? "lower" : "higher", numbers, claim);
}

std::string strongest_quantity(const Results& results) {
  const auto quantities = quantities_of(results);
  for (const char* name : {kPgdMarginRow, kPgdCeRow, kPgdRow}) {
    if (std::find(quantities.begin(), quantities.end(), name) != quantities.end()) return name;
  }
  return "";
}

std::string left_sentence(const Results& results, const std::string& method, const std::string& attack) {
  const auto left = values_of(results, method, attack), clean = values_of(results, method, kCleanRow);
  if (left.empty() || clean.empty()) return "";
  const auto moments = eval::mean_deviation(left);
  std::string out = fmt::format("{}: {}", printable(method), percent(moments.mean));
  if (moments.deviation) out += fmt::format(" (deviation {:.1f})", 100 * *moments.deviation);
  out += fmt::format(" of {} clean", percent(eval::mean_deviation(clean).mean));
  const auto own = values_of(results, method, kGeneratorRow);
  if (!own.empty()) out += fmt::format("; {} under its own generator", percent(eval::mean_deviation(own).mean));
  return out + ".";
}

std::string mean_text(const std::vector<double>& values) {
  if (values.empty()) return "";
  const auto moments = eval::mean_deviation(values);
  return moments.deviation ? fmt::format("{:.1f} ± {:.1f}", 100 * moments.mean, 100 * *moments.deviation)
                           : fmt::format("{:.1f}", 100 * moments.mean);
}

std::string suspicious_section(const Results& results) {
  std::string out;
  for (const ComparedModel& model : results.models) {
    if (model.suspicious != "none")
      out += fmt::format("* {} (seed {}): {}\n", printable(model.method), model.seed, printable(model.suspicious));
  }
  return out.empty()
             ? ""
             : "## Signs of gradient masking\n\nThe accuracies of these models may overstate their robustness.\n\n" +
                   out + "\n";
}

// method x quantity.
std::string wide_table(const Results& results,
                       const std::function<std::string(const std::string&, const std::string&)>& cell) {
  std::string out = "| method |", rule = "| :-- |";
  for (const std::string& quantity : quantities_of(results))
    out += " " + title_of(results, quantity) + " |", rule += " --: |";
  out += "\n" + rule + "\n";
  for (const std::string& method : methods_of(results)) {
    out += "| " + printable(method) + " |";
    for (const std::string& quantity : quantities_of(results)) out += " " + cell(method, quantity) + " |";
    out += "\n";
  }
  return out + "\n";
}

}  // namespace

eval::Table comparison_table(const Results& results, const std::string& baseline) {
  eval::Table table;
  table.columns = {{"method"},         {"quantity"},       {"seeds"},      {"mean"},
                   {"deviation"},      {"pairs"},          {"difference"}, {"difference_deviation"},
                   {"difference_low"}, {"difference_high"}};
  for (const std::string& method : methods_of(results)) {
    for (const std::string& quantity : quantities_of(results)) {
      const auto values = values_of(results, method, quantity);
      if (values.empty()) continue;
      const auto moments = eval::mean_deviation(values);
      std::vector<eval::Cell> row{method, quantity, moments.count, moments.mean, eval::cell(moments.deviation)};
      const PairedDifference difference =
          method == baseline ? PairedDifference{} : paired_difference(results, method, baseline, quantity);
      row.emplace_back(static_cast<int64_t>(difference.differences.size()));
      row.push_back(difference.moments ? eval::Cell(difference.moments->mean) : eval::Cell());
      row.push_back(difference.moments ? eval::cell(difference.moments->deviation) : eval::Cell());
      row.push_back(difference.interval ? eval::Cell(difference.interval->low) : eval::Cell());
      row.push_back(difference.interval ? eval::Cell(difference.interval->high) : eval::Cell());
      table.rows.push_back(std::move(row));
    }
  }
  return table;
}

std::vector<std::string> comparison_sentences(const Results& results, const std::string& baseline) {
  std::vector<std::string> out;
  const auto quantities = quantities_of(results);
  const bool has_gap = std::find(quantities.begin(), quantities.end(), "gap") != quantities.end();
  if (!has_gap) out.emplace_back("Generalisation gap: not measured (eval --gap).");
  for (const std::string& method : methods_of(results)) {
    if (!method.starts_with("gat")) continue;
    for (const Claim& claim : kClaims) {
      if (!has_gap && claim.lower_is_better) continue;
      if (has_method(results, baseline)) out.push_back(claim_sentence(results, claim, method, baseline));
      if (baseline != "dropout" && has_method(results, "dropout"))
        out.push_back(claim_sentence(results, claim, method, "dropout"));
    }
  }
  const std::string attack = strongest_quantity(results);
  if (attack.empty()) return out;
  out.push_back(fmt::format("What is left under {} at {} {}:", title_of(results, attack),
                            results.norm == "l2" ? "L2" : "Linf", epsilon_text(results.epsilon)));
  for (const std::string& method : methods_of(results)) {
    const std::string sentence = left_sentence(results, method, attack);
    if (!sentence.empty()) out.push_back(sentence);
  }
  return out;
}

std::string comparison_markdown(const Results& results, const std::string& baseline) {
  std::string out = fmt::format(
      "# Methods of adversarial training\n\nAccuracy in percent, mean ± deviation over seeds; {} images, {} {}.\n\n",
      results.images, results.norm == "l2" ? "L2" : "Linf", epsilon_text(results.epsilon));
  out += wide_table(results, [&](const std::string& method, const std::string& quantity) {
    return mean_text(values_of(results, method, quantity));
  });
  if (has_method(results, baseline) && methods_of(results).size() > 1) {
    out += fmt::format("## Difference to {}\n\nPoints, paired by seed: mean (95 % interval).\n\n", printable(baseline));
    out += wide_table(results, [&](const std::string& method, const std::string& quantity) -> std::string {
      if (method == baseline) return "";
      const PairedDifference difference = paired_difference(results, method, baseline, quantity);
      if (!difference.moments) return "";
      if (!difference.interval) return fmt::format("{:+.1f}", 100 * difference.moments->mean);
      return fmt::format("{:+.1f} ({:+.1f} .. {:+.1f})", 100 * difference.moments->mean, 100 * difference.interval->low,
                         100 * difference.interval->high);
    });
  }
  out += suspicious_section(results) + "## In words\n\n";
  for (const std::string& sentence : comparison_sentences(results, baseline)) out += "* " + sentence + "\n";
  return out;
}

void declare_compare(cli::OptionTable& table, CompareOptions& options) {
  table.operand("RESULT", options.inputs, "What eval --format jsonl printed, of any number of models.", 1, -1);
  table.group("Report");
  table.add("baseline", options.baseline, "METHOD", "The method that the others are compared with.").source("[ours]");
  table.output(options.output, "Also write the comparison as Markdown.");
}

int compare(const CompareOptions& options, const cli::Invocation& invocation) {
  if (!options.output.empty()) probe_output(options.output, invocation.common.no_clobber);
  const Results results = read_results(options.inputs);
  if (invocation.was_given("baseline") && !has_method(results, options.baseline)) {
    fail(ErrorKind::kUsage, "--baseline: expected one of {}, found '{}'", join(methods_of(results), " "),
         printable(options.baseline));
  }
  if (!options.output.empty())
    write_file(options.output, comparison_markdown(results, options.baseline), {invocation.common.no_clobber, 0});
  print_table(comparison_table(results, options.baseline), invocation);
  for (const std::string& sentence : comparison_sentences(results, options.baseline)) log::info("{}", sentence);
  return 0;
}

}  // namespace fovea::advgen
