// The made-up classification problem that our solver and liblinear are timed on: dense rows of mean norm 20; of fifty
// rows one belongs to each class, shifted along a sixteenth of the directions, and the rest to none.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>
#include <string>

#include "base/rng.h"
#include "network_work.h"

namespace fovea::bench {

constexpr int64_t kSvmRows = 10000, kSvmDimension = 4096;
constexpr double kSvmCost = 1e-3, kSvmBias = 10, kSvmPositiveWeight = 2;

inline void fill_svm_row(int64_t r, int64_t classes, std::span<float> row) {
  const double scale = 20 / std::sqrt(static_cast<double>(row.size()));
  Rng rng(1, RngPurpose::kTest, 0, static_cast<uint64_t>(r));
  for (size_t d = 0; d < row.size(); ++d) {
    const double shift = r % 50 < classes && static_cast<int64_t>(d % 16) == r % 50 % 16 ? 0.2 : 0;
    row[d] = static_cast<float>((rng.normal() + shift) * scale);
  }
}

// Of row r in the problem of class c: +1 or -1.
inline int8_t svm_label(int64_t r, int64_t c) { return r % 50 == c ? 1 : -1; }

// "svm-20" -> 20 classes.
inline int64_t svm_classes(const std::string& workload) {
  const auto classes = workload.starts_with("svm-") ? parse_int(workload.substr(4)) : std::nullopt;
  if (!classes || *classes < 1 || *classes > 50) no_workload(workload);
  return *classes;
}

}  // namespace fovea::bench
