// Measures of pose estimates: how far joints lie from the truth, in units of the person's size.   Spec pose-estimation,
// section 10. Plain data: NaN coordinates are unannotated in the truth (left out) and missing in a prediction (misses).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace fovea::eval {

// P people with K joints: x, y of each.
struct PosePairs {
  int64_t joints = 0;
  std::vector<double> truth, predicted;  // P x K x 2
  int64_t people() const { return joints == 0 ? 0 : static_cast<int64_t>(truth.size()) / (2 * joints); }
};

// P x K: distance in pixels; NaN = not annotated, infinity = not predicted.
std::vector<double> joint_distances(const PosePairs& pairs);

// Size of each person, by which distances are divided; NaN = unknown: such people are skipped.
std::vector<double> joint_spans(const PosePairs& pairs, int64_t from, int64_t to);  // between two true joints (a torso)
std::vector<double> box_sides(const PosePairs& pairs);  // longer side around the true joints
// 0.6 times the diagonal of the head's box (x1, y1, x2, y2).   MPII's evaluation
std::vector<double> head_sizes(std::span<const double> boxes);

// P x K: distance / size; NaN where either is unknown.
std::vector<double> normalized(std::span<const double> distances, std::span<const double> sizes, int64_t joints);

// Comparisons are <= with this slack on the normalised value.
inline constexpr double kPoseSlack = 1e-9;

// Share of the annotated values that are at most `limit`; absent if nothing is annotated. `joints`: which ones, pooled.
std::optional<double> share_within(std::span<const double> normalized, int64_t joints, std::span<const int64_t> which,
                                   double limit);
int64_t annotated(std::span<const double> normalized, int64_t joints, std::span<const int64_t> which);

// Area under a curve by trapezoids, the x axis rescaled to [0, 1].
double area_under(std::span<const double> x, std::span<const double> y);

// Percentage of correct parts: a limb counts if both ends lie within `share` of its true length (strict), or the mean
// of both errors does. Absent if no person has both ends.
std::optional<double> correct_parts(const PosePairs& pairs, std::span<const std::pair<int64_t, int64_t>> limbs,
                                    double share, bool strict);

// 95 % interval of share_within over resampled groups (images): percentiles 2.5 and 97.5 of `rounds` draws.
std::optional<std::pair<double, double>> bootstrap_interval(std::span<const double> normalized, int64_t joints,
                                                            std::span<const int64_t> which, double limit,
                                                            std::span<const int32_t> group, int64_t rounds,
                                                            uint64_t seed);

}  // namespace fovea::eval
