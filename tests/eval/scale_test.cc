#include "eval/scale.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

namespace {

std::string labels(const AxisScale& scale, int count) {
  std::string out;
  for (const Tick& tick : scale.ticks(count)) out += (out.empty() ? "" : " ") + tick.label;
  return out;
}

}  // namespace

TEST_CASE("scale: linear ticks are 1, 2 or 5 apart and stay in the range") {
  CHECK(labels({ScaleKind::kLinear, 0, 1, 0, 100}, 6) == "0 0.2 0.4 0.6 0.8 1.0");
  CHECK(labels({ScaleKind::kLinear, 0, 50000, 0, 100}, 6) == "0 10000 20000 30000 40000 50000");
  CHECK(labels({ScaleKind::kLinear, -3, 3, 0, 100}, 3) == "-2 0 2");
  CHECK(labels({ScaleKind::kLinear, 0, 1.5e6, 0, 100}, 4) == "0 5e5 1e6 1.5e6");
  CHECK(labels({ScaleKind::kLinear, 0.00001, 0.00005, 0, 100}, 5) == "1e-5 2e-5 3e-5 4e-5 5e-5");
}

TEST_CASE("scale: never more ticks than asked for, and at least one") {
  for (double high : {1.0, 1.3, 7.0, 9.99, 10.0, 12345.0}) {
    for (int count = 2; count < 12; ++count) {
      const auto ticks = AxisScale(ScaleKind::kLinear, 0, high, 0, 1).ticks(count);
      CHECK(static_cast<int>(ticks.size()) <= count);
      CHECK(ticks.size() >= 1);
      for (const Tick& tick : ticks) CHECK((tick.value >= -1e-9 && tick.value <= high * (1 + 1e-9)));
    }
  }
}

TEST_CASE("scale: log ticks are decades, with 2 and 5 between few of them") {
  CHECK(labels({ScaleKind::kLog, 1, 1000, 0, 1}, 5) == "1 10 100 1000");
  CHECK(labels({ScaleKind::kLog, 0.01, 1, 0, 1}, 12) == "0.01 0.02 0.05 0.1 0.2 0.5 1");
  CHECK(labels({ScaleKind::kLog, 1, 1e8, 0, 1}, 5) == "1 100 10000 1e6 1e8");
  CHECK(labels({ScaleKind::kLog, 2, 8, 0, 1}, 7) == "2 3 4 5 6 7 8");
  CHECK(labels({ScaleKind::kLog, 2, 8, 0, 1}, 6) == "2 4 6 8");
}

TEST_CASE("scale: places are linear in the value or in its logarithm") {
  const AxisScale linear(ScaleKind::kLinear, 0, 10, 100, 0);
  CHECK(linear.place(0) == doctest::Approx(100));
  CHECK(linear.place(5) == doctest::Approx(50));
  const AxisScale log(ScaleKind::kLog, 1, 100, 0, 10);
  CHECK(log.place(10) == doctest::Approx(5));
  CHECK_FALSE(log.shows(0));
  CHECK_FALSE(log.shows(-1));
  CHECK_FALSE(linear.shows(std::nan("")));
}

TEST_CASE("DataRange: ignores what can't be shown, grows single points, respects fixed ends") {
  DataRange range(ScaleKind::kLog);
  const std::vector<double> values = {-1, 0, 5, std::nan(""), 50, std::numeric_limits<double>::infinity()};
  range.add(values);
  CHECK(range.ends({}, {}, 0) == std::pair<double, double>{5, 50});
  CHECK(range.ends(1.0, {}, 0).first == 1);

  DataRange one(ScaleKind::kLinear);
  CHECK(one.ends({}, {}, 0) == std::pair<double, double>{0, 1});
  one.add(4.0);
  const auto [low, high] = one.ends({}, {}, 0);
  CHECK(low < 4);
  CHECK(high > 4);
  CHECK(one.ends(9.0, {}, 0).second > 9);
  CHECK(one.ends({}, 2.0, 0).first < 2);
}

TEST_CASE("DataRange: refuses ends that make no range") {
  const DataRange linear(ScaleKind::kLinear), log(ScaleKind::kLog);
  CHECK_THROWS_AS(linear.ends(2.0, 1.0, 0), Error);
  CHECK_THROWS_AS(linear.ends(std::nan(""), 1.0, 0), Error);
  CHECK_THROWS_AS(log.ends(0.0, 1.0, 0), Error);
}
