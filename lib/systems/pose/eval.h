// pose-estimate eval: predictions against annotations.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/program.h"
#include "eval/pose.h"
#include "io/poses_file.h"

namespace fovea::pose {

struct EvalOptions {
  std::string truth, predicted, metric = "pdj", part = "spatial", torso = "lsho-rhip", split, require;
  std::vector<double> radii;
  int64_t bootstrap = 0;
};
void declare_eval(cli::OptionTable& table, EvalOptions& options);
int evaluate(const EvalOptions& options, const cli::Invocation& invocation);

// Annotated people and what was predicted for each, with the joints that both files have.
struct Matched {
  std::vector<std::string> joints;
  eval::PosePairs pairs;
  std::vector<int32_t> image;                   // of each person
  std::vector<int64_t> row;                     // of each person in the truth
  std::vector<double> torso_boxes, head_boxes;  // 4 each, NaN = unknown
  int64_t missed = 0;                           // people without any prediction

  int64_t find(std::string_view joint) const;  // -1 if absent
};

// People are matched within their image: in order if there are equally many, else each with the prediction nearest to
// it by mean distance of joints, best pairs first. `part`: "detector" takes positions before the spatial model. Throws
// Error(kData) for different sides, no joint in common, no image in common.
Matched match_people(const io::PoseSet& truth, const io::PoseSet& predicted, const std::string& split,
                     const std::string& part);

// Sizes by --torso-norm: lsho-rhip, rsho-lhip, mean of both, box. NaN = unknown. Throws Error(kData) for missing
// joints.
std::vector<double> torso_sizes(const Matched& matched, const std::string& norm);

// Rows of a report: every joint, left and right pooled ("wrist"), all.
struct JointGroup {
  std::string name;
  std::vector<int64_t> joints;
};
std::vector<JointGroup> joint_groups(const std::vector<std::string>& joints);

}  // namespace fovea::pose
