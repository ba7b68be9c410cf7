// People with joints as public data sets store them. All become io::PoseSet with 0-based pixel centres; image ids are
// the files' names as the data set has them.   Spec pose-estimation, section 9
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "io/coco_keypoints.h"
#include "io/mat5.h"
#include "io/poses_file.h"

namespace fovea::data {

// FLIC examples.mat (joint set flic-11, torso boxes, splits train and test). `observer`: in back views (all left arm
// joints left of the right ones) the arms' labels are exchanged, as FLIC's evaluation does; `swapped` counts them.
io::PoseSet parse_flic(const io::MatFile& file, bool observer, int64_t& swapped);

// LSP joints.mat, 3x14xN with 1 = occluded; images im0001.jpg.., the first half train, the rest test.
// LSP-extended, 14x3xN with 1 = annotated; images im00001.jpg.., all train. `names`: other file names in order, or
// empty. Throws Error(kData) for the other one's layout: the flags mean the opposite there.
io::PoseSet parse_lsp(const io::MatFile& file, const std::vector<std::string>& names);
io::PoseSet parse_lspet(const io::MatFile& file, const std::vector<std::string>& names);

// MPII mpii_human_pose_v1.mat: everybody with annotated joints, head boxes; split train.
io::PoseSet parse_mpii(const io::MatFile& file);
// The common list of {image, joints[16][2], joints_vis[16], center, scale}; no head boxes.
io::PoseSet parse_mpii_json(std::string_view text, const std::string& origin);

// Everybody with a labelled joint who is no crowd.
io::PoseSet from_coco(const io::CocoKeypoints& file, const std::string& origin);
io::CocoKeypoints to_coco(const io::PoseSet& set);

// image,person,split,torso_x1..torso_y2,head_x1..head_y2,JOINT_x,JOINT_y,JOINT_state,...; empty fields are absent.
// Exact in both directions but for sizes of images and sides.
io::PoseSet parse_pose_csv(std::string_view text, const std::string& origin);
std::string pose_csv(const io::PoseSet& set);

// An empty set with the joints, pairs and limbs of a known set.
io::PoseSet empty_poses(std::string_view joint_set);

}  // namespace fovea::data
