// Where a detector fails: the types of its false positives, and its sensitivity to what objects look like.
// Hoiem, Chodpathumwan, Dai, "Diagnosing Error in Object Detectors", ECCV 2012; Girshick et al. 2014, section 3.4
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "eval/detection.h"

namespace fovea::eval {

// In this order of precedence.
enum class ErrorType : uint8_t {
  kLocalization,  // IoU >= 0.1 with an object of the right class (too little of it, or a duplicate)
  kSimilar,       // IoU >= 0.1 with an object of a similar class
  kOther,         // IoU >= 0.1 with an object of another class
  kBackground,    // none of these
};
inline constexpr std::array<const char*, 4> kErrorTypeNames = {"loc", "sim", "oth", "bg"};
inline constexpr double kErrorMinOverlap = 0.1;

// Classes that are taken for each other.
struct ClassSet {
  std::string name;
  std::vector<std::string> classes;
};
// vehicles, animals, furniture, and the pair of aeroplane and bird.   Hoiem et al. 2012, section 3.1
const std::vector<ClassSet>& voc_similar_sets();

class SimilarClasses {
 public:
  // By name; members of a set that are not among the classes are left out.
  SimilarClasses(std::span<const std::string> class_names, std::span<const ClassSet> sets);
  bool are_similar(int32_t a, int32_t b) const;

 private:
  size_t classes_;
  std::vector<bool> similar_;  // [classes,classes]
};

// The types of one class's false positives, by decreasing score. `objects` are those of all classes, difficult ones
// included (a box on one is not background). Matches are of `detections`.
std::vector<ErrorType> error_types(const Matches& matches, std::span<const ScoredBox> detections,
                                   std::span<const TrueObject> objects, const SimilarClasses& similar);

// Shares of the four types among the first `first` false positives.
struct ErrorShares {
  int64_t first = 0;
  std::array<double, 4> shares = {};
};
// At 25, 50, 100, 200 .. as far as they reach, and at their end if that lies between. Empty without false positives.
std::vector<ErrorShares> error_shares(std::span<const ErrorType> types);
// Of a group of classes: at each of 25, 50, 100 .. the mean over its classes, each with what it has up to there [ours:
// scores of different classes need not be comparable].
std::vector<ErrorShares> group_error_shares(std::span<const std::vector<ErrorType>> classes);

// Average precision of a part of the objects. Detections of the other objects are ignored, false positives stay.
struct SubsetScore {
  std::string name;
  int64_t positives = 0;
  std::optional<double> normalized_ap;  // absent if the part is empty
};
struct Sensitivity {
  std::string characteristic;        // truncation, size, aspect
  std::vector<SubsetScore> subsets;  // always all of them, in their order
  int best = -1, worst = -1;         // index of the largest and smallest AP; -1: all are absent
};
struct ClassSensitivity {
  std::optional<double> normalized_ap;  // of all objects
  std::vector<Sensitivity> characteristics;
};

// N_j of the normalised precision R N_j / (R N_j + F): what Hoiem et al. took, about the mean of the VOC classes.
inline constexpr double kNormalPositivesPerImage = 0.15;

// Area AP with the precision that a class of `normal_positives` objects would have, so that parts of different size
// compare. size: XS S M L XL, the smallest 10 %, then 20, 40, 20 and 10 % by area; aspect: XT T M W XW, alike by width
// / height; ties in the order given, object i of n at rank (i + 0.5) / n. truncation: no, yes; only if every object
// that counts says so. Objects that do not count under the policy belong to no part.
ClassSensitivity class_sensitivity(const ClassSample& sample, const MatchPolicy& policy, double normal_positives);

// Over the classes that have it: each part, and (as in the paper's figure) the best and the worst part of each class.
struct MeanSensitivity {
  std::string characteristic;
  std::vector<SubsetScore> subsets;  // positives: of all classes
  std::optional<double> best, worst;
};
std::vector<MeanSensitivity> mean_sensitivity(std::span<const ClassSensitivity> classes);

}  // namespace fovea::eval
