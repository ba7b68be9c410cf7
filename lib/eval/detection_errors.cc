#include "eval/detection_errors.h"

#include <algorithm>
#include <numeric>
#include <unordered_map>

#include "base/error.h"

namespace fovea::eval {
namespace {

constexpr int64_t kFirstCount = 25;

std::array<double, 4> shares_of(std::span<const ErrorType> types) {
  std::array<double, 4> shares = {};
  for (const ErrorType type : types) shares[static_cast<size_t>(type)] += 1;
  for (double& share : shares) share /= static_cast<double>(types.size());
  return shares;
}

bool counts(const TrueObject& object, const MatchPolicy& policy) {
  const bool is_crowd = object.crowd && policy.rule == MatchRule::kCoco;
  return (!object.difficult || policy.count_difficult) && !is_crowd && area(object.box) >= policy.min_area &&
         area(object.box) <= policy.max_area;
}

// Which part each object belongs to; -1: none.
struct Partition {
  std::string characteristic;
  std::vector<std::string> names;
  std::vector<int> part;
};

Partition by_rank(const ClassSample& sample, const std::vector<bool>& counted, std::string characteristic,
                  std::vector<std::string> names, double (*measure)(const fovea::Box&)) {
  constexpr std::array<double, 4> kEnds = {0.1, 0.3, 0.7, 0.9};
  Partition out{std::move(characteristic), std::move(names), std::vector<int>(sample.objects.size(), -1)};
  std::vector<size_t> order;
  for (size_t i = 0; i < counted.size(); ++i) {
    if (counted[i]) order.push_back(i);
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](size_t a, size_t b) { return measure(sample.objects[a].box) < measure(sample.objects[b].box); });
  for (size_t i = 0; i < order.size(); ++i) {
    const double rank = (static_cast<double>(i) + 0.5) / static_cast<double>(order.size());
    out.part[order[i]] =
        static_cast<int>(std::count_if(kEnds.begin(), kEnds.end(), [&](double e) { return rank > e; }));
  }
  return out;
}

double aspect_ratio(const fovea::Box& box) { return height(box) > 0 ? width(box) / height(box) : 0; }

std::vector<Partition> partitions(const ClassSample& sample, const MatchPolicy& policy) {
  std::vector<bool> counted;
  bool is_truncation_known = true, any = false;
  for (const auto& object : sample.objects) {
    counted.push_back(counts(object, policy));
    any = any || counted.back();
    is_truncation_known = is_truncation_known && (object.truncated || !counted.back());
  }
  std::vector<Partition> out;
  if (any && is_truncation_known) {
    Partition truncation{"truncation", {"no", "yes"}, {}};
    for (size_t i = 0; i < counted.size(); ++i) {
      truncation.part.push_back(counted[i] ? (*sample.objects[i].truncated ? 1 : 0) : -1);
    }
    out.push_back(std::move(truncation));
  }
  out.push_back(by_rank(sample, counted, "size", {"XS", "S", "M", "L", "XL"}, area));
  out.push_back(by_rank(sample, counted, "aspect", {"XT", "T", "M", "W", "XW"}, aspect_ratio));
  return out;
}

std::optional<double> normalized_ap(const Matches& matches, double normal_positives) {
  if (matches.positives == 0) return std::nullopt;
  return area_ap(precision_recall(matches, normal_positives / static_cast<double>(matches.positives)));
}

Sensitivity sensitivity(const Partition& partition, const Matches& matches, double normal_positives) {
  Sensitivity out{partition.characteristic, {}, -1, -1};
  for (int part = 0; part < static_cast<int>(partition.names.size()); ++part) {
    Matches subset = matches;
    subset.positives = std::count(partition.part.begin(), partition.part.end(), part);
    for (Match& match : subset.list) {
      if (match.outcome == Outcome::kTrue && partition.part[static_cast<size_t>(match.object)] != part) {
        match.outcome = Outcome::kIgnored;
      }
    }
    out.subsets.push_back(
        {partition.names[static_cast<size_t>(part)], subset.positives, normalized_ap(subset, normal_positives)});
    const auto& ap = out.subsets.back().normalized_ap;
    if (!ap) continue;
    if (out.best < 0 || *ap > *out.subsets[static_cast<size_t>(out.best)].normalized_ap) out.best = part;
    if (out.worst < 0 || *ap < *out.subsets[static_cast<size_t>(out.worst)].normalized_ap) out.worst = part;
  }
  return out;
}

const Sensitivity* find(const ClassSensitivity& of_class, const std::string& characteristic) {
  for (const auto& item : of_class.characteristics) {
    if (item.characteristic == characteristic) return &item;
  }
  return nullptr;
}

MeanSensitivity mean_of(std::span<const ClassSensitivity> classes, const Sensitivity& like) {
  MeanSensitivity out{like.characteristic, {}, {}, {}};
  std::vector<std::optional<double>> best, worst;
  std::vector<std::vector<std::optional<double>>> columns(like.subsets.size());
  for (const auto& subset : like.subsets) out.subsets.push_back({subset.name, 0, {}});
  for (const auto& of_class : classes) {
    const Sensitivity* item = find(of_class, like.characteristic);
    if (item == nullptr || item->best < 0) continue;
    best.push_back(item->subsets[static_cast<size_t>(item->best)].normalized_ap);
    worst.push_back(item->subsets[static_cast<size_t>(item->worst)].normalized_ap);
    for (size_t i = 0; i < columns.size(); ++i) {
      out.subsets[i].positives += item->subsets[i].positives;
      columns[i].push_back(item->subsets[i].normalized_ap);
    }
  }
  for (size_t i = 0; i < columns.size(); ++i) out.subsets[i].normalized_ap = mean_of_present(columns[i]);
  out.best = mean_of_present(best);
  out.worst = mean_of_present(worst);
  return out;
}

}  // namespace

