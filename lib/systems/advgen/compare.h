// advgen-train compare: methods of training against each other, over seeds (spec adversarial-trainer sections 5, 8.6).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "cli/program.h"
#include "eval/statistics.h"
#include "eval/table.h"

namespace fovea::advgen {

struct CompareOptions {
  std::vector<std::string> inputs;
  std::string baseline = "plain";
  std::string output;
};
void declare_compare(cli::OptionTable& table, CompareOptions& options);
int compare(const CompareOptions& options, const cli::Invocation& invocation);

// What one model got: quantity ("clean", "pgd", ..., "train", "gap") -> share.
struct ComparedModel {
  std::string name, method;
  int64_t seed = 0;
  std::map<std::string, double> values;
  std::string suspicious;  // ids of checks, or "none"
};

struct Results {
  std::string norm;
  double epsilon = 0;
  int64_t images = 0;
  std::map<std::string, int64_t> steps, restarts;  // of each attack
  std::vector<ComparedModel> models;               // by method, then seed
};

// Rows of `eval --format jsonl`. Throws Error(kData) for other lines, results of different threat models, numbers of
// images or efforts, and for two models of one method and seed.
Results read_results(const std::vector<std::string>& paths);

// Methods in the order of the spec, quantities in that of the report.
std::vector<std::string> methods_of(const Results& results);
std::vector<std::string> quantities_of(const Results& results);
std::vector<double> values_of(const Results& results, const std::string& method, const std::string& quantity);

// A quantity of `method` minus that of `baseline`, seed by seed where both were run.
struct PairedDifference {
  std::vector<double> differences;
  std::optional<eval::MeanDeviation> moments;
  std::optional<eval::Interval> interval;  // 95 %, paired t; absent for fewer than two pairs
};
PairedDifference paired_difference(const Results& results, const std::string& method, const std::string& baseline,
                                   const std::string& quantity);

// A row per method and quantity: mean and deviation over seeds, the difference to the baseline.
eval::Table comparison_table(const Results& results, const std::string& baseline);
std::vector<std::string> comparison_sentences(const Results& results, const std::string& baseline);
std::string comparison_markdown(const Results& results, const std::string& baseline);

}  // namespace fovea::advgen
