#include "systems/advgen/report.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"

namespace fovea::advgen {

const std::vector<std::string>& report_attacks() {
  static const std::vector<std::string> names{kNoiseRow,     kFgsmRow,   kPgdRow,      kPgdCeRow,
                                              kPgdMarginRow, kSquareRow, kGeneratorRow};
  return names;
}

bool ReportEffort::has(const std::string& attack) const {
  return std::find(attacks.begin(), attacks.end(), attack) != attacks.end();
}

int64_t AttackRow::correct_count() const { return std::accumulate(correct.begin(), correct.end(), int64_t{0}); }

double AttackRow::accuracy() const {
  FOVEA_CHECK(!correct.empty(), "{}: no images", attack);
  return static_cast<double>(correct_count()) / static_cast<double>(correct.size());
}

eval::Interval AttackRow::interval() const {
  return eval::wilson_interval(correct_count(), static_cast<int64_t>(correct.size()));
}

double SmallestRadii::share_unfooled() const {
  return static_cast<double>(std::count_if(radius.begin(), radius.end(), [](double r) { return std::isinf(r); })) /
         static_cast<double>(radius.size());
}

double SmallestRadii::quantile(double share) const {
  FOVEA_CHECK(!radius.empty() && share >= 0 && share <= 1, "quantile {} of {} radii", share, radius.size());
  std::vector<double> sorted = radius;
  std::sort(sorted.begin(), sorted.end());
  return sorted[static_cast<size_t>(std::llround(share * static_cast<double>(sorted.size() - 1)))];
}

const AttackRow* ModelReport::find(const std::string& attack) const {
  const auto it = std::find_if(rows.begin(), rows.end(), [&](const AttackRow& row) { return row.attack == attack; });
  return it == rows.end() ? nullptr : &*it;
}

const AttackRow& ModelReport::at(const std::string& attack) const {
  const AttackRow* row = find(attack);
  FOVEA_CHECK(row != nullptr, "{} was not run", attack);
  return *row;
}

AttackRow both(const AttackRow& a, const AttackRow& b, const std::string& name) {
  FOVEA_CHECK(a.correct.size() == b.correct.size(), "{} and {} images", a.correct.size(), b.correct.size());
  AttackRow out = a;
  out.attack = name;
  for (size_t i = 0; i < b.correct.size(); ++i) out.correct[i] = a.correct[i] && b.correct[i];
  return out;
}

std::optional<AttackRow> ModelReport::gradient_attacks() const {
  std::optional<AttackRow> out;
  for (const char* attack : {kPgdRow, kPgdCeRow, kPgdMarginRow}) {
    const AttackRow* row = find(attack);
    if (row != nullptr) out = out ? both(*out, *row, "gradients") : *row;
  }
  return out;
}

std::optional<AttackRow> ModelReport::worst() const {
  if (rows.size() < 2) return std::nullopt;
  AttackRow out = at(kCleanRow);
  out.attack = kWorstRow;
  for (const AttackRow& row : rows) {
    if (!row.counts) continue;
    out = both(out, row, kWorstRow);
    out.epsilon = std::max(out.epsilon, row.epsilon);
  }
  out.steps = out.restarts = 0;
  return out;
}

}  // namespace fovea::advgen
