#include "systems/rcnn/box_regression.h"

#include <Eigen/Cholesky>
#include <Eigen/Dense>
#include <Eigen/Eigenvalues>
#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "base/error.h"
#include "base/memory.h"

namespace fovea::rcnn {
namespace {

constexpr double kSmall = std::numeric_limits<double>::epsilon();
constexpr double kVarianceFloor = 0.001;
constexpr double kMaxLogScale = 20;

using Targets = Eigen::Matrix<double, Eigen::Dynamic, 4>;

struct Whitening {
  Eigen::RowVector4d mean;
  Eigen::Matrix4d forward, backward;
};

Whitening whiten(const Targets& targets) {
  Whitening w;
  w.mean = targets.colwise().mean();
  const Targets centred = targets.rowwise() - w.mean;
  const Eigen::Matrix4d covariance = centred.transpose() * centred / static_cast<double>(targets.rows());
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix4d> solver(covariance);
  const Eigen::Vector4d spread = (solver.eigenvalues().array() + kVarianceFloor).sqrt();
  w.forward = solver.eigenvectors() * spread.cwiseInverse().asDiagonal() * solver.eigenvectors().transpose();
  w.backward = solver.eigenvectors() * spread.asDiagonal() * solver.eigenvectors().transpose();
  return w;
}

// Rows with the bias column of ones, in double: the smaller Gram matrix decides the size of the system.
Eigen::MatrixXd gather(const std::vector<const float*>& rows, int64_t dimension) {
  Eigen::MatrixXd x(static_cast<Eigen::Index>(rows.size()), dimension + 1);
  for (size_t i = 0; i < rows.size(); ++i) {
    const auto r = static_cast<Eigen::Index>(i);
    for (int64_t d = 0; d < dimension; ++d) x(r, d) = rows[i][d];
    x(r, dimension) = 1;
  }
  return x;
}

using Weights = Eigen::Matrix<double, Eigen::Dynamic, 4, Eigen::RowMajor>;

// beta with (X'X + lambda I) beta = X' Z, through the smaller Gram matrix.
Weights ridge(const Eigen::MatrixXd& x, const Targets& z, double lambda) {
  const Eigen::Index n = x.rows(), columns = x.cols();
  if (n < columns) {
    // beta = X' (X X' + lambda I)^-1 Z, the same by the matrix inversion lemma.
    Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(n, n);
    gram.selfadjointView<Eigen::Lower>().rankUpdate(x);
    gram.diagonal().array() += lambda;
    return x.transpose() * Eigen::LLT<Eigen::MatrixXd, Eigen::Lower>(gram).solve(z);
  }
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(columns, columns);
  gram.selfadjointView<Eigen::Lower>().rankUpdate(x.transpose());
  gram.diagonal().array() += lambda;
  return Eigen::LLT<Eigen::MatrixXd, Eigen::Lower>(gram).solve(x.transpose() * z);
}

// The `count` rows with the smallest squared errors, in their old order; ties: the earlier row.
std::vector<Eigen::Index> best_fitted(const Eigen::MatrixXd& x, const Targets& z, const Weights& beta,
                                      Eigen::Index count) {
  const Eigen::VectorXd errors = (x * beta - z).rowwise().squaredNorm();
  std::vector<Eigen::Index> order(static_cast<size_t>(x.rows()));
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(), [&](Eigen::Index a, Eigen::Index b) { return errors(a) < errors(b); });
  order.resize(static_cast<size_t>(count));
  std::sort(order.begin(), order.end());
  return order;
}

}  // namespace

BoxTarget encode_box(const Box& proposal, const Box& truth) {
  const auto side = [](float low, float high) { return static_cast<double>(high) - low + kSmall; };
  const double pw = side(proposal.x1, proposal.x2), ph = side(proposal.y1, proposal.y2);
  const double gw = side(truth.x1, truth.x2), gh = side(truth.y1, truth.y2);
  return {(truth.x1 + gw / 2 - (proposal.x1 + pw / 2)) / pw, (truth.y1 + gh / 2 - (proposal.y1 + ph / 2)) / ph,
          std::log(gw / pw), std::log(gh / ph)};
}

Box decode_box(const Box& proposal, const BoxTarget& t) {
  const double pw = static_cast<double>(proposal.x2) - proposal.x1 + kSmall,
               ph = static_cast<double>(proposal.y2) - proposal.y1 + kSmall;
  const double x = pw * t[0] + proposal.x1 + pw / 2, y = ph * t[1] + proposal.y1 + ph / 2;
  const double w = pw * std::exp(std::clamp(t[2], -kMaxLogScale, kMaxLogScale)),
               h = ph * std::exp(std::clamp(t[3], -kMaxLogScale, kMaxLogScale));
  return {static_cast<float>(x - w / 2), static_cast<float>(y - h / 2), static_cast<float>(x + w / 2),
          static_cast<float>(y + h / 2)};
}

BoxTarget BoxRegressor::predict(std::span<const float> features) const {
  if (weights.empty()) return {0, 0, 0, 0};
  const size_t dimension = features.size();
  FOVEA_CHECK(weights.size() == (dimension + 1) * 4, "{} weights for {} features", weights.size(), dimension);
  std::array<double, 4> whitened{};
  for (size_t d = 0; d < dimension; ++d) {
    const double x = features[d];
    if (x == 0) continue;  // rectified features are mostly zero
    for (size_t k = 0; k < 4; ++k) whitened[k] += x * weights[d * 4 + k];
  }
  BoxTarget target = mean;
  for (size_t k = 0; k < 4; ++k) {
    for (size_t j = 0; j < 4; ++j) target[k] += (whitened[j] + weights[dimension * 4 + j]) * unwhiten[j * 4 + k];
  }
  return target;
}

BoxRegressor fit_box_regressor(const std::vector<const float*>& rows, const std::vector<BoxTarget>& targets,
                               int64_t dimension, double lambda, double discard) {
  FOVEA_CHECK(rows.size() == targets.size(), "{} rows, {} targets", rows.size(), targets.size());
  BoxRegressor regressor;
  if (rows.empty()) return regressor;
  const auto n = static_cast<Eigen::Index>(rows.size());
  const int64_t smaller = std::min<int64_t>(n, dimension + 1);
  const int64_t copies = discard > 0 ? 2 : 1;
  require_memory(8 * (copies * n * (dimension + 1) + 2 * smaller * smaller), "box regression");
  Targets y(n, 4);
  for (Eigen::Index i = 0; i < n; ++i) {
    for (int k = 0; k < 4; ++k) y(i, k) = targets[static_cast<size_t>(i)][static_cast<size_t>(k)];
  }
  const Whitening whitening = whiten(y);
  const Targets z = (y.rowwise() - whitening.mean) * whitening.forward;
  const Eigen::MatrixXd x = gather(rows, dimension);
  Weights beta = ridge(x, z, lambda);
  const auto left_out = static_cast<Eigen::Index>(std::floor(discard * static_cast<double>(n)));
  if (left_out > 0) {
    const std::vector<Eigen::Index> kept = best_fitted(x, z, beta, n - left_out);
    beta = ridge(x(kept, Eigen::all), z(kept, Eigen::all), lambda);
  }
  for (Eigen::Index k = 0; k < 4; ++k) {
    regressor.mean[static_cast<size_t>(k)] = whitening.mean(k);
    for (Eigen::Index j = 0; j < 4; ++j) regressor.unwhiten[static_cast<size_t>(k * 4 + j)] = whitening.backward(k, j);
  }
  regressor.weights.assign(beta.data(), beta.data() + beta.size());
  return regressor;
}

}  // namespace fovea::rcnn