const std::vector<ClassSet>& voc_similar_sets() {
  static const std::vector<ClassSet> sets = {
      {"vehicles", {"aeroplane", "bicycle", "boat", "bus", "car", "motorbike", "train"}},
      {"animals", {"bird", "cat", "cow", "dog", "horse", "sheep", "person"}},
      {"furniture", {"chair", "diningtable", "sofa"}},
      {"flying", {"aeroplane", "bird"}},
  };
  return sets;
}

SimilarClasses::SimilarClasses(std::span<const std::string> class_names, std::span<const ClassSet> sets)
    : classes_(class_names.size()), similar_(class_names.size() * class_names.size(), false) {
  for (const ClassSet& set : sets) {
    const auto has = [&](const std::string& name) {
      return std::find(set.classes.begin(), set.classes.end(), name) != set.classes.end();
    };
    for (size_t a = 0; a < classes_; ++a) {
      for (size_t b = 0; b < classes_; ++b) {
        if (a != b && has(class_names[a]) && has(class_names[b])) similar_[a * classes_ + b] = true;
      }
    }
  }
}

bool SimilarClasses::are_similar(int32_t a, int32_t b) const {
  return similar_[static_cast<size_t>(a) * classes_ + static_cast<size_t>(b)];
}

std::vector<ErrorType> error_types(const Matches& matches, std::span<const ScoredBox> detections,
                                   std::span<const TrueObject> objects, const SimilarClasses& similar) {
  std::unordered_map<int64_t, std::vector<const TrueObject*>> by_image;
  for (const auto& object : objects) by_image[object.image].push_back(&object);
  std::vector<ErrorType> types;
  for (const Match& match : matches.list) {
    if (match.outcome != Outcome::kFalse) continue;
    const ScoredBox& detection = detections[static_cast<size_t>(match.detection)];
    ErrorType type = ErrorType::kBackground;
    const auto place = by_image.find(detection.image);
    if (place != by_image.end()) {
      for (const TrueObject* object : place->second) {
        if (iou(object->box, detection.box) < kErrorMinOverlap) continue;
        const bool is_same = object->class_index == detection.class_index;
        const ErrorType found = is_same ? ErrorType::kLocalization
                                : similar.are_similar(object->class_index, detection.class_index) ? ErrorType::kSimilar
                                                                                                  : ErrorType::kOther;
        type = std::min(type, found);
      }
    }
    types.push_back(type);
  }
  return types;
}

std::vector<ErrorShares> error_shares(std::span<const ErrorType> types) {
  return group_error_shares(std::array{std::vector<ErrorType>(types.begin(), types.end())});
}

std::vector<ErrorShares> group_error_shares(std::span<const std::vector<ErrorType>> classes) {
  size_t longest = 0;
  for (const auto& types : classes) longest = std::max(longest, types.size());
  std::vector<ErrorShares> out;
  for (auto first = static_cast<size_t>(kFirstCount); longest > 0; first *= 2) {
    ErrorShares entry{static_cast<int64_t>(std::min(first, longest)), {}};
    double members = 0;
    for (const auto& types : classes) {
      if (types.empty()) continue;
      const auto shares = shares_of(std::span(types).first(std::min(first, types.size())));
      for (size_t i = 0; i < shares.size(); ++i) entry.shares[i] += shares[i];
      ++members;
    }
    for (double& share : entry.shares) share /= members;
    out.push_back(entry);
    if (first >= longest) break;
  }
  return out;
}

ClassSensitivity class_sensitivity(const ClassSample& sample, const MatchPolicy& policy, double normal_positives) {
  const Matches matches = match_detections(sample.objects, sample.detections, policy);
  ClassSensitivity out{normalized_ap(matches, normal_positives), {}};
  for (const Partition& partition : partitions(sample, policy)) {
    out.characteristics.push_back(sensitivity(partition, matches, normal_positives));
  }
  return out;
}

std::vector<MeanSensitivity> mean_sensitivity(std::span<const ClassSensitivity> classes) {
  std::vector<MeanSensitivity> out;
  for (const auto& of_class : classes) {
    for (const auto& item : of_class.characteristics) {
      const bool is_known = std::any_of(out.begin(), out.end(), [&](const MeanSensitivity& mean) {
        return mean.characteristic == item.characteristic;
      });
      if (!is_known) out.push_back(mean_of(classes, item));
    }
  }
  return out;
}

}  // namespace fovea::eval
