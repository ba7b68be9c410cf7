// A linear support vector machine on dense features: L1 hinge loss, solved in the dual by coordinate descent.
//   Hsieh et al., "A dual coordinate descent method for large-scale linear SVM", ICML 2008 (algorithm 3, with
//   shrinking)
// With z = w x + b and bias feature B:
//   1/2 |w|^2 + 1/2 (b/B)^2 + C w+ sum over positives max(0, 1 - z) + C sum over negatives max(0, 1 + z)
// which is liblinear's -s 3 -c C -w1 w+ -B B: the bias is a feature of value B, and regularised.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace fovea::rcnn {

struct SvmConfig {
  double cost = 1e-3;          // C
  double positive_weight = 2;  // w+
  double bias_feature = 10;    // B
  double tolerance = 1e-4;     // stop when (primal - dual) <= tolerance * primal
  int64_t max_epochs = 2000;
};

// Rows [dimension], kept by the caller. Multipliers of rows that a former solution knew warm-start the next one.
struct SvmExamples {
  std::vector<const float*> rows;
  std::vector<int8_t> labels;       // +1 or -1
  std::vector<double> multipliers;  // alpha in [0, cost of the row]; updated by the solver
  void add(const float* row, int8_t label, double multiplier = 0) {
    rows.push_back(row);
    labels.push_back(label);
    multipliers.push_back(multiplier);
  }
  std::size_t size() const { return rows.size(); }
};

struct SvmSolution {
  std::vector<double> weights;  // [dimension]
  double bias = 0;
  double positive_loss = 0, negative_loss = 0, regularization = 0;  // add up to the objective
  double gap = 0;                                                   // primal - dual, relative to the primal
  int64_t support_vectors = 0, epochs = 0;
  int64_t rows_read = 0;  // rows that passes over the examples fetched: what bounds the speed
  double objective() const { return positive_loss + negative_loss + regularization; }
};

// The visiting order is drawn from `seed`, so that equal calls give equal bits. Serial: run classes side by side.
// A problem with positives or negatives only is solved like any other.
SvmSolution solve_svm(SvmExamples& examples, int64_t dimension, const SvmConfig& config, uint64_t seed);

// Linear support vector regression, L1 epsilon-insensitive loss (liblinear -s 13), the same solver:
//   1/2 |w|^2 + 1/2 (b/B)^2 + C sum max(0, |z - y| - epsilon)          Ho & Lin, JMLR 2012
struct SvrConfig {
  double cost = 1, epsilon = 0.1, bias_feature = 10, tolerance = 1e-3;
  int64_t max_epochs = 1000;
};
SvmSolution solve_svr(const std::vector<const float*>& rows, const std::vector<double>& targets, int64_t dimension,
                      const SvrConfig& config, uint64_t seed);

}  // namespace fovea::rcnn
