// Sets of body joints: names, which are each other's mirror image, and the limbs between them.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace fovea::data {

struct JointSet {
  std::string name;
  std::vector<std::string> joints;                 // "left_wrist"; sides are the person's, or the observer's
  std::vector<std::pair<int32_t, int32_t>> flips;  // (left, right): they change places in a mirrored picture
  std::vector<std::pair<int32_t, int32_t>> edges;  // limbs, for drawing and PCP

  int64_t count() const { return static_cast<int64_t>(joints.size()); }
  int32_t find(std::string_view joint) const;  // -1 if absent
  // Where each joint goes in a mirrored picture; itself if it has no partner.
  std::vector<int32_t> mirrored() const;
};

// "flic-4", "flic-9", "flic-11", "lsp-14", "mpii-16", "coco-17"; throws Error(kUsage) with the nearest name.
JointSet joint_set(std::string_view name);
const std::vector<std::string>& joint_set_names();

// A set from what a file says: pairs from the names ("left_x" with "right_x") where the file has none.
JointSet named_joints(std::vector<std::string> joints);

// "left_wrist" -> "right_wrist" and back; other names as they are.
std::string other_side(std::string_view joint);

}  // namespace fovea::data
