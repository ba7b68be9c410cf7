#include "systems/pose/displacements.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <utility>

#include "base/parallel.h"

namespace fovea::pose {
namespace {

int64_t round_cell(double value) { return static_cast<int64_t>(std::floor(value + 0.5)); }

std::array<double, 7> smoothing_taps(double sigma) {
  std::array<double, 7> taps;
  double sum = 0;
  for (int i = 0; i < 7; ++i) {
    taps[static_cast<size_t>(i)] = std::exp(-(i - 3) * (i - 3) / (2 * sigma * sigma));
    sum += taps[static_cast<size_t>(i)];
  }
  for (double& tap : taps) tap /= sum;
  return taps;
}

// Rows or columns of a square map; what lies outside counts as zero.
void blur_axis(const double* in, double* out, int64_t size, int64_t along, int64_t across,
               const std::array<double, 7>& taps) {
  for (int64_t line = 0; line < size; ++line) {
    for (int64_t i = 0; i < size; ++i) {
      double sum = 0;
      for (int64_t t = -3; t <= 3; ++t) {
        if (i + t >= 0 && i + t < size) sum += taps[static_cast<size_t>(t + 3)] * in[line * across + (i + t) * along];
      }
      out[line * across + i * along] = sum;
    }
  }
}

class PairPrior {
 public:
  PairPrior(const PartPositions& positions, const DisplacementConfig& config, DisplacementPriors& priors)
      : positions_(positions), config_(config), priors_(priors), size_(priors.size), cells_(size_ * size_) {}

  void run(int64_t a, int64_t v) {
    const int64_t pair = a * priors_.parts + v, start = pair * cells_;
    count(a, v, pair, priors_.counts.data() + start);
    smooth(priors_.counts.data() + start, priors_.used[static_cast<size_t>(pair)] > 0, priors_.smooth.data() + start);
    double* prior = priors_.prior.data() + start;
    const double floor = config_.uniform_share / static_cast<double>(cells_);
    for (int64_t i = 0; i < cells_; ++i)
      prior[i] = (1 - config_.uniform_share) * priors_.smooth[static_cast<size_t>(start + i)] + floor;
    priors_.scale[static_cast<size_t>(pair)] = message_scale(a, v, prior);
  }

 private:
  const double* part(int64_t person, int64_t index) const {
    return positions_.xy.data() + 2 * (person * positions_.parts + index);
  }
  bool both_known(int64_t person, int64_t a, int64_t v) const {
    return std::isfinite(part(person, a)[0]) && std::isfinite(part(person, v)[0]);
  }

  void count(int64_t a, int64_t v, int64_t pair, double* counts) {
    const int64_t r = config_.radius;
    for (int64_t p = 0; p < positions_.people(); ++p) {
      if (!both_known(p, a, v)) continue;
      const int64_t dx = round_cell(part(p, a)[0] - part(p, v)[0]), dy = round_cell(part(p, a)[1] - part(p, v)[1]);
      if (std::abs(dx) > r || std::abs(dy) > r) {
        ++priors_.dropped[static_cast<size_t>(pair)];
      } else {
        counts[(dy + r) * size_ + dx + r] += 1;
        ++priors_.used[static_cast<size_t>(pair)];
      }
    }
  }

  void smooth(const double* counts, bool any, double* out) {
    if (!any) {
      std::fill(out, out + cells_, 1 / static_cast<double>(cells_));
      return;
    }
    std::vector<double> columns(static_cast<size_t>(cells_));
    const auto taps = smoothing_taps(config_.smoothing);
    blur_axis(counts, columns.data(), size_, size_, 1, taps);
    blur_axis(columns.data(), out, size_, 1, size_, taps);
    double sum = 0;
    for (int64_t i = 0; i < cells_; ++i) sum += out[i];
    for (int64_t i = 0; i < cells_; ++i) out[i] /= sum;
  }

  // The message of a target map of v at the cell of A: only cells where the Gaussian is not negligible are visited.
  double message(const double* prior, const double* from, const double* to) const {
    const int64_t r = config_.radius, x = round_cell(to[0]), y = round_cell(to[1]);
    const auto reach = static_cast<int64_t>(std::ceil(9 * config_.sigma));
    const auto range = [&](int64_t centre, int64_t at, int64_t extent) {
      return std::pair{std::max<int64_t>({0, at - r, centre - reach}), std::min({extent - 1, at + r, centre + reach})};
    };
    const auto [left, right] = range(round_cell(from[0]), x, config_.width);
    const auto [top, bottom] = range(round_cell(from[1]), y, config_.height);
    const auto gauss = [&](int64_t cell, double centre) {
      const double d = static_cast<double>(cell) - centre;
      return std::exp(-d * d / (2 * config_.sigma * config_.sigma));
    };
    std::vector<double> across;
    for (int64_t xx = left; xx <= right; ++xx) across.push_back(gauss(xx, from[0]));
    double sum = 0;
    for (int64_t yy = top; yy <= bottom; ++yy) {
      double row = 0;
      for (int64_t xx = left; xx <= right; ++xx)
        row += prior[(y - yy + r) * size_ + x - xx + r] * across[static_cast<size_t>(xx - left)];
      sum += row * gauss(yy, from[1]);
    }
    return sum;
  }

  double message_scale(int64_t a, int64_t v, const double* prior) const {
    double sum = 0;
    int64_t count = 0;
    for (int64_t p = 0; p < positions_.people(); ++p) {
      if (!both_known(p, a, v)) continue;
      const double m = message(prior, part(p, v), part(p, a));
      if (m <= 0) continue;  // both far outside the map
      sum += std::log(m);
      ++count;
    }
    return count > 0 ? std::exp(-sum / static_cast<double>(count)) : 1;
  }

  const PartPositions& positions_;
  const DisplacementConfig& config_;
  DisplacementPriors& priors_;
  int64_t size_, cells_;
};

}  // namespace

double inverse_softplus(double p, double beta) {
  const double scaled = beta * p;
  if (scaled > 30) return p;
  if (scaled < 1e-12) return std::log(scaled) / beta;
  return std::log(std::expm1(scaled)) / beta;
}

double DisplacementPriors::energy(int64_t at, double level) const {
  const auto pair = static_cast<size_t>(at / (size * size));
  return inverse_softplus(level * scale[pair] * prior[static_cast<size_t>(at)], beta);
}

DisplacementPriors displacement_priors(const PartPositions& positions, int64_t outputs,
                                       const DisplacementConfig& config) {
  DisplacementPriors priors;
  priors.outputs = outputs;
  priors.parts = positions.parts;
  priors.beta = config.beta;
  priors.size = 2 * config.radius + 1;
  const auto pairs = static_cast<size_t>(outputs * priors.parts),
             all = pairs * static_cast<size_t>(priors.size * priors.size);
  for (auto* maps : {&priors.counts, &priors.smooth, &priors.prior}) maps->assign(all, 0);
  priors.used.assign(pairs, 0);
  priors.dropped.assign(pairs, 0);
  priors.scale.assign(pairs, 1);
  parallel_tasks(static_cast<int64_t>(pairs), [&](int64_t pair) {
    PairPrior(positions, config, priors).run(pair / priors.parts, pair % priors.parts);
  });
  return priors;
}

}  // namespace fovea::pose
