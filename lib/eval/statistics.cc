#include "eval/statistics.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"

namespace fovea::eval {

// With p = k/n: centre (p + z^2/2n) / (1 + z^2/n), half width z sqrt(p(1-p)/n + z^2/4n^2) / (1 + z^2/n).
Interval wilson_interval(int64_t successes, int64_t items, double z) {
  FOVEA_CHECK(successes >= 0 && successes <= items, "{} of {}", successes, items);
  if (items == 0) return {0, 1};
  const double n = static_cast<double>(items), p = static_cast<double>(successes) / n, zz = z * z;
  const double centre = (p + zz / (2 * n)) / (1 + zz / n);
  const double half = z * std::sqrt(p * (1 - p) / n + zz / (4 * n * n)) / (1 + zz / n);
  // The ends are exact where they are known, whatever the rounding.
  return {successes == 0 ? 0 : std::max(0.0, centre - half), successes == items ? 1 : std::min(1.0, centre + half)};
}

MeanDeviation mean_deviation(std::span<const double> values) {
  FOVEA_CHECK(!values.empty(), "a mean of nothing");
  const double n = static_cast<double>(values.size());
  double sum = 0, squares = 0;
  for (const double value : values) sum += value;
  MeanDeviation out{static_cast<int64_t>(values.size()), sum / n, std::nullopt};
  for (const double value : values) squares += (value - out.mean) * (value - out.mean);
  if (values.size() > 1) out.deviation = std::sqrt(squares / (n - 1));
  return out;
}

double student_t975(int64_t degrees) {
  static constexpr double kTable[] = {12.7062, 4.3027, 3.1824, 2.7764, 2.5706, 2.4469, 2.3646, 2.3060, 2.2622, 2.2281,
                                      2.2010,  2.1788, 2.1604, 2.1448, 2.1314, 2.1199, 2.1098, 2.1009, 2.0930, 2.0860};
  FOVEA_CHECK(degrees >= 1, "{} degrees of freedom", degrees);
  if (degrees <= static_cast<int64_t>(std::size(kTable))) return kTable[degrees - 1];
  // Cornish-Fisher around the normal quantile z: z + (z^3 + z)/4v + (5z^5 + 16z^3 + 3z)/96v^2.
  const double z = 1.959963984540054, v = static_cast<double>(degrees), z3 = z * z * z, z5 = z3 * z * z;
  return z + (z3 + z) / (4 * v) + (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v);
}

std::optional<Interval> mean_interval(std::span<const double> values) {
  if (values.size() < 2) return std::nullopt;
  const MeanDeviation moments = mean_deviation(values);
  const double half =
      student_t975(moments.count - 1) * *moments.deviation / std::sqrt(static_cast<double>(moments.count));
  return Interval{moments.mean - half, moments.mean + half};
}

}  // namespace fovea::eval
