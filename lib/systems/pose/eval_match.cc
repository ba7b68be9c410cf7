// Which prediction is whose.
#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "systems/pose/eval.h"

namespace fovea::pose {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

using Columns = std::vector<std::pair<int64_t, int64_t>>;  // joint of the truth, of the prediction

Columns shared_joints(const io::PoseSet& truth, const io::PoseSet& predicted, std::vector<std::string>& names) {
  Columns out;
  for (int64_t k = 0; k < truth.joints(); ++k) {
    const std::string& name = truth.joint_names[static_cast<size_t>(k)];
    const auto at = std::find(predicted.joint_names.begin(), predicted.joint_names.end(), name);
    if (at == predicted.joint_names.end()) continue;
    out.emplace_back(k, at - predicted.joint_names.begin());
    names.push_back(name);
  }
  if (out.empty())
    fail_data(predicted.path + ": joint_names", "joints of " + truth.path, join(predicted.joint_names, " "));
  return out;
}

const float* predicted_joint(const io::PoseSet& set, int64_t person, int64_t joint, bool detector) {
  return detector ? set.detector_xy.data() + 2 * (person * set.joints() + joint) : set.joint(person, joint);
}

double mean_distance(const io::PoseSet& truth, int64_t t, const io::PoseSet& predicted, int64_t p,
                     const Columns& columns) {
  double sum = 0;
  int64_t count = 0;
  for (const auto& [a, b] : columns) {
    if (!truth.has_joint(t, a) || !predicted.has_joint(p, b)) continue;
    const float *x = truth.joint(t, a), *y = predicted.joint(p, b);
    sum += std::hypot(static_cast<double>(x[0]) - y[0], static_cast<double>(x[1]) - y[1]);
    ++count;
  }
  return count > 0 ? sum / static_cast<double>(count) : 1e30;
}

// For each true person of an image the prediction's row, -1: none.
std::vector<int64_t> assign(const io::PoseSet& truth, const std::vector<int64_t>& people, const io::PoseSet& predicted,
                            const std::vector<int64_t>& found, const Columns& columns) {
  if (people.size() == found.size()) return found;
  struct Pair {
    double distance;
    size_t person, prediction;
  };
  std::vector<Pair> pairs;
  for (size_t t = 0; t < people.size(); ++t) {
    for (size_t p = 0; p < found.size(); ++p)
      pairs.push_back({mean_distance(truth, people[t], predicted, found[p], columns), t, p});
  }
  std::stable_sort(pairs.begin(), pairs.end(), [](const Pair& a, const Pair& b) { return a.distance < b.distance; });
  std::vector<int64_t> out(people.size(), -1);
  std::vector<uint8_t> used(found.size(), 0);
  for (const Pair& pair : pairs) {
    if (out[pair.person] >= 0 || used[pair.prediction] != 0) continue;
    out[pair.person] = found[pair.prediction];
    used[pair.prediction] = 1;
  }
  return out;
}

void append_box(const std::vector<float>& boxes, int64_t row, std::vector<double>& out) {
  for (int64_t i = 0; i < 4; ++i)
    out.push_back(boxes.empty() ? kUnknown : static_cast<double>(boxes[static_cast<size_t>(4 * row + i)]));
}

}  // namespace

int64_t Matched::find(std::string_view joint) const {
  const auto at = std::find(joints.begin(), joints.end(), joint);
  return at == joints.end() ? -1 : at - joints.begin();
}

