#include "eval/detection.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <unordered_map>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// The objects of one class, and which of them are taken.
class Assignment {
 public:
  Assignment(std::span<const TrueObject> objects, const MatchPolicy& policy)
      : objects_(objects), policy_(policy), ignored_(objects.size()), taken_(objects.size()) {
    for (size_t i = 0; i < objects.size(); ++i) {
      const bool difficult = objects[i].difficult && !policy.count_difficult;
      if (difficult && policy.rule == MatchRule::kIlsvrc) continue;
      ignored_[i] = difficult || (is_coco() && (objects[i].crowd || is_outside(objects[i].box)));
      positives_ += ignored_[i] ? 0 : 1;
      by_image_[objects[i].image].push_back(i);
    }
  }

  int64_t positives() const { return positives_; }

  Match assign(int64_t index, const ScoredBox& detection) {
    const auto place = by_image_.find(detection.image);
    const int64_t chosen = place == by_image_.end() ? -1 : choose(detection.box, place->second);
    if (chosen < 0) return {index, is_coco() && is_outside(detection.box) ? Outcome::kIgnored : Outcome::kFalse, -1};
    const auto object = static_cast<size_t>(chosen);
    if (ignored_[object]) {
      taken_[object] = is_coco();
      return {index, Outcome::kIgnored, chosen};
    }
    const bool is_duplicate = taken_[object];
    taken_[object] = true;
    return {index, is_duplicate ? Outcome::kFalse : Outcome::kTrue, chosen};
  }

 private:
  bool is_coco() const { return policy_.rule == MatchRule::kCoco; }
  bool is_outside(const fovea::Box& box) const { return area(box) < policy_.min_area || area(box) > policy_.max_area; }

  bool may_compete(size_t object) const {
    return policy_.rule == MatchRule::kVoc || !taken_[object] || (is_coco() && objects_[object].crowd);
  }

  double overlap_with(size_t object, const fovea::Box& box) const {
    if (is_coco() && objects_[object].crowd) return intersection(box, objects_[object].box) / area(box);
    return iou(box, objects_[object].box);
  }

  double overlap_needed(size_t object) const {
    if (policy_.rule != MatchRule::kIlsvrc) return policy_.min_overlap;
    // A small object may be missed by 5 pixels on each side.   ILSVRC 2014 development kit
    const double w = width(objects_[object].box), h = height(objects_[object].box);
    return std::min(policy_.min_overlap, w * h / ((w + 10) * (h + 10)));
  }

  int64_t choose(const fovea::Box& box, const std::vector<size_t>& candidates) const {
    int64_t chosen = -1;
    double best = 0;
    for (const size_t object : candidates) {
      if (!may_compete(object)) continue;
      const double overlap = overlap_with(object, box);
      if (!(overlap > 0) || overlap < overlap_needed(object)) continue;  // boxes without area overlap nothing
      bool is_better = chosen < 0 || overlap > best || (is_coco() && overlap == best);
      // COCO: an object that counts goes before any that does not.
      if (is_coco() && chosen >= 0 && ignored_[static_cast<size_t>(chosen)] != ignored_[object]) {
        is_better = ignored_[static_cast<size_t>(chosen)];
      }
      if (!is_better) continue;
      chosen = static_cast<int64_t>(object);
      best = overlap;
    }
    return chosen;
  }

  std::span<const TrueObject> objects_;
  const MatchPolicy& policy_;
  std::vector<bool> ignored_, taken_;
  std::unordered_map<int64_t, std::vector<size_t>> by_image_;
  int64_t positives_ = 0;
};

std::vector<size_t> by_score(std::span<const ScoredBox> detections) {
  std::vector<size_t> order(detections.size());
  std::iota(order.begin(), order.end(), 0);
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return detections[a].score > detections[b].score; });
  return order;
}

Matches match_in_order(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                       const std::vector<size_t>& order, const MatchPolicy& policy) {
  Assignment assignment(objects, policy);
  Matches matches;
  matches.positives = assignment.positives();
  std::unordered_map<int64_t, int64_t> seen;  // detections of each image
  for (const size_t i : order) {
    if (policy.max_detections > 0 && ++seen[detections[i].image] > policy.max_detections) continue;
    matches.list.push_back(assignment.assign(static_cast<int64_t>(i), detections[i]));
  }
  return matches;
}

// Largest precision at this point or later.
std::vector<double> envelope(const PrecisionRecall& curve) {
  std::vector<double> out(curve.precision.size());
  double best = 0;
  for (size_t i = out.size(); i-- > 0;) {
    if (curve.precision[i] > best) best = curve.precision[i];  // false for NaN
    out[i] = best;
  }
  return out;
}

// Mean over these recalls of the best precision there or later; absent if nothing counts as positive.
std::optional<double> mean_precision_at(const std::vector<double>& recalls, const PrecisionRecall& curve) {
  if (curve.positives == 0) return std::nullopt;
  const auto best = envelope(curve);
  double sum = 0;
  size_t at = 0;
  for (const double recall : recalls) {
    while (at < best.size() && curve.recall[at] < recall) ++at;
    if (at < best.size()) sum += best[at];
  }
  return sum / static_cast<double>(recalls.size());
}

std::vector<double> coco_recalls() {
  std::vector<double> recalls;
  for (int i = 0; i <= 100; ++i) recalls.push_back(i * 0.01);  // not i / 100: rounded like numpy.linspace
  return recalls;
}

