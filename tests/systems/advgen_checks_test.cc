// The ten signs of gradient masking, with numbers made by hand: each fires just beyond its bound and is quiet before
// it.
#include <doctest/doctest.h>

#include "systems/advgen/report_checks.h"

using namespace fovea::advgen;

namespace {

constexpr int kImages = 1000;

AttackRow row(const std::string& attack, int correct, double epsilon = 0.1) {
  AttackRow out{attack, epsilon, 1, 1, std::vector<uint8_t>(kImages, 0)};
  std::fill(out.correct.begin(), out.correct.begin() + correct, uint8_t{1});
  return out;
}

// Nothing suspicious about it: clean 90 %, PGD 50 %, ten classes.
ModelReport honest() {
  ModelReport r;
  r.name = "model";
  r.classes = 10;
  r.images = kImages;
  r.rows = {row(kCleanRow, 900, 0), row(kNoiseRow, 880),     row(kFgsmRow, 600),
            row(kPgdRow, 520),      row(kPgdCeRow, 505),     row(kPgdMarginRow, 500),
            row(kSquareRow, 560),   row(kGeneratorRow, 680), row(kTransferRow, 800)};
  r.curve = {row(kPgdRow, 900, 0), row(kPgdRow, 520, 0.1), row(kPgdRow, 100, 0.2)};
  r.restart_curve = {row(kPgdCeRow, 510), row(kPgdCeRow, 505)};
  r.doubled_steps = row(kPgdRow, 515);
  r.everything = row(kPgdRow, 0, 0.5);
  r.gradients = GradientCensus{kImages, 0, 1e-3};
  return r;
}

AttackRow& find(ModelReport& r, const std::string& attack) {
  for (AttackRow& candidate : r.rows) {
    if (candidate.attack == attack) return candidate;
  }
  throw std::runtime_error(attack);
}

void set(ModelReport& r, const std::string& attack, int correct) { find(r, attack) = row(attack, correct); }

Check check(const ModelReport& r, const std::string& id) {
  for (const Check& c : masking_checks(r)) {
    if (c.id == id) return c;
  }
  throw std::runtime_error(id);
}

using Ids = std::vector<std::string>;
Ids suspicious(const ModelReport& r) { return suspicious_ids(masking_checks(r)); }

}  // namespace

TEST_CASE("masking_checks: an honest model passes all ten, each with its two numbers") {
  const auto checks = masking_checks(honest());
  REQUIRE(checks.size() == 10);
  for (const Check& c : checks) {
    CAPTURE(c.id);
    CHECK(c.was_run());
    CHECK_FALSE(c.suspicious);
  }
  CHECK(checks[0].first == doctest::Approx(0.52));
  CHECK(checks[0].second == doctest::Approx(0.60));
}

TEST_CASE("masking_checks: without attacks nothing was run and nothing is suspicious") {
  ModelReport r;
  r.classes = 10;
  r.rows = {row(kCleanRow, 900)};
  for (const Check& c : masking_checks(r)) {
    CHECK_FALSE(c.was_run());
    CHECK_FALSE(c.suspicious);
  }
}

TEST_CASE("masking_checks: D1, steps weaker than one step") {
  ModelReport r = honest();
  set(r, kFgsmRow, 515);
  CHECK(suspicious(r).empty());  // half a point is allowed
  set(r, kFgsmRow, 514);
  CHECK(suspicious(r) == Ids{"D1"});
}

TEST_CASE("masking_checks: D2, more accuracy at a larger epsilon") {
  ModelReport r = honest();
  r.curve[2] = row(kPgdRow, 550, 0.2);  // the Wilson interval of 520 of 1000 ends at 0.5508
  CHECK(suspicious(r).empty());
  r.curve[2] = row(kPgdRow, 560, 0.2);
  CHECK(suspicious(r) == Ids{"D2"});
  CHECK(check(r, "D2").first == doctest::Approx(0.56));
  CHECK(check(r, "D2").second == doctest::Approx(0.52));
}

