// What a robustness report is made of (spec adversarial-trainer section 8): for each model and attack, which images are
// still classified correctly.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "eval/statistics.h"
#include "eval/table.h"
#include "systems/advgen/attack.h"

namespace fovea::advgen {

// Names of rows; also what --attacks and --require know.
inline constexpr const char* kCleanRow = "clean";
inline constexpr const char* kNoiseRow = "noise";           // the worst of some draws from the ball
inline constexpr const char* kFgsmRow = "fgsm";             // a single step; "fgm-l2" in an L2 ball
inline constexpr const char* kPgdRow = "pgd";               // one random start
inline constexpr const char* kPgdCeRow = "pgd-ce";          // more steps and restarts, cross-entropy
inline constexpr const char* kPgdMarginRow = "pgd-margin";  // the same with the margin
inline constexpr const char* kSquareRow = "square";         // random search without gradients
inline constexpr const char* kGeneratorRow = "generator";   // the network that the model was trained against
inline constexpr const char* kTransferRow = "transfer";     // pictures made on other models
inline constexpr const char* kWorstRow = "worst";           // survives everything of the above
const std::vector<std::string>& report_attacks();           // that can be chosen: kNoiseRow .. kGeneratorRow

// How hard the attacks try.
struct ReportEffort {
  ops::Norm norm = ops::Norm::kLinf;
  double epsilon = 8.0 / 255;
  std::vector<std::string> attacks;  // of report_attacks(), in this order
  int64_t steps = 20;                // pgd, transfer, curves
  int64_t strong_steps = 40;         // pgd-ce, pgd-margin
  int64_t restarts = 2;              // of both
  int64_t queries = 300;             // square
  int64_t draws = 10;                // noise
  std::vector<double> curve;         // epsilons > 0, ascending
  std::vector<int64_t> step_curve;   // ascending
  bool checks = true;                // spend what the checks of section 8.3 need
  bool smallest = false;             // search each image's smallest epsilon
  int64_t batch = 128;
  uint64_t seed = 1;

  bool has(const std::string& attack) const;
};

// One attack on one model.
struct AttackRow {
  std::string attack;
  double epsilon = 0;  // 0: without a bound
  int64_t steps = 0, restarts = 0;
  std::vector<uint8_t>
      correct;         // per image. Searches (noise, pgd, square) may leave a picture alone: errors count as lost
  bool counts = true;  // in the worst case: inside the threat model

  int64_t correct_count() const;
  double accuracy() const;
  eval::Interval interval() const;
};

// D8: do gradients exist?
struct GradientCensus {
  int64_t images = 0, zeros = 0;  // zeros: every component is 0 in float32
  double median_norm = 0;         // L2, of the cross-entropy
};

// The smallest ball in which PGD fools an image, by bisection: right to 1/256 in Linf, 1/128 of the largest radius in
// L2.
struct SmallestRadii {
  double largest = 0;          // no image was searched beyond
  std::vector<double> radius;  // per image; 0: wrong without an attack; infinity: not fooled at the largest

  double share_unfooled() const;
  double quantile(double share) const;  // over all images; infinity where so many were not fooled
};

struct ModelReport {
  std::string name, method, trained_norm;  // method "" = unknown (a checkpoint of another tool)
  std::optional<uint64_t> train_seed;
  double trained_epsilon = 0;
  int64_t classes = 0, images = 0;

  std::vector<AttackRow> rows;             // clean first
  std::vector<AttackRow> curve;            // pgd against epsilon, ascending, epsilon 0 first
  std::vector<AttackRow> step_curve;       // pgd against the number of steps
  std::vector<AttackRow> restart_curve;    // pgd-ce after 1, 2, ... restarts
  std::optional<AttackRow> doubled_steps;  // pgd with twice the steps (D6)
  std::optional<AttackRow> everything;     // pgd with a radius that allows any picture to become grey (D3)
  std::optional<GradientCensus> gradients;
  std::optional<SmallestRadii> smallest;
  std::optional<double> generator_norm;  // mean, in the norm of the report
  std::optional<double> train_accuracy;
  int64_t train_images = 0;

  const AttackRow* find(const std::string& attack) const;  // null if not run
  const AttackRow& at(const std::string& attack) const;    // REQUIRES it
  // The strongest of the gradient attacks that were run, image by image; absent without any.
  std::optional<AttackRow> gradient_attacks() const;
  std::optional<AttackRow> worst() const;  // absent if only clean was run
};

// Survives both.
AttackRow both(const AttackRow& a, const AttackRow& b, const std::string& name);

}  // namespace fovea::advgen
