// Kernels of the spatial model from where joints lie relative to each other in the training set.
//   Tompson et al. 2014 start from this histogram; the recipe is ours (spec pose-estimation, section 6)
#pragma once

#include <cstdint>
#include <vector>

namespace fovea::pose {

struct DisplacementConfig {
  int64_t radius = 64;
  int64_t height = 0, width = 0;  // of the maps, cells
  double smoothing = 1;           // deviation of the smoothing, cells; taps -3..3
  double uniform_share = 0.02;    // eta
  double beta = 1;
  double sigma = 1.5;  // of target maps
};

// People [P] with parts [V]: cells (x, y), NaN = unknown. Outputs are the first A parts.
struct PartPositions {
  int64_t parts = 0;
  std::vector<double> xy;  // P x V x 2
  int64_t people() const { return parts == 0 ? 0 : static_cast<int64_t>(xy.size()) / (2 * parts); }
};

struct DisplacementPriors {
  int64_t outputs = 0, parts = 0, size = 0;   // size = 2 radius + 1
  double beta = 1;                            // of the softplus that turns energies into kernels
  std::vector<double> counts, smooth, prior;  // A x V x size x size
  std::vector<int64_t> used, dropped;         // A x V: displacements in range and beyond
  std::vector<double> scale;                  // A x V

  // log(exp(beta p) - 1) / beta of p = level * scale * prior at place `at` of A x V x size x size: softplus gives p,
  // and the message at the truth is `level` where that of scale * prior is 1.
  double energy(int64_t at, double level = 1) const;
};

// counts: floor(cell_A - cell_v + 0.5) per axis. smooth: blurred, sum 1; uniform without counts. prior =
// (1 - eta) smooth + eta / size^2. scale = exp(-mean log m), m being the message of v's target map read at A's cell, so
// that messages have geometric mean 1 at the truth: without it the product of K of them is about 1e-6.
DisplacementPriors displacement_priors(const PartPositions& positions, int64_t outputs,
                                       const DisplacementConfig& config);

// log(exp(beta p) - 1) / beta for p > 0, without loss for small and large p.
double inverse_softplus(double p, double beta);

}  // namespace fovea::pose