TEST_CASE("masking_checks: D3, robust against everything") {
  ModelReport r = honest();
  r.everything = row(kPgdRow, 150, 0.5);
  CHECK(suspicious(r).empty());
  r.everything = row(kPgdRow, 151, 0.5);
  CHECK(suspicious(r) == Ids{"D3"});
}

TEST_CASE("masking_checks: D4, transfer stronger than the white box") {
  ModelReport r = honest();
  set(r, kTransferRow, 500);
  CHECK(suspicious(r).empty());
  set(r, kTransferRow, 499);
  CHECK(suspicious(r) == Ids{"D4"});
}

TEST_CASE("masking_checks: D5, random search stronger than gradients") {
  for (const char* search : {kNoiseRow, kSquareRow}) {
    ModelReport r = honest();
    set(r, search, 495);
    CHECK(suspicious(r).empty());
    set(r, search, 494);
    CHECK(suspicious(r) == Ids{"D5"});
  }
}

TEST_CASE("masking_checks: D6, not converged in steps or in restarts") {
  ModelReport r = honest();
  r.doubled_steps = row(kPgdRow, 510);
  CHECK(suspicious(r).empty());
  r.doubled_steps = row(kPgdRow, 509);
  CHECK(suspicious(r) == Ids{"D6"});
  r = honest();
  r.restart_curve[0] = row(kPgdCeRow, 516);
  CHECK(suspicious(r) == Ids{"D6"});
  CHECK(check(r, "D6").second == doctest::Approx(0.516));
}

TEST_CASE("masking_checks: D7, losses disagree") {
  ModelReport r = honest();
  set(r, kPgdMarginRow, 485);
  CHECK(suspicious(r).empty());
  set(r, kPgdMarginRow, 484);
  CHECK(suspicious(r) == Ids{"D7"});
}

TEST_CASE("masking_checks: D8, no gradients") {
  ModelReport r = honest();
  r.gradients = GradientCensus{kImages, 10, 1e-8};
  CHECK(suspicious(r).empty());
  r.gradients = GradientCensus{kImages, 11, 1e-3};
  CHECK(suspicious(r) == Ids{"D8"});
  r.gradients = GradientCensus{kImages, 0, 9e-9};
  CHECK(suspicious(r) == Ids{"D8"});
}

TEST_CASE("masking_checks: D9, FGSM helps") {
  ModelReport r = honest();
  set(r, kFgsmRow, 900);
  CHECK(suspicious(r).empty());
  set(r, kFgsmRow, 901);
  CHECK(suspicious(r) == Ids{"D9"});
}

TEST_CASE("masking_checks: D10, robust to its own generator alone") {
  ModelReport r = honest();
  set(r, kGeneratorRow, 700);
  CHECK(suspicious(r).empty());
  set(r, kGeneratorRow, 701);
  CHECK(suspicious(r) == Ids{"D10"});
}

TEST_CASE("ModelReport: the worst case is image by image and inside the threat model") {
  ModelReport r;
  AttackRow clean{kCleanRow, 0, 0, 0, {1, 1, 1, 0}}, pgd{kPgdRow, 0.1, 20, 1, {1, 0, 1, 0}},
      square{kSquareRow, 0.1, 9, 1, {1, 1, 0, 0}};
  AttackRow generator{kGeneratorRow, 0, 1, 1, {0, 1, 1, 1}};
  generator.counts = false;  // larger than epsilon
  r.rows = {clean, pgd, square, generator};
  CHECK(r.worst()->correct == std::vector<uint8_t>{1, 0, 0, 0});
  CHECK(r.worst()->accuracy() == doctest::Approx(0.25));
  r.rows[3].counts = true;
  CHECK(r.worst()->accuracy() == 0);
  r.rows = {clean};
  CHECK_FALSE(r.worst());
}
