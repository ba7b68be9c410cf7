// A pose estimator: part detector, spatial model if it has one, and all that using it needs, in one checkpoint.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "data/joints.h"
#include "io/checkpoint_file.h"
#include "nn/network.h"
#include "systems/pose/spatial_part.h"

namespace fovea::pose {

struct PoseSettings {
  data::JointSet joints;
  std::string side = "person";  // whose left and right
  double sigma = 1.5;           // of target maps and of the torso's map, cells
  std::string torso = "none";   // where the torso's map goes: none, spatial, detector, both
  std::string crop = "frame";   // what the input shows: the whole frame, or the box around a person's joints
  double margin = 1.25;         // by which a box is enlarged
  bool torso_to_detector() const { return torso == "detector" || torso == "both"; }
  bool torso_to_spatial() const { return torso == "spatial" || torso == "both"; }
};

struct PoseModel {
  PoseSettings settings;
  nn::Network detector;
  std::unique_ptr<SpatialPart> spatial;  // null: detector only
  std::string path, hash;                // where it came from

  int64_t input_height() const { return detector.input().height; }
  int64_t input_width() const { return detector.input().width; }
  int64_t map_height() const { return detector.output_shape().shape[0]; }
  int64_t map_width() const { return detector.output_shape().shape[1]; }
  int64_t joints() const { return settings.joints.count(); }

  // Input [N,H,W,3 or 4] -> detector's maps [N,h,w,K].
  Var detect(const Var& input, const nn::PassContext& context) { return detector.forward(input, context); }
  // Detector's maps and the torso's [N,h,w,1] (undefined: none) -> maps [N,h,w,K]. REQUIRES a spatial model.
  Var refine(const Var& maps, const Var& torso) const;
};

// Throws Error(kData) for checkpoints of other tools and damaged ones.
PoseModel load_pose_model(const std::string& path);
PoseModel read_pose_model(const io::CheckpointData& data, const std::string& path);

void store_pose_model(const PoseModel& model, io::CheckpointData& data);
// Weights of the detector, and of the spatial model if both have one, from a checkpoint with the same shapes.
void restore_pose_arrays(PoseModel& model, const io::CheckpointData& data, const std::string& origin);

}  // namespace fovea::pose