struct CocoPart {
  double min_area, max_area;
  int64_t detections;
};

// Over the ten IoU thresholds.
struct CocoValues {
  std::array<std::optional<double>, 10> ap, recall;
};

}  // namespace

std::vector<ClassSample> by_class(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                                  int64_t classes) {
  std::vector<ClassSample> out(static_cast<size_t>(classes));
  const auto sample = [&](int32_t k) -> ClassSample& {
    FOVEA_CHECK(k >= 0 && k < classes, "class {} of {}", k, classes);
    return out[static_cast<size_t>(k)];
  };
  for (const auto& object : objects) sample(object.class_index).objects.push_back(object);
  for (const auto& detection : detections) sample(detection.class_index).detections.push_back(detection);
  return out;
}

void remove_pairs(const std::set<std::pair<int64_t, int32_t>>& pairs, std::vector<TrueObject>& objects,
                  std::vector<ScoredBox>& detections) {
  const auto is_listed = [&](const auto& item) { return pairs.contains({item.image, item.class_index}); };
  std::erase_if(objects, is_listed);
  std::erase_if(detections, is_listed);
}

Matches match_detections(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                         const MatchPolicy& policy) {
  return match_in_order(objects, detections, by_score(detections), policy);
}

PrecisionRecall precision_recall(const Matches& matches, double weight) {
  PrecisionRecall curve;
  curve.positives = matches.positives;
  double hits = 0, misses = 0;
  for (const Match& match : matches.list) {
    hits += match.outcome == Outcome::kTrue ? 1 : 0;
    misses += match.outcome == Outcome::kFalse ? 1 : 0;
    curve.recall.push_back(matches.positives > 0 ? hits / static_cast<double>(matches.positives) : kNaN);
    curve.precision.push_back(hits + misses > 0 ? hits * weight / (hits * weight + misses) : kNaN);
  }
  return curve;
}

std::optional<double> eleven_point_ap(const PrecisionRecall& curve) {
  // Quotients of integers: 3/10 is then the same number here and as a recall, which 3 * 0.1 is not.
  std::vector<double> recalls;
  for (int i = 0; i <= 10; ++i) recalls.push_back(i / 10.0);
  return mean_precision_at(recalls, curve);
}

std::optional<double> area_ap(const PrecisionRecall& curve) {
  if (curve.positives == 0) return std::nullopt;
  const auto best = envelope(curve);
  double sum = 0, before = 0;
  for (size_t i = 0; i < best.size(); ++i) {
    sum += (curve.recall[i] - before) * best[i];
    before = curve.recall[i];
  }
  return sum;
}

std::optional<double> mean_of_present(std::span<const std::optional<double>> values) {
  double sum = 0;
  int64_t count = 0;
  for (const auto& value : values) {
    if (!value) continue;
    sum += *value;
    ++count;
  }
  return count > 0 ? std::optional(sum / static_cast<double>(count)) : std::nullopt;
}

std::optional<double> median_of_present(std::span<const std::optional<double>> values) {
  std::vector<double> present;
  for (const auto& value : values) {
    if (value) present.push_back(*value);
  }
  if (present.empty()) return std::nullopt;
  std::sort(present.begin(), present.end());
  return (present[(present.size() - 1) / 2] + present[present.size() / 2]) / 2;
}

CocoMeasures coco_measures(std::span<const TrueObject> objects, std::span<const ScoredBox> detections,
                           bool count_difficult) {
  const auto order = by_score(detections);
  const auto recalls = coco_recalls();
  const auto values_of = [&](const CocoPart& part) {
    CocoValues out;
    for (size_t i = 0; i < out.ap.size(); ++i) {
      MatchPolicy policy{MatchRule::kCoco, 0, count_difficult, part.min_area, part.max_area, part.detections};
      policy.min_overlap = static_cast<double>(50 + 5 * i) / 100;
      const PrecisionRecall curve = precision_recall(match_in_order(objects, detections, order, policy));
      out.ap[i] = mean_precision_at(recalls, curve);
      if (curve.positives > 0) out.recall[i] = curve.recall.empty() ? 0 : curve.recall.back();
    }
    return out;
  };
  constexpr double kSmall = 32 * 32, kLarge = 96 * 96, kAny = std::numeric_limits<double>::infinity();
  const CocoValues all = values_of({0, kAny, 100}), one = values_of({0, kAny, 1}), ten = values_of({0, kAny, 10});
  const CocoValues small = values_of({0, kSmall, 100}), medium = values_of({kSmall, kLarge, 100}),
                   large = values_of({kLarge, kAny, 100});
  return {mean_of_present(all.ap),
          all.ap[0],
          all.ap[5],
          mean_of_present(small.ap),
          mean_of_present(medium.ap),
          mean_of_present(large.ap),
          mean_of_present(one.recall),
          mean_of_present(ten.recall),
          mean_of_present(all.recall),
          mean_of_present(small.recall),
          mean_of_present(medium.recall),
          mean_of_present(large.recall)};
}

CocoMeasures mean_measures(std::span<const CocoMeasures> classes) {
  CocoMeasures out;
  for (size_t i = 0; i < out.size(); ++i) {
    std::vector<std::optional<double>> column;
    for (const auto& measures : classes) column.push_back(measures[i]);
    out[i] = mean_of_present(column);
  }
  return out;
}

}  // namespace fovea::eval
