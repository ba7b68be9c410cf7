#include "eval/pose.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "base/error.h"
#include "base/rng.h"
#include "eval/classification.h"

namespace fovea::eval {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

bool is_known(const double* point) { return std::isfinite(point[0]) && std::isfinite(point[1]); }
double distance(const double* a, const double* b) { return std::hypot(a[0] - b[0], a[1] - b[1]); }

}  // namespace

std::vector<double> joint_distances(const PosePairs& pairs) {
  FOVEA_CHECK(pairs.truth.size() == pairs.predicted.size(), "{} true and {} predicted coordinates", pairs.truth.size(),
              pairs.predicted.size());
  std::vector<double> out(pairs.truth.size() / 2);
  for (size_t i = 0; i < out.size(); ++i) {
    const double *truth = pairs.truth.data() + 2 * i, *found = pairs.predicted.data() + 2 * i;
    out[i] = !is_known(truth)  ? kUnknown
             : is_known(found) ? distance(truth, found)
                               : std::numeric_limits<double>::infinity();
  }
  return out;
}

std::vector<double> joint_spans(const PosePairs& pairs, int64_t from, int64_t to) {
  std::vector<double> out;
  for (int64_t p = 0; p < pairs.people(); ++p) {
    const double* person = pairs.truth.data() + 2 * p * pairs.joints;
    const double *a = person + 2 * from, *b = person + 2 * to;
    const double span = is_known(a) && is_known(b) ? distance(a, b) : 0;
    out.push_back(span > 0 ? span : kUnknown);
  }
  return out;
}

std::vector<double> box_sides(const PosePairs& pairs) {
  std::vector<double> out;
  for (int64_t p = 0; p < pairs.people(); ++p) {
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY};
    for (int64_t k = 0; k < pairs.joints; ++k) {
      const double* point = pairs.truth.data() + 2 * (p * pairs.joints + k);
      if (!is_known(point)) continue;
      for (int axis = 0; axis < 2; ++axis) {
        low[axis] = std::min(low[axis], point[axis]);
        high[axis] = std::max(high[axis], point[axis]);
      }
    }
    const double side = std::max(high[0] - low[0], high[1] - low[1]);
    out.push_back(side > 0 && std::isfinite(side) ? side : kUnknown);
  }
  return out;
}

std::vector<double> head_sizes(std::span<const double> boxes) {
  std::vector<double> out;
  for (size_t i = 0; i + 3 < boxes.size(); i += 4) {
    const double size = 0.6 * std::hypot(boxes[i + 2] - boxes[i], boxes[i + 3] - boxes[i + 1]);
    out.push_back(size > 0 ? size : kUnknown);
  }
  return out;
}

std::vector<double> normalized(std::span<const double> distances, std::span<const double> sizes, int64_t joints) {
  std::vector<double> out(distances.begin(), distances.end());
  for (size_t i = 0; i < out.size(); ++i) out[i] /= sizes[i / static_cast<size_t>(joints)];
  return out;
}

int64_t annotated(std::span<const double> values, int64_t joints, std::span<const int64_t> which) {
  int64_t count = 0;
  for (size_t start = 0; start < values.size(); start += static_cast<size_t>(joints)) {
    for (const int64_t joint : which) count += std::isnan(values[start + static_cast<size_t>(joint)]) ? 0 : 1;
  }
  return count;
}

std::optional<double> share_within(std::span<const double> values, int64_t joints, std::span<const int64_t> which,
                                   double limit) {
  int64_t within = 0;
  const int64_t all = annotated(values, joints, which);
  for (size_t start = 0; start < values.size(); start += static_cast<size_t>(joints)) {
    for (const int64_t joint : which)
      within += values[start + static_cast<size_t>(joint)] <= limit + kPoseSlack ? 1 : 0;
  }
  if (all == 0) return std::nullopt;
  return static_cast<double>(within) / static_cast<double>(all);
}

double area_under(std::span<const double> x, std::span<const double> y) {
  FOVEA_CHECK(x.size() == y.size() && x.size() > 1, "area under {} points", x.size());
  double sum = 0;
  for (size_t i = 1; i < x.size(); ++i) sum += (x[i] - x[i - 1]) * (y[i] + y[i - 1]) / 2;
  return sum / (x.back() - x.front());
}

std::optional<double> correct_parts(const PosePairs& pairs, std::span<const std::pair<int64_t, int64_t>> limbs,
                                    double share, bool strict) {
  const std::vector<double> distances = joint_distances(pairs);
  int64_t right = 0, all = 0;
  for (int64_t p = 0; p < pairs.people(); ++p) {
    for (const auto& [a, b] : limbs) {
      const size_t i = static_cast<size_t>(p * pairs.joints + a), j = static_cast<size_t>(p * pairs.joints + b);
      if (std::isnan(distances[i]) || std::isnan(distances[j])) continue;
      const double limit = share * distance(pairs.truth.data() + 2 * i, pairs.truth.data() + 2 * j) + kPoseSlack;
      const bool good =
          strict ? distances[i] <= limit && distances[j] <= limit : (distances[i] + distances[j]) / 2 <= limit;
      right += good ? 1 : 0;
      ++all;
    }
  }
  if (all == 0) return std::nullopt;
  return static_cast<double>(right) / static_cast<double>(all);
}

std::optional<std::pair<double, double>> bootstrap_interval(std::span<const double> values, int64_t joints,
                                                            std::span<const int64_t> which, double limit,
                                                            std::span<const int32_t> group, int64_t rounds,
                                                            uint64_t seed) {
  std::map<int32_t, std::pair<int64_t, int64_t>> by_group;  // within, all
  for (size_t p = 0; p < group.size(); ++p) {
    auto& [within, all] = by_group[group[p]];
    for (const int64_t joint : which) {
      const double value = values[p * static_cast<size_t>(joints) + static_cast<size_t>(joint)];
      within += value <= limit + kPoseSlack ? 1 : 0;
      all += std::isnan(value) ? 0 : 1;
    }
  }
  std::vector<std::pair<int64_t, int64_t>> groups;
  for (const auto& [key, counts] : by_group) groups.push_back(counts);
  if (groups.empty() || annotated(values, joints, which) == 0) return std::nullopt;
  std::vector<double> shares;
  for (int64_t round = 0; round < rounds; ++round) {
    Rng rng(seed, RngPurpose::kShuffle, 0xB007, static_cast<uint64_t>(round));
    int64_t within = 0, all = 0;
    for (size_t i = 0; i < groups.size(); ++i) {
      const auto& [some, of] = groups[rng.below(static_cast<uint32_t>(groups.size()))];
      within += some;
      all += of;
    }
    if (all > 0) shares.push_back(static_cast<double>(within) / static_cast<double>(all));
  }
  if (shares.empty()) return std::nullopt;
  return std::pair{percentile(shares, 2.5), percentile(shares, 97.5)};
}

}  // namespace fovea::eval
