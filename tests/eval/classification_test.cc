#include "eval/classification.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "base/error.h"

using namespace fovea;
using namespace fovea::eval;

TEST_CASE("rank_of: counts larger scores, and equal ones of lower index") {
  const std::vector<double> scores = {0.1, 0.5, 0.1, 0.3};
  CHECK(rank_of(scores, 1) == 0);
  CHECK(rank_of(scores, 3) == 1);
  CHECK(rank_of(scores, 0) == 2);
  CHECK(rank_of(scores, 2) == 3);
}

TEST_CASE("rank_of: a NaN score is never a hit") {
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::vector<double> scores = {nan, 0.0, nan, -1.0};
  CHECK(rank_of(scores, 1) == 0);
  CHECK(rank_of(scores, 3) == 1);
  CHECK(rank_of(scores, 0) == 2);
  CHECK(rank_of(scores, 2) == 3);
}

TEST_CASE("rank_of: a label outside the classes is a broken invariant") {
  const std::vector<double> scores = {1, 2};
  CHECK_THROWS_AS(rank_of(scores, 2), Error);
  CHECK_THROWS_AS(rank_of(scores, -1), Error);
}

TEST_CASE("top_classes: agrees with rank_of for every class") {
  const std::vector<double> scores = {0.2, 0.9, 0.2, std::nan(""), 0.9, 0.0};
  const auto order = top_classes(scores, 6);
  CHECK(order == std::vector<int64_t>{1, 4, 0, 2, 5, 3});
  for (size_t place = 0; place < order.size(); ++place)
    CHECK(rank_of(scores, order[place]) == static_cast<int64_t>(place));
  CHECK(top_classes(scores, 2) == std::vector<int64_t>{1, 4});
  CHECK(top_classes(scores, 99).size() == 6);
  CHECK(top_classes(scores, 0).empty());
}

TEST_CASE("ConfusionMatrix: shares of a small example worked by hand") {
  ConfusionMatrix matrix(3);
  matrix.add(0, 0, 4);
  matrix.add(0, 1, 1);
  matrix.add(1, 1, 2);
  matrix.add(1, 0, 2);
  CHECK(matrix.total() == 9);
  CHECK(matrix.correct() == 6);
  CHECK(matrix.at(1, 0) == 2);
  CHECK(matrix.at(0, 1) == 1);
  CHECK(*matrix.accuracy() == doctest::Approx(6.0 / 9));
  CHECK(*matrix.precision(0) == doctest::Approx(4.0 / 6));
  CHECK(*matrix.recall(0) == doctest::Approx(4.0 / 5));
  CHECK(*matrix.precision(1) == doctest::Approx(2.0 / 3));
  CHECK(*matrix.recall(1) == doctest::Approx(0.5));
  CHECK(*matrix.mean_recall() == doctest::Approx(0.65));
  CHECK(matrix.support(0) == 5);
  CHECK(matrix.predicted(0) == 6);
}

TEST_CASE("ConfusionMatrix: shares without a denominator are absent") {
  ConfusionMatrix matrix(2);
  CHECK_FALSE(matrix.accuracy().has_value());
  CHECK_FALSE(matrix.mean_recall().has_value());
  matrix.add(0, 0);
  CHECK_FALSE(matrix.recall(1).has_value());
  CHECK_FALSE(matrix.precision(1).has_value());
  CHECK(*matrix.mean_recall() == 1);
  CHECK_THROWS_AS(matrix.add(2, 0), Error);
}

TEST_CASE("mean_of: averages probabilities, so that it may differ from the average of logits") {
  const std::vector<std::vector<double>> members = {{0.9, 0.1}, {0.3, 0.7}, {0.3, 0.7}};
  const auto mean = mean_of(members);
  CHECK(mean[0] == doctest::Approx(0.5));
  CHECK(mean[1] == doctest::Approx(0.5));
  CHECK_THROWS_AS(mean_of(std::vector<std::vector<double>>{}), Error);
  CHECK_THROWS_AS(mean_of(std::vector<std::vector<double>>{{1.0}, {1.0, 2.0}}), Error);
}

TEST_CASE("mean_of_groups: rows of crops become rows of pictures") {
  const std::vector<double> rows = {1, 0, 0.5, 0.5, 0, 1, 0.5, 0.5};  // two pictures, two crops, two classes
  CHECK(mean_of_groups(rows, 2, 2) == std::vector<double>{0.75, 0.25, 0.25, 0.75});
  CHECK(mean_of_groups(rows, 1, 2) == rows);
  CHECK_THROWS_AS(mean_of_groups(rows, 3, 2), Error);
}

TEST_CASE("percentile: interpolates between order statistics") {
  // Worked by hand: position p/100 * (n-1) in the sorted values 1, 2, 4, 8.
  const std::vector<double> values = {8, 1, 4, 2};
  CHECK(percentile(values, 0) == 1);
  CHECK(percentile(values, 100) == 8);
  CHECK(percentile(values, 50) == doctest::Approx(3));
  CHECK(percentile(values, 15) == doctest::Approx(1.45));
  CHECK(percentile(values, 85) == doctest::Approx(4 + 0.55 * 4));
  const std::vector<double> percents = {15, 50, 85};
  const auto several = percentiles(values, percents);
  for (size_t i = 0; i < percents.size(); ++i) CHECK(several[i] == percentile(values, percents[i]));
}

TEST_CASE("percentile: one value, infinities, and what is refused") {
  CHECK(percentile(std::vector<double>{7}, 85) == 7);
  const double infinity = std::numeric_limits<double>::infinity();
  CHECK(percentile(std::vector<double>{infinity, infinity, infinity}, 50) == infinity);
  CHECK_THROWS_AS(percentile(std::vector<double>{}, 50), Error);
  CHECK_THROWS_AS(percentile(std::vector<double>{1, std::nan("")}, 50), Error);
  CHECK_THROWS_AS(percentile(std::vector<double>{1, 2}, 101), Error);
}
