// How the spatial model begins: kernels from the displacements in the training set, scaled to the maps it will see.
#pragma once

#include <functional>
#include <vector>

#include "systems/pose/people.h"

namespace fovea::pose {

struct SpatialStart {
  Backgrounds backgrounds;
  bool flips = false;                    // mirrored copies count as well
  double scale_low = 1, scale_high = 1;  // of augmentation: copies at quarters between them count
};

// Displacements of all people; returns how many fell outside the kernels, for the log.
int64_t start_from_displacements(PoseModel& model, const PersonSampler& sampler, const std::vector<Person>& people,
                                 const SpatialStart& start);

// Scales each kernel so that its message, made from these maps, is 1 with its background at the true cells where the
// detector did well: detector's maps peak below the targets' 1. `maps_of` gives the detector's maps [1,h,w,K] of a
// person.
void calibrate_on_maps(PoseModel& model, const PersonSampler& sampler, const std::vector<Person>& people,
                       const std::function<Tensor(int64_t person)>& maps_of);

}  // namespace fovea::pose
