#include "nn/schedule.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/error.h"

using namespace fovea;

TEST_CASE("schedule: constant, exponential, staircase, steps, linear, cosine") {
  const auto rate = [](const char* text, int64_t step) { return nn::Schedule::parse(text).rate(2.0, step, 100, 10); };
  CHECK(rate("constant", 99) == 2.0);
  CHECK(rate("exponential:0.5@20", 10) == doctest::Approx(2 * std::sqrt(0.5)));
  CHECK(rate("exponential:0.5@2e", 20) == doctest::Approx(1.0));
  CHECK(rate("staircase:0.1@30", 29) == 2.0);
  CHECK(rate("staircase:0.1@30", 60) == doctest::Approx(0.02));
  CHECK(rate("steps:0.1@30;45", 29) == 2.0);
  CHECK(rate("steps:0.1@30;45", 30) == doctest::Approx(0.2));
  CHECK(rate("steps:0.1@3e;45", 45) == doctest::Approx(0.02));
  CHECK(rate("linear", 25) == doctest::Approx(1.5));
  CHECK(rate("cosine", 50) == doctest::Approx(1.0));
}

TEST_CASE("schedule: decay speed divides the periods") {
  CHECK(nn::Schedule::parse("staircase:0.1@60", 6).rate(1, 10, 100, 10) == doctest::Approx(0.1));
}

TEST_CASE("schedule: warm-up rises linearly to the base rate") {
  const auto schedule = nn::Schedule::parse("constant");
  CHECK(schedule.rate(1, 0, 100, 10, 4) == doctest::Approx(0.2));
  CHECK(schedule.rate(1, 3, 100, 10, 4) == doctest::Approx(0.8));
  CHECK(schedule.rate(1, 4, 100, 10, 4) == 1);
}

TEST_CASE("schedule: anything else is a usage error") {
  for (const char* text : {"", "steps", "exponential:0@5", "exponential:0.5", "exponential:0.5@0", "exponential:x@5",
                           "staircase:0.1@1;2", "warm:1@2"}) {
    CAPTURE(text);
    CHECK_THROWS_AS(nn::Schedule::parse(text), Error);
  }
}
