// Measures of detectors. Matching of detections with objects is written once; the rules of PASCAL VOC, ILSVRC and COCO
// are policies of it. Everything here is plain data: no files, no names.
#pragma once

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <set>
#include <span>
#include <string_view>
#include <utility>
#include <vector>

#include "base/box.h"

namespace fovea::eval {

struct TrueObject {
  fovea::Box box;
  int32_t class_index = 0;
  int64_t image = 0;
  bool difficult = false;  // does not count: see MatchRule
  bool crowd = false;      // COCO rule only: a region of many objects
  std::optional<bool> truncated;
};

struct ScoredBox {
  fovea::Box box;
  int32_t class_index = 0;
  int64_t image = 0;
  double score = 0;
};

// How a detection finds its object, among those of its class in its image. Detections are visited by decreasing score,
// ties in the order given.
enum class MatchRule {
  // VOC development kit: the object of largest IoU (the first of equals), taken or not. IoU >= min_overlap: a difficult
  // one makes the detection ignored, a free one true, a taken one false (a duplicate). Else false.
  kVoc,
  // ILSVRC 2014 kit: only free objects compete, each with its own threshold min(min_overlap, wh / ((w+10)(h+10))).
  // Difficult objects are unknown to it and left out: their detections are false.
  kIlsvrc,
  // pycocotools: only free objects compete (crowds always do), the later of equals wins, and an ignored one only if no
  // other overlaps enough. The overlap with a crowd is the share of the detection inside it. Ignored are crowds,
  // difficult objects and those outside the area range; so are unmatched detections outside it.
  kCoco,
};

struct MatchPolicy {
  MatchRule rule = MatchRule::kVoc;
  double min_overlap = 0.5;      // IoU
  bool count_difficult = false;  // difficult objects are ordinary ones
  // COCO rule only.
  double min_area = 0, max_area = std::numeric_limits<double>::infinity();  // pixels, both inclusive
  int64_t max_detections = 0;                                               // per image, the best ones; 0: all
};

enum class Outcome : uint8_t { kTrue, kFalse, kIgnored };

struct Match {
  int64_t detection = 0;  // index in the list given
  Outcome outcome = Outcome::kFalse;
  int64_t object = -1;  // the one that it was assigned to, a duplicate's as well; -1: none
};

struct Matches {
  std::vector<Match> list;  // by decreasing score; without what max_detections cuts off
  int64_t positives = 0;    // objects that count
};

// Objects and detections of one class, in the order given: what the functions below work on.
struct ClassSample {
  std::vector<TrueObject> objects;
  std::vector<ScoredBox> detections;
};
// REQUIRES class indices in 0..classes-1.
std::vector<ClassSample> by_class(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                                  int64_t classes);

// Drops what belongs to these (image, class) pairs from both sides (the blacklist of ILSVRC).
void remove_pairs(const std::set<std::pair<int64_t, int32_t>>& pairs, std::vector<TrueObject>& objects,
                  std::vector<ScoredBox>& detections);

Matches match_detections(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                         const MatchPolicy& policy);

// One point per match: of the detections up to it. Recall is NaN if nothing counts as positive, precision while all
// detections so far are ignored.
struct PrecisionRecall {
  int64_t positives = 0;
  std::vector<double> recall, precision;
};
// Each true detection weighs `weight` in the precision: N_j / positives gives the normalised precision of Hoiem et al.
PrecisionRecall precision_recall(const Matches& matches, double weight = 1);

// Mean over t = 0, 0.1 .. 1 of max{precision : recall >= t}, 0 where no recall reaches t: VOC until 2009. A recall of
// 3/10 reaches 0.3, which sums of 0.1 would miss. Absent if nothing counts as positive.
std::optional<double> eleven_point_ap(const PrecisionRecall& curve);
// Area under the precision made non-increasing from the right: VOC since 2010, ILSVRC. Absent as above.
std::optional<double> area_ap(const PrecisionRecall& curve);

// Over the values that are present; absent if there are none.
std::optional<double> mean_of_present(std::span<const std::optional<double>> values);
std::optional<double> median_of_present(std::span<const std::optional<double>> values);

// The twelve numbers of COCO: AP over the IoU thresholds 0.50, 0.55 .. 0.95, at 0.50 and at 0.75, of objects of at most
// 32^2, 32^2 to 96^2 and at least 96^2 pixels; average recall with 1, 10, 100 detections per image, and by area. AP
// uses 100 detections per image and the precision at 101 recalls, whose rounding is that of pycocotools: the numbers
// are the same.
inline constexpr std::array<std::string_view, 12> kCocoNames = {"ap",        "ap_50",    "ap_75",     "ap_small",
                                                                "ap_medium", "ap_large", "ar_1",      "ar_10",
                                                                "ar_100",    "ar_small", "ar_medium", "ar_large"};
using CocoMeasures = std::array<std::optional<double>, kCocoNames.size()>;
// Of one class.
CocoMeasures coco_measures(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                           bool count_difficult = false);
// Each number over the classes that have it.
CocoMeasures mean_measures(std::span<const CocoMeasures> classes);

}  // namespace fovea::eval
