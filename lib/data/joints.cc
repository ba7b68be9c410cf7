#include "data/joints.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"

namespace fovea::data {
namespace {

struct Definition {
  const char* name;
  std::vector<std::string> joints;
  std::vector<std::pair<const char*, const char*>> limbs;
};

const std::vector<std::pair<const char*, const char*>>& common_limbs() {
  static const std::vector<std::pair<const char*, const char*>> limbs = {{"left_shoulder", "left_elbow"},
                                                                         {"left_elbow", "left_wrist"},
                                                                         {"right_shoulder", "right_elbow"},
                                                                         {"right_elbow", "right_wrist"},
                                                                         {"left_hip", "left_knee"},
                                                                         {"left_knee", "left_ankle"},
                                                                         {"right_hip", "right_knee"},
                                                                         {"right_knee", "right_ankle"},
                                                                         {"left_shoulder", "left_hip"},
                                                                         {"right_shoulder", "right_hip"},
                                                                         {"left_hip", "right_hip"},
                                                                         {"neck", "head_top"},
                                                                         {"neck", "left_shoulder"},
                                                                         {"neck", "right_shoulder"},
                                                                         {"thorax", "upper_neck"},
                                                                         {"upper_neck", "head_top"},
                                                                         {"thorax", "left_shoulder"},
                                                                         {"thorax", "right_shoulder"},
                                                                         {"thorax", "pelvis"}};
  return limbs;
}

// Orders: FLIC as released predictions have them; the LSP README; MPII ids; the COCO keypoint page.
const std::vector<Definition>& definitions() {
  const std::vector<std::pair<const char*, const char*>> head = {{"nose", "left_shoulder"}, {"nose", "right_shoulder"}};
  static const std::vector<Definition> table = {
      {"flic-4", {"nose", "left_shoulder", "left_elbow", "left_wrist"}, head},
      {"flic-9",
       {"nose", "left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist", "left_hip",
        "right_hip"},
       head},
      {"flic-11",
       {"left_shoulder", "left_elbow", "left_wrist", "right_shoulder", "right_elbow", "right_wrist", "left_hip",
        "right_hip", "left_eye", "right_eye", "nose"},
       head},
      {"lsp-14",
       {"right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "right_wrist", "right_elbow",
        "right_shoulder", "left_shoulder", "left_elbow", "left_wrist", "neck", "head_top"},
       {}},
      {"mpii-16",
       {"right_ankle", "right_knee", "right_hip", "left_hip", "left_knee", "left_ankle", "pelvis", "thorax",
        "upper_neck", "head_top", "right_wrist", "right_elbow", "right_shoulder", "left_shoulder", "left_elbow",
        "left_wrist"},
       {}},
      {"coco-17",
       {"nose", "left_eye", "right_eye", "left_ear", "right_ear", "left_shoulder", "right_shoulder", "left_elbow",
        "right_elbow", "left_wrist", "right_wrist", "left_hip", "right_hip", "left_knee", "right_knee", "left_ankle",
        "right_ankle"},
       head},
  };
  return table;
}

}  // namespace

int32_t JointSet::find(std::string_view joint) const {
  const auto at = std::find(joints.begin(), joints.end(), joint);
  return at == joints.end() ? -1 : static_cast<int32_t>(at - joints.begin());
}

std::vector<int32_t> JointSet::mirrored() const {
  std::vector<int32_t> out(joints.size());
  for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<int32_t>(i);
  for (const auto& [left, right] : flips) {
    out[static_cast<size_t>(left)] = right;
    out[static_cast<size_t>(right)] = left;
  }
  return out;
}

const std::vector<std::string>& joint_set_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> out;
    for (const Definition& definition : definitions()) out.emplace_back(definition.name);
    return out;
  }();
  return names;
}

JointSet joint_set(std::string_view name) {
  for (const Definition& definition : definitions()) {
    if (name != definition.name) continue;
    JointSet set = named_joints(definition.joints);
    set.name = definition.name;
    for (const auto& [a, b] : definition.limbs) {
      const int32_t from = set.find(a), to = set.find(b);
      if (from >= 0 && to >= 0) set.edges.emplace_back(from, to);
    }
    return set;
  }
  const std::string near = nearest(name, joint_set_names());
  throw Error(ErrorKind::kUsage, fmt::format("expected a joint set, found '{}'", printable(name)),
              near.empty() ? "sets: " + join(joint_set_names(), " ") : "did you mean '" + near + "'?");
}

std::string other_side(std::string_view joint) {
  if (joint.starts_with("left_")) return "right_" + std::string(joint.substr(5));
  if (joint.starts_with("right_")) return "left_" + std::string(joint.substr(6));
  return std::string(joint);
}

JointSet named_joints(std::vector<std::string> joints) {
  JointSet set;
  set.name = "custom";
  set.joints = std::move(joints);
  for (size_t i = 0; i < set.joints.size(); ++i) {
    if (!set.joints[i].starts_with("left_")) continue;
    const int32_t right = set.find(other_side(set.joints[i]));
    if (right >= 0) set.flips.emplace_back(static_cast<int32_t>(i), right);
  }
  for (const auto& [a, b] : common_limbs()) {
    const int32_t from = set.find(a), to = set.find(b);
    if (from >= 0 && to >= 0) set.edges.emplace_back(from, to);
  }
  return set;
}

}  // namespace fovea::data
