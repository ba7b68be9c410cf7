#include "eval/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

using namespace fovea::eval;
using doctest::Approx;

TEST_CASE("wilson_interval: numbers worked out by hand") {
  // 8 of 10, z = 1.96: centre (0.8 + 0.19207) / 1.38415 = 0.71674, half width 0.22657.
  const Interval eight = wilson_interval(8, 10);
  CHECK(eight.low == Approx(0.490162).epsilon(1e-4));
  CHECK(eight.high == Approx(0.943318).epsilon(1e-4));
  // 500 of 1000: 0.5 +- 1.96 sqrt(0.25/1000 + z^2/4e6) / (1 + z^2/1000)
  const Interval half = wilson_interval(500, 1000);
  CHECK(half.low == Approx(0.469068).epsilon(1e-4));
  CHECK(half.high == Approx(0.530932).epsilon(1e-4));
}

TEST_CASE("wilson_interval: the ends are inside 0..1 and exact") {
  // 0 of n: [0, z^2 / (n + z^2)]
  CHECK(wilson_interval(0, 100).low == 0);
  CHECK(wilson_interval(0, 100).high == Approx(3.841459 / 103.841459));
  CHECK(wilson_interval(100, 100).high == 1);
  CHECK(wilson_interval(100, 100).low == Approx(100 / 103.841459));
  CHECK(wilson_interval(0, 0).contains(0.3));
}

TEST_CASE("mean_deviation: n - 1 below, absent for one value") {
  const std::vector<double> values = {1, 2, 6};
  const MeanDeviation moments = mean_deviation(values);
  CHECK(moments.mean == Approx(3));
  CHECK(*moments.deviation == Approx(std::sqrt((4 + 1 + 9) / 2.0)));
  CHECK_FALSE(mean_deviation(std::vector<double>{4}).deviation);
}

TEST_CASE("mean_interval: paired t") {
  // mean 2, deviation 1, n 3: 2 +- 4.3027 / sqrt(3)
  const auto interval = mean_interval(std::vector<double>{1, 2, 3});
  CHECK(interval->low == Approx(2 - 4.3027 / std::sqrt(3.0)));
  CHECK(interval->high == Approx(2 + 4.3027 / std::sqrt(3.0)));
  CHECK_FALSE(mean_interval(std::vector<double>{1}));
  CHECK(student_t975(30) == Approx(2.0423).epsilon(3e-4));
  CHECK(student_t975(1000) == Approx(1.9623).epsilon(3e-4));
}
