#include "eval/rouge.h"

#include <algorithm>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr double kBeta = 1.2;

int64_t longest_common(const WordIds& a, const WordIds& b) {
  std::vector<int64_t> row(b.size() + 1, 0);
  for (const int32_t word : a) {
    int64_t diagonal = 0;
    for (size_t j = 0; j < b.size(); ++j) {
      const int64_t above = row[j + 1];
      row[j + 1] = word == b[j] ? diagonal + 1 : std::max(above, row[j]);
      diagonal = above;
    }
  }
  return row.back();
}

WordIds or_empty_word(const WordIds& words) { return words.empty() ? WordIds{-1} : words; }

}  // namespace

double rouge_l(const CaptionCase& item) {
  FOVEA_CHECK(!item.references.empty(), "no reference");
  const WordIds own = or_empty_word(item.hypothesis);
  double precision = 0, recall = 0;
  for (const WordIds& reference : item.references) {
    const WordIds theirs = or_empty_word(reference);
    const auto common = static_cast<double>(longest_common(own, theirs));
    precision = std::max(precision, common / static_cast<double>(own.size()));
    recall = std::max(recall, common / static_cast<double>(theirs.size()));
  }
  if (precision == 0 || recall == 0) return 0;
  return (1 + kBeta * kBeta) * precision * recall / (recall + kBeta * kBeta * precision);
}

}  // namespace fovea::eval
