// The made-up classification problem that our solver and liblinear are timed on: dense rows of mean norm 20, one in
// fifty a positive, shifted along a sixteenth of the directions.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/rng.h"

struct SvmRows {
  std::vector<float> values;   // [rows, dimension]
  std::vector<int8_t> labels;  // +1, -1
};

inline SvmRows make_svm_rows(int64_t rows, int64_t dimension) {
  SvmRows out;
  out.values.resize(static_cast<size_t>(rows * dimension));
  const double scale = 20 / std::sqrt(static_cast<double>(dimension));
  for (int64_t r = 0; r < rows; ++r) {
    fovea::Rng rng(1, fovea::RngPurpose::kTest, 0, static_cast<uint64_t>(r));
    out.labels.push_back(r % 50 == 0 ? 1 : -1);
    for (int64_t d = 0; d < dimension; ++d) {
      const double shift = out.labels.back() > 0 && d % 16 == 0 ? 0.2 : 0;
      out.values[static_cast<size_t>(r * dimension + d)] = static_cast<float>((rng.normal() + shift) * scale);
    }
  }
  return out;
}
