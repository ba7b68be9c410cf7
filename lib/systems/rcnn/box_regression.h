// Class-specific bounding-box regression.   Girshick et al. 2014, appendix C; spec rcnn.md section 7
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <vector>

#include "base/box.h"

namespace fovea::rcnn {

// t_x = (G_x - P_x) / P_w, t_y alike, t_w = ln(G_w / P_w), t_h alike, with w = x2 - x1 (no +1) plus machine epsilon and
// centres x1 + w/2: here, unlike in the overlap, corners are points.
using BoxTarget = std::array<double, 4>;
BoxTarget encode_box(const Box& proposal, const Box& truth);
// The inverse; not clipped. Widths are bounded by exp(20) times the proposal's, so that the result is finite.
Box decode_box(const Box& proposal, const BoxTarget& target);

struct RegressionConfig {
  double lambda = 1000;
  double min_overlap = 0.6;  // strict: pairs with a larger IoU are learnt from
};

// Ridge regression on [features, 1] towards whitened targets.
struct BoxRegressor {
  std::array<double, 4> mean{};       // of the targets
  std::array<double, 16> unwhiten{};  // T^-1, row-major
  std::vector<double> weights;        // [dimension + 1, 4], bias last; empty: not trained, targets are 0
  // x [dimension].
  BoxTarget predict(std::span<const float> features) const;
};

// rows [n][dimension], targets one each. mu = mean, S = covariance (divided by n) = V D V', T = V diag(1/sqrt(D+0.001))
// V'; (X'X + lambda I) beta = X' (Y - mu) T with the bias column regularised too. Solved by Cholesky in the smaller of
// the two equivalent systems (dimension or n). n = 0 gives an untrained regressor. discard > 0: solved once more, with
// the same whitening, without the floor(discard n) pairs whose squared error is largest (R-CNN code, robust
// regression).
BoxRegressor fit_box_regressor(const std::vector<const float*>& rows, const std::vector<BoxTarget>& targets,
                               int64_t dimension, double lambda, double discard = 0);

}  // namespace fovea::rcnn
