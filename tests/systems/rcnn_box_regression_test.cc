#include <doctest/doctest.h>

#include <cmath>

#include "systems/rcnn/box_regression.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

// Targets that are linear in two features, and every tenth pair far off.
struct Fit {
  std::vector<std::vector<float>> features;
  std::vector<const float*> rows;
  std::vector<BoxTarget> targets;
  explicit Fit(bool spoilt) {
    for (int i = 0; i < 200; ++i) {
      const double u = std::sin(i * 1.3), v = std::cos(i * 0.7);
      features.push_back({static_cast<float>(10 * u), static_cast<float>(10 * v)});
      targets.push_back({0.1 * u, 0.1 * v, 0.05 * (u + v), 0.05 * (u - v)});
      if (spoilt && i % 10 == 3) targets.back() = {0.9, -0.9, 0.9, -0.9};
    }
    for (const auto& row : features) rows.push_back(row.data());
  }
  // Mean absolute error over the pairs that are right.
  double error(const BoxRegressor& regressor) const {
    const Fit clean(false);
    double sum = 0;
    for (size_t i = 0; i < features.size(); ++i) {
      const BoxTarget found = regressor.predict(features[i]);
      for (size_t k = 0; k < 4; ++k) sum += std::abs(found[k] - clean.targets[i][k]);
    }
    return sum / (4.0 * static_cast<double>(features.size()));
  }
};

}  // namespace

TEST_CASE("fit_box_regressor: pairs that fit worst may be left out") {
  const Fit spoilt(true);
  const double all = spoilt.error(fit_box_regressor(spoilt.rows, spoilt.targets, 2, 1));
  const double kept = spoilt.error(fit_box_regressor(spoilt.rows, spoilt.targets, 2, 1, 0.1));
  CHECK(all > 0.05);
  CHECK(kept < 0.01);
}

TEST_CASE("fit_box_regressor: leaving out less than one pair changes nothing") {
  const Fit fit(true);
  const BoxRegressor all = fit_box_regressor(fit.rows, fit.targets, 2, 1),
                     same = fit_box_regressor(fit.rows, fit.targets, 2, 1, 0.004);
  CHECK(all.weights == same.weights);
}
