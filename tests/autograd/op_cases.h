// The table that the generic test of operations reads: one row or more for each function that returns a Var in
// lib/autograd/ops/*.h. A new op gets its rows in op_cases.cc; the test fails until it has one.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "autograd/var.h"

namespace fovea::testing {

struct OpInput {
  Shape shape;
  double low = -1.5, high = 1.5;  // values are uniform in [low, high]
  double gap = 0;                 // and at least this far from 0, where the op has a kink
  bool spaced = false;            // all values differ by (high - low) / count: for maxima
  bool batched = true;            // the outermost axis is the batch: 0 in the test of empty batches
};

enum class EmptyBatch { kWorks, kRefused };  // kRefused: Error(kData), because the op has no value there

struct OpCase {
  std::string op;       // the function's name
  std::string variant;  // what is special about this row
  std::vector<OpInput> inputs;
  std::function<Var(const std::vector<Var>&)> build;
  double tolerance = 2e-6;  // fast f32 path against the f32 reference, relative to the largest value
  bool small = true;        // false: too large for finite differences, compared against the reference only
  EmptyBatch empty = EmptyBatch::kWorks;
};

std::vector<OpCase> all_op_cases();
void add_attention_cases(std::vector<OpCase>& out);  // op_cases_attention.cc

// Families with files of their own.
void add_adversarial_cases(std::vector<OpCase>& out);

}  // namespace fovea::testing
