// Filling a pose set person by person. Internal to data.
#pragma once

#include <limits>
#include <string>
#include <unordered_map>

#include "data/joints.h"
#include "io/poses_file.h"

namespace fovea::data {

class PoseRows {
 public:
  explicit PoseRows(io::PoseSet& set) : set_(set) {}

  int32_t image(const std::string& id) {
    const auto [at, fresh] = index_.emplace(id, static_cast<int32_t>(set_.image_ids.size()));
    if (fresh) set_.image_ids.push_back(id);
    return at->second;
  }
  // A person without joints yet.
  void add(const std::string& image_id) {
    constexpr float kAbsent = std::numeric_limits<float>::quiet_NaN();
    set_.image.push_back(image(image_id));
    set_.xy.insert(set_.xy.end(), static_cast<size_t>(2 * set_.joints()), kAbsent);
    set_.state.insert(set_.state.end(), static_cast<size_t>(set_.joints()), io::kJointAbsent);
  }
  // Of the last person.
  void joint(int64_t k, double x, double y, io::JointState state) {
    const auto at = static_cast<size_t>((set_.people() - 1) * set_.joints() + k);
    set_.xy[2 * at] = static_cast<float>(x);
    set_.xy[2 * at + 1] = static_cast<float>(y);
    set_.state[at] = state;
  }
  static void box(std::vector<float>& boxes, double x1, double y1, double x2, double y2) {
    for (const double v : {x1, y1, x2, y2}) boxes.push_back(static_cast<float>(v));
  }

 private:
  io::PoseSet& set_;
  std::unordered_map<std::string, int32_t> index_;
};

}  // namespace fovea::data
