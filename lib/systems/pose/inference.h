// Running an estimator on people, and reading positions from its maps.
#pragma once

#include <vector>

#include "systems/pose/people.h"

namespace fovea::pose {

struct PersonMaps {
  Tensor detector, spatial;  // [N,h,w,K]; spatial undefined without a spatial model
  Tensor torso;              // [N,h,w,1]
};

// Serial over batches, parallel inside; nothing is recorded. `test_flip`: the detector's maps are averaged with those
// of the mirrored pictures, mirrored back, left and right exchanged.
PersonMaps infer(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people,
                 bool test_flip);

// For sets with one side only (flic-4): maps of the mirrored pictures as they come, not mirrored back.
PersonMaps infer_mirrored(PoseModel& model, const PersonSampler& sampler, const std::vector<const Person*>& people);
// Joints of the set that have a side but no partner in it, as (index, name of the other side).
std::vector<std::pair<int32_t, std::string>> one_sided_joints(const data::JointSet& joints);

// Peaks of one map of one person.
Peak peak_of(const Tensor& maps, int64_t person, int64_t joint, Refine refine);

// From cells to the picture's pixels.
Affine cells_to_picture(const PersonSampler& sampler, const Person& person);

}  // namespace fovea::pose
