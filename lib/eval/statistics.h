// Uncertainty of what the reports say: intervals of shares, means over seeds, paired differences.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace fovea::eval {

struct Interval {
  double low = 0, high = 0;
  bool contains(double value) const { return low <= value && value <= high; }
};

// The score interval of a share (Wilson 1927), 95 % by default: inside [0,1], sound for shares near 0 and 1 and for few
// items. [0,1] for no items. REQUIRES 0 <= successes <= items.
Interval wilson_interval(int64_t successes, int64_t items, double z = 1.959963984540054);

// Mean, and the deviation of the values (divided by n - 1); the deviation of one value is absent.
struct MeanDeviation {
  int64_t count = 0;
  double mean = 0;
  std::optional<double> deviation;
};
// REQUIRES at least one value.
MeanDeviation mean_deviation(std::span<const double> values);

// The 97.5 % point of Student's t distribution, to 5e-4. REQUIRES degrees >= 1.
double student_t975(int64_t degrees);

// 95 % interval of the mean of these values, which are taken as normal: of paired differences, the paired t interval.
// Absent for fewer than two values.
std::optional<Interval> mean_interval(std::span<const double> values);

}  // namespace fovea::eval
