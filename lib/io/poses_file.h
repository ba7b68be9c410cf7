// fovea.poses: people with joints, annotated or predicted.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

enum JointState : uint8_t { kJointAbsent = 0, kJointOccluded = 1, kJointVisible = 2 };

// N images, P people, K joints. Empty vectors = the part is absent, unless said otherwise.
struct PoseSet {
  std::string path;           // set by read_poses
  RootAttributes attributes;  // set by read_poses
  std::vector<std::string> image_ids;
  std::vector<int32_t> image_sizes;  // N x (height, width)
  std::vector<std::string> joint_names;
  std::vector<int32_t> flip_pairs, edges;  // F x 2, E x 2; may be empty
  std::string side = "person";             // whose left and right: "person" or "observer"

  std::vector<int32_t> image;                      // P, index of the image
  std::vector<float> xy;                           // P x K x 2, NaN = absent
  std::vector<uint8_t> state;                      // P x K, JointState
  std::vector<float> score;                        // P x K
  std::vector<float> detector_xy, detector_score;  // P x K x 2, P x K: before the spatial model
  std::vector<float> torso_box, head_box;          // P x 4, NaN rows = unknown
  std::vector<std::string> split;                  // P

  // Parts to write even if nobody is there, so that shards agree: image_size, joint_score, detector_*, torso_box,
  // split.
  bool keep_sizes = false;
  bool keep_score = false, keep_detector = false, keep_torso = false, keep_split = false;

  int64_t people() const { return static_cast<int64_t>(image.size()); }
  int64_t joints() const { return static_cast<int64_t>(joint_names.size()); }
  const float* joint(int64_t person, int64_t joint) const { return xy.data() + 2 * (person * joints() + joint); }
  bool has_joint(int64_t person, int64_t joint) const {
    return state[static_cast<size_t>(person * joints() + joint)] != kJointAbsent;
  }
};

// `root.schema` is set to fovea.poses. Coordinates of absent joints are written as NaN. Returns the content hash.
// Throws Error(kData) for repeated ids and indices out of range.
std::string write_poses(const std::string& target, RootAttributes root, const PoseSet& set, WriterOptions options = {});

// The whole file, checked: ids, indices, states; a joint that is not absent has finite coordinates. Throws
// Error(kData).
PoseSet read_poses(const std::string& path);

}  // namespace fovea::io
