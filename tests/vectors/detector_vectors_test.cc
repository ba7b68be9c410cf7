// The published check data for the detector's learners, tests/vectors/rcnn/{svm,bbox_regression}.json: independent
// Python; boxes there are 1-based, which the encoding does not see.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "systems/rcnn/box_regression.h"
#include "systems/rcnn/linear_svm.h"
#include "vectors/vectors.h"

namespace fovea::rcnn {
namespace {

using nlohmann::json;

std::vector<std::vector<float>> rows_of(const json& matrix) { return matrix.get<std::vector<std::vector<float>>>(); }

Box box_of(const json& corners) {
  return {corners[0].get<float>(), corners[1].get<float>(), corners[2].get<float>(), corners[3].get<float>()};
}

TEST_CASE("svm vectors: the optimum for two costs") {
  const json data = vectors::load("rcnn/svm.json");
  const auto positives = rows_of(data["X_pos"]), negatives = rows_of(data["X_neg"]);
  for (const auto& expected : data["solutions"]) {
    SvmExamples examples;
    for (const auto& row : positives) examples.add(row.data(), 1);
    for (const auto& row : negatives) examples.add(row.data(), -1);
    SvmConfig config;
    config.cost = expected["C"];
    config.tolerance = 1e-12;
    config.max_epochs = 100000;
    const SvmSolution found = solve_svm(examples, 4, config, 1);
    // Features are stored as floats, so that the problem itself differs by 1e-7.
    CHECK(std::abs(found.objective() - expected["objective"].get<double>()) < 1e-8);
    CHECK(std::abs(found.bias - expected["b"].get<double>()) < 1e-5);
    for (size_t d = 0; d < 4; ++d) CHECK(std::abs(found.weights[d] - expected["w"][d].get<double>()) < 1e-6);
    CHECK(found.gap < 1e-11);
  }
}

TEST_CASE("box regression vectors: encoding and decoding") {
  const json data = vectors::load("rcnn/bbox_regression.json");
  for (const auto& expected : data["encode"]) {
    const Box proposal = box_of(expected["P"]), truth = box_of(expected["G"]);
    const BoxTarget target = encode_box(proposal, truth);
    for (size_t k = 0; k < 4; ++k) CHECK(std::abs(target[k] - expected["t"][k].get<double>()) < 1e-9);
    const Box back = decode_box(proposal, target);
    CHECK(back.x1 == doctest::Approx(truth.x1));
    CHECK(back.y2 == doctest::Approx(truth.y2));
  }
  for (const auto& expected : data["decode_and_clip"]) {
    BoxTarget target{};
    for (size_t k = 0; k < 4; ++k) target[k] = expected["t"][k];
    const Box raw = decode_box(box_of(expected["P"]), target);
    CHECK(raw.x1 == doctest::Approx(expected["raw"][0].get<double>()).epsilon(1e-6));
    CHECK(raw.y2 == doctest::Approx(expected["raw"][3].get<double>()).epsilon(1e-6));
    const Box zero_based{raw.x1 - 1, raw.y1 - 1, raw.x2 - 1, raw.y2 - 1};
    const Box inside = clip(zero_based, expected["image"][0], expected["image"][1]);
    CHECK(inside.x1 + 1 == doctest::Approx(expected["clipped"][0].get<double>()).epsilon(1e-6));
    CHECK(inside.y1 + 1 == doctest::Approx(expected["clipped"][1].get<double>()).epsilon(1e-6));
    CHECK(inside.x2 + 1 == doctest::Approx(expected["clipped"][2].get<double>()).epsilon(1e-6));
    CHECK(inside.y2 + 1 == doctest::Approx(expected["clipped"][3].get<double>()).epsilon(1e-6));
  }
}

TEST_CASE("box regression vectors: ridge regression towards whitened targets") {
  const json data = vectors::load("rcnn/bbox_regression.json")["train"];
  const auto features = rows_of(data["X"]);
  std::vector<const float*> rows;
  std::vector<BoxTarget> targets;
  for (size_t i = 0; i < features.size(); ++i) {
    rows.push_back(features[i].data());
    targets.push_back({data["Y"][i][0], data["Y"][i][1], data["Y"][i][2], data["Y"][i][3]});
  }
  const BoxRegressor found = fit_box_regressor(rows, targets, 3, data["lam"]);
  for (size_t k = 0; k < 4; ++k) {
    CHECK(std::abs(found.mean[k] - data["mu"][k].get<double>()) < 1e-9);
    for (size_t j = 0; j < 4; ++j)
      CHECK(std::abs(found.unwhiten[k * 4 + j] - data["T_inv"][k][j].get<double>()) < 1e-9);
    for (size_t d = 0; d < 4; ++d)
      CHECK(std::abs(found.weights[d * 4 + k] - data["Beta_rows_features_then_bias"][d][k].get<double>()) < 1e-7);
  }
  for (size_t i = 0; i < features.size(); ++i) {
    const BoxTarget t = found.predict(features[i]);
    for (size_t k = 0; k < 4; ++k) CHECK(std::abs(t[k] - data["predicted_targets"][i][k].get<double>()) < 1e-7);
  }
}

TEST_CASE("box regression: both systems give the same weights") {
  // 3 rows in 5 dimensions use the small system; repeated they use the large one, with twice the lambda.
  const std::vector<std::vector<float>> features{{1, 0, 2, 0, 3}, {0, 2, 1, 1, 0}, {2, 1, 0, 4, 1}};
  const std::vector<BoxTarget> targets{{0.1, 0.2, -0.1, 0}, {-0.2, 0, 0.3, 0.1}, {0, 0.1, 0, -0.2}};
  std::vector<const float*> rows, many_rows;
  std::vector<BoxTarget> many_targets;
  for (const auto& row : features) rows.push_back(row.data());
  for (int repeat = 0; repeat < 4; ++repeat) {
    many_rows.insert(many_rows.end(), rows.begin(), rows.end());
    many_targets.insert(many_targets.end(), targets.begin(), targets.end());
  }
  const BoxRegressor small = fit_box_regressor(rows, targets, 5, 2),
                     large = fit_box_regressor(many_rows, many_targets, 5, 8);
  for (size_t i = 0; i < small.weights.size(); ++i) CHECK(std::abs(small.weights[i] - large.weights[i]) < 1e-12);
}

}  // namespace
}  // namespace fovea::rcnn
