// Running an estimator on people, and reading positions from its maps.
#pragma once

#include <vector>

#include "systems/pose/people.h"

namespace fovea::pose {

struct PersonMaps {
  Tensor detector, spatial;  // [N,h,w,K]; spatial undefined without a spatial model
  Tensor torso;              // [N,h,w,1]
};

// What of a picture is looked at.
struct TestViews {
  bool flip =
      false;  // also mirrored: the detector's maps are averaged before the spatial model, left and right exchanged
  std::vector<double> scales = {1};  // people enlarged by these factors around the input's centre, > 0
};

// Serial over batches, parallel inside; nothing is recorded. With several scales each has its own pass through both
// parts, the spatial model not being scale-invariant; its maps are then resampled to the cells of scale 1 and averaged
// over the scales that see a cell.   Spec pose-estimation, section 8
PersonMaps infer(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                 const TestViews& views = {});

// For sets with one side only (flic-4): maps of the mirrored pictures as they come, not mirrored back. Flips not.
PersonMaps infer_mirrored(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                          const TestViews& views = {});
// Joints of the set that have a side but no partner in it, as (index, name of the other side).
std::vector<std::pair<int32_t, std::string>> one_sided_joints(const data::JointSet& joints);

// Peaks of one map of one person.
Peak peak_of(const Tensor& maps, int64_t person, int64_t joint, Refine refine);

// From cells to the picture's pixels.
Affine cells_to_picture(const PersonSampler& sampler, const Person& person);

}  // namespace fovea::pose
