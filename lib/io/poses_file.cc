#include "io/poses_file.h"

#include <cmath>
#include <limits>

#include "base/error.h"
#include "io/checks.h"
#include "io/h5_reader.h"
#include "io/schema.h"

namespace fovea::io {
namespace {

void check_pairs(const std::vector<int32_t>& pairs, int64_t joints, const std::string& place) {
  check_range<int32_t>(pairs, 0, joints, place);
}

void check_set(const PoseSet& set, const std::string& origin) {
  check_unique(set.image_ids, origin + ": image_id");
  check_unique(set.joint_names, origin + ": joint_names");
  check_range<int32_t>(set.image, 0, static_cast<int64_t>(set.image_ids.size()), origin + ": image");
  check_range<uint8_t>(set.state, 0, 3, origin + ": joint_state");
  check_pairs(set.flip_pairs, set.joints(), origin + ": flip_pairs");
  check_pairs(set.edges, set.joints(), origin + ": edges");
  if (set.side != "person" && set.side != "observer") fail_data(origin + ": side", "person or observer", set.side);
  for (int64_t p = 0; p < set.people(); ++p) {
    for (int64_t k = 0; k < set.joints(); ++k) {
      const float* at = set.joint(p, k);
      if (set.has_joint(p, k) && !(std::isfinite(at[0]) && std::isfinite(at[1])))
        fail_data(fmt::format("{}: joint_xy[{},{}]", origin, p, k), "finite coordinates of a joint that is there",
                  "nan");
    }
  }
}

std::vector<float> without_absent(const PoseSet& set) {
  std::vector<float> xy = set.xy;
  for (size_t i = 0; i < set.state.size(); ++i) {
    if (set.state[i] == kJointAbsent) xy[2 * i] = xy[2 * i + 1] = std::numeric_limits<float>::quiet_NaN();
  }
  return xy;
}

std::vector<float> optional_floats(const H5Reader& reader, const std::string& name) {
  return reader.has(name) ? reader.read<float>(name) : std::vector<float>();
}

}  // namespace

std::string write_poses(const std::string& target, RootAttributes root, const PoseSet& set, WriterOptions options) {
  check_set(set, target);
  root.schema = "fovea.poses";
  H5Writer writer(target, std::move(root), options);
  const auto n = static_cast<int64_t>(set.image_ids.size()), p = set.people(), k = set.joints();
  const std::vector<int64_t> people{p}, joints{p, k}, points{p, k, 2}, boxes{p, 4};
  writer.write_strings("image_id", set.image_ids, "image");
  if (!set.image_sizes.empty() || (set.keep_sizes && n == 0))
    writer.write<int32_t>("image_size", std::vector<int64_t>{n, 2}, set.image_sizes, "image,(height,width)");
  writer.write<int32_t>("image", people, set.image, "person");
  writer.write<float>("joint_xy", points, without_absent(set), "person,joint,(x,y)");
  writer.write<uint8_t>("joint_state", joints, set.state, "person,joint");
  const auto optional = [&](const char* name, const std::vector<int64_t>& extents, const std::vector<float>& values,
                            const char* axes, bool keep) {
    if (!values.empty() || (keep && p == 0)) writer.write<float>(name, extents, values, axes);
  };
  optional("joint_score", joints, set.score, "person,joint", set.keep_score);
  optional("detector_xy", points, set.detector_xy, "person,joint,(x,y)", set.keep_detector);
  optional("detector_score", joints, set.detector_score, "person,joint", set.keep_detector);
  optional("torso_box", boxes, set.torso_box, "person,(x1,y1,x2,y2)", set.keep_torso);
  optional("head_box", boxes, set.head_box, "person,(x1,y1,x2,y2)", false);
  if (!set.split.empty() || (set.keep_split && p == 0)) writer.write_strings("split", set.split, "person");
  writer.write_strings("joint_names", set.joint_names, "joint");
  writer.write<int32_t>("flip_pairs", std::vector<int64_t>{static_cast<int64_t>(set.flip_pairs.size()) / 2, 2},
                        set.flip_pairs, "pair,(left,right)");
  writer.write<int32_t>("edges", std::vector<int64_t>{static_cast<int64_t>(set.edges.size()) / 2, 2}, set.edges,
                        "limb,(from,to)");
  writer.set_attribute("/", "side", set.side);
  return writer.finish();
}

PoseSet read_poses(const std::string& path) {
  const H5Reader reader = H5Reader::open(path, "fovea.poses");
  PoseSet set;
  set.path = path;
  set.attributes = reader.attributes();
  set.image_ids = reader.read_strings("image_id");
  if (reader.has("image_size")) set.image_sizes = reader.read<int32_t>("image_size");
  set.joint_names = reader.read_strings("joint_names");
  set.flip_pairs = reader.read<int32_t>("flip_pairs");
  set.edges = reader.read<int32_t>("edges");
  set.side = reader.attribute_text("/", "side");
  set.image = reader.read<int32_t>("image");
  set.xy = reader.read<float>("joint_xy");
  set.state = reader.read<uint8_t>("joint_state");
  set.score = optional_floats(reader, "joint_score");
  set.detector_xy = optional_floats(reader, "detector_xy");
  set.detector_score = optional_floats(reader, "detector_score");
  set.torso_box = optional_floats(reader, "torso_box");
  set.head_box = optional_floats(reader, "head_box");
  if (reader.has("split")) set.split = reader.read_strings("split");
  check_set(set, path);
  return set;
}

}  // namespace fovea::io
