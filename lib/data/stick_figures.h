// Generated pictures of people as stick figures with known joints: one is meant, others may stand beside. For demos and
// tests: no download, no licence. Results on them are results on generated data.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/box.h"
#include "data/joints.h"
#include "io/picture.h"

namespace fovea::data {

struct StickFigureOptions {
  uint64_t seed = 1;
  int64_t height = 96, width = 144;              // 48..2048
  int min_distractors = 0, max_distractors = 2;  // other people in the picture, 0..4
  double noise = 1.0;                            // scale of pixel noise and clutter; 0 = clean
  double test_fraction = 0.2;
};

struct StickFigure {
  std::array<std::array<double, 2>, 14> joints{};  // in the order of joint_set("lsp-14"); all inside the picture
  Box box;                                         // of what is painted
  Box torso;                                       // around shoulders and hips, as a detector would find it: jittered
};

struct StickScene {
  io::Picture picture;              // [H,W,3]
  std::vector<StickFigure> people;  // the first is the one that is meant
};

// Picture `index` of the endless series of a seed: a pure function. Throws Error(kUsage) for options out of range.
StickScene draw_stick_figures(const StickFigureOptions& options, int64_t index);
std::string stick_figure_split(const StickFigureOptions& options, int64_t index);  // "train" or "test"
std::string stick_figure_id(int64_t index);                                        // "people-000042"

}  // namespace fovea::data