Matched match_people(const io::PoseSet& truth, const io::PoseSet& predicted, const std::string& split,
                     const std::string& part) {
  if (truth.side != predicted.side) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: side: expected {}-centric joints as in {}, found {}-centric ones", predicted.path,
                            truth.side, truth.path, predicted.side),
                "left and right would be mixed up");
  }
  const bool detector = part == "detector";
  // Without a spatial model the only positions are the detector's.
  const bool before = detector && !predicted.detector_xy.empty();
  Matched out;
  const Columns columns = shared_joints(truth, predicted, out.joints);
  out.pairs.joints = static_cast<int64_t>(columns.size());
  std::unordered_map<std::string, std::vector<int64_t>> found;
  for (const std::string& id : predicted.image_ids) found[id];
  for (int64_t p = 0; p < predicted.people(); ++p)
    found[predicted.image_ids[static_cast<size_t>(predicted.image[static_cast<size_t>(p)])]].push_back(p);
  std::map<int32_t, std::vector<int64_t>> people;
  for (int64_t t = 0; t < truth.people(); ++t) {
    if (split.empty() || (!truth.split.empty() && truth.split[static_cast<size_t>(t)] == split))
      people[truth.image[static_cast<size_t>(t)]].push_back(t);
  }
  for (const auto& [image, rows] : people) {
    const auto at = found.find(truth.image_ids[static_cast<size_t>(image)]);
    if (at == found.end()) continue;  // not among the pictures that were looked at
    const auto assigned = assign(truth, rows, predicted, at->second, columns);
    for (size_t i = 0; i < rows.size(); ++i) {
      out.image.push_back(image);
      out.row.push_back(rows[i]);
      out.missed += assigned[i] < 0 ? 1 : 0;
      append_box(truth.torso_box, rows[i], out.torso_boxes);
      append_box(truth.head_box, rows[i], out.head_boxes);
      for (const auto& [a, b] : columns) {
        const bool has = assigned[i] >= 0 && predicted.has_joint(assigned[i], b);
        for (int axis = 0; axis < 2; ++axis) {
          out.pairs.truth.push_back(truth.has_joint(rows[i], a) ? static_cast<double>(truth.joint(rows[i], a)[axis])
                                                                : kUnknown);
          out.pairs.predicted.push_back(
              has ? static_cast<double>(predicted_joint(predicted, assigned[i], b, before)[axis]) : kUnknown);
        }
      }
    }
  }
  if (out.row.empty())
    throw Error(ErrorKind::kData,
                fmt::format("{}: image_id: expected people of {}{}, found none", predicted.path, truth.path,
                            split.empty() ? "" : " in " + split),
                "predict on the pictures that were annotated");
  return out;
}

std::vector<double> torso_sizes(const Matched& matched, const std::string& norm) {
  if (norm == "box") {
    std::vector<double> out;
    for (size_t i = 0; i + 3 < matched.torso_boxes.size(); i += 4) {
      const double size = std::hypot(matched.torso_boxes[i + 2] - matched.torso_boxes[i],
                                     matched.torso_boxes[i + 3] - matched.torso_boxes[i + 1]);
      out.push_back(size > 0 ? size : kUnknown);
    }
    return out;
  }
  const auto span = [&](const char* shoulder, const char* hip) {
    const int64_t a = matched.find(shoulder), b = matched.find(hip);
    if (a < 0 || b < 0)
      fail_data("--torso-norm " + norm, fmt::format("the joints {} and {} in both files", shoulder, hip),
                join(matched.joints, " "), "--torso-norm box, or --metric pck");
    return eval::joint_spans(matched.pairs, a, b);
  };
  if (norm == "rsho-lhip") return span("right_shoulder", "left_hip");
  std::vector<double> first = span("left_shoulder", "right_hip");
  if (norm != "mean") return first;
  const std::vector<double> second = span("right_shoulder", "left_hip");
  for (size_t i = 0; i < first.size(); ++i) first[i] = (first[i] + second[i]) / 2;
  return first;
}

std::vector<JointGroup> joint_groups(const std::vector<std::string>& joints) {
  std::vector<JointGroup> out;
  const auto find = [&](const std::string& name) {
    return std::find(joints.begin(), joints.end(), name) - joints.begin();
  };
  JointGroup all{"all", {}};
  for (size_t k = 0; k < joints.size(); ++k) {
    out.push_back({joints[k], {static_cast<int64_t>(k)}});
    all.joints.push_back(static_cast<int64_t>(k));
  }
  for (size_t k = 0; k < joints.size(); ++k) {
    if (!joints[k].starts_with("left_")) continue;
    const auto right = find("right_" + joints[k].substr(5));
    if (right < static_cast<std::ptrdiff_t>(joints.size()))
      out.push_back({joints[k].substr(5), {static_cast<int64_t>(k), right}});
  }
  out.push_back(std::move(all));
  return out;
}

}  // namespace fovea::pose
