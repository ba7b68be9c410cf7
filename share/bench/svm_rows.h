// The made-up classification problem that our solver and liblinear are timed on: dense rows of mean norm 20; of fifty
// rows one belongs to each class, shifted along a sixteenth of the directions, and the rest to none.
#pragma once

#include <cmath>
#include <cstdint>
#include <vector>

#include "base/rng.h"

struct SvmRows {
  std::vector<float> values;  // [rows, dimension]
  int64_t rows, dimension;
  const float* row(int64_t r) const { return values.data() + r * dimension; }
  // of row r in the problem of class c: +1 or -1
  static int8_t label(int64_t r, int64_t c) { return r % 50 == c ? 1 : -1; }
};

inline SvmRows make_svm_rows(int64_t rows, int64_t dimension, int64_t classes) {
  SvmRows out{std::vector<float>(static_cast<size_t>(rows * dimension)), rows, dimension};
  const double scale = 20 / std::sqrt(static_cast<double>(dimension));
  for (int64_t r = 0; r < rows; ++r) {
    fovea::Rng rng(1, fovea::RngPurpose::kTest, 0, static_cast<uint64_t>(r));
    for (int64_t d = 0; d < dimension; ++d) {
      const double shift = r % 50 < classes && d % 16 == r % 50 % 16 ? 0.2 : 0;
      out.values[static_cast<size_t>(r * dimension + d)] = static_cast<float>((rng.normal() + shift) * scale);
    }
  }
  return out;
}
