// MPII and COCO as JSON, and CSV.
#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "data/annotations.h"
#include "data/pose_formats.h"
#include "data/pose_rows.h"
#include "io/json.h"

namespace fovea::data {
namespace {

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

}  // namespace

io::PoseSet parse_mpii_json(std::string_view text, const std::string& origin) {
  const io::Json json = io::parse_json(text, origin);
  if (!json.is_array()) fail_data(origin, "a list of people", json.type_name());
  io::PoseSet set = empty_poses("mpii-16");
  PoseRows rows(set);
  for (size_t i = 0; i < json.size(); ++i) {
    const std::string place = fmt::format("{}: [{}]", origin, i);
    const io::Json& item = json[i];
    if (!item.is_object()) fail_data(place, "an object", item.type_name());
    rows.add(io::json_text(item, "image", place));
    if (!item.contains("joints") || !item.contains("joints_vis")) continue;  // of the test set
    if (!item["joints"].is_array() || item["joints"].size() != 16 || !item["joints_vis"].is_array() ||
        item["joints_vis"].size() != 16)
      fail_data(place + ": joints", "16 joints and flags",
                fmt::format("{} and {}", item["joints"].size(), item["joints_vis"].size()));
    for (size_t k = 0; k < 16; ++k) {
      const io::Json& joint = item["joints"][k];
      const io::Json& flag = item["joints_vis"][k];
      if (!joint.is_array() || joint.size() < 2 || !joint[0].is_number() || !joint[1].is_number() || !flag.is_number())
        fail_data(fmt::format("{}: joints[{}]", place, k), "two numbers and a flag", joint.dump().substr(0, 40));
      if (flag.get<double>() > 0)
        rows.joint(static_cast<int64_t>(k), joint[0].get<double>() - 1, joint[1].get<double>() - 1, io::kJointVisible);
    }
  }
  return set;
}

io::PoseSet from_coco(const io::CocoKeypoints& file, const std::string& origin) {
  io::PoseSet set = empty_poses("coco-17");
  if (!file.keypoint_names.empty()) {
    const JointSet joints = named_joints(file.keypoint_names);
    set.joint_names = joints.joints;
    set.flip_pairs.clear();
    set.edges.clear();
    for (const auto& [a, b] : joints.flips) set.flip_pairs.insert(set.flip_pairs.end(), {a, b});
    for (const auto& [a, b] : joints.edges) set.edges.insert(set.edges.end(), {a, b});
  }
  PoseRows rows(set);
  std::unordered_map<int64_t, std::string> names;
  for (const io::CocoImage& image : file.images) {
    const std::string name = image.file_name.empty() ? std::to_string(image.id) : image.file_name;
    names[image.id] = name;
    rows.image(name);
    set.image_sizes.push_back(static_cast<int32_t>(image.height));
    set.image_sizes.push_back(static_cast<int32_t>(image.width));
  }
  for (size_t i = 0; i < file.people.size(); ++i) {
    const io::CocoPerson& person = file.people[i];
    const std::string place = fmt::format("{}: annotations[{}]", origin, i);
    if (static_cast<int64_t>(person.keypoints.size()) != 3 * set.joints())
      fail_data(place + ": keypoints", fmt::format("{} joints", set.joints()),
                std::to_string(person.keypoints.size() / 3));
    const auto name = names.find(person.image_id);
    if (name == names.end()) fail_data(place + ": image_id", "the id of an image", std::to_string(person.image_id));
    bool any = false;
    for (size_t k = 2; k < person.keypoints.size(); k += 3) any = any || person.keypoints[k] > 0;
    if (!any || person.crowd) continue;
    rows.add(name->second);
    for (int64_t k = 0; k < set.joints(); ++k) {
      const double* joint = person.keypoints.data() + 3 * k;
      if (joint[2] > 0) rows.joint(k, joint[0], joint[1], joint[2] >= 2 ? io::kJointVisible : io::kJointOccluded);
    }
  }
  return set;
}

io::CocoKeypoints to_coco(const io::PoseSet& set) {
  io::CocoKeypoints out;
  out.keypoint_names = set.joint_names;
  for (size_t i = 0; i + 1 < set.edges.size(); i += 2) out.skeleton.push_back({set.edges[i] + 1, set.edges[i + 1] + 1});
  for (size_t i = 0; i < set.image_ids.size(); ++i) {
    io::CocoImage image{static_cast<int64_t>(i + 1), set.image_ids[i], 0, 0};
    if (!set.image_sizes.empty()) {
      image.height = set.image_sizes[2 * i];
      image.width = set.image_sizes[2 * i + 1];
    }
    out.images.push_back(image);
  }
  for (int64_t p = 0; p < set.people(); ++p) {
    io::CocoPerson person;
    person.image_id = set.image[static_cast<size_t>(p)] + 1;
    double low[2] = {INFINITY, INFINITY}, high[2] = {-INFINITY, -INFINITY}, total = 0;
    int64_t known = 0;
    for (int64_t k = 0; k < set.joints(); ++k) {
      const auto at = static_cast<size_t>(p * set.joints() + k);
      const bool has = set.has_joint(p, k);
      for (int axis = 0; axis < 2; ++axis) {
        const double value = has ? static_cast<double>(set.joint(p, k)[axis]) : 0;
        person.keypoints.push_back(value);
        if (has) low[axis] = std::min(low[axis], value), high[axis] = std::max(high[axis], value);
      }
      person.keypoints.push_back(has ? set.state[at] : 0);
      if (has && !set.score.empty()) total += static_cast<double>(set.score[at]);
      known += has ? 1 : 0;
    }
    if (known > 0) {
      person.bbox = {low[0], low[1], high[0] - low[0], high[1] - low[1]};
      person.score = total / static_cast<double>(known);
    }
    out.people.push_back(std::move(person));
  }
  return out;
}

namespace {

constexpr std::array<const char*, 8> kBoxColumns = {"torso_x1", "torso_y1", "torso_x2", "torso_y2",
                                                    "head_x1",  "head_y1",  "head_x2",  "head_y2"};
constexpr size_t kFirstJoint = 3 + kBoxColumns.size();

std::vector<std::string> csv_joints(const std::vector<std::string>& header, const std::string& place) {
  std::vector<std::string> expected{"image", "person", "split"};
  expected.insert(expected.end(), kBoxColumns.begin(), kBoxColumns.end());
  if (header.size() < kFirstJoint + 3 || (header.size() - kFirstJoint) % 3 != 0 ||
      !std::equal(expected.begin(), expected.end(), header.begin()))
    fail_data(place, "image,person,split,torso_x1,..,head_y2,JOINT_x,JOINT_y,JOINT_state,..",
              printable(join(header, ",")));
  std::vector<std::string> joints;
  for (size_t i = kFirstJoint; i < header.size(); i += 3) {
    const std::string& x = header[i];
    if (!x.ends_with("_x") || header[i + 1] != x.substr(0, x.size() - 2) + "_y" ||
        header[i + 2] != x.substr(0, x.size() - 2) + "_state")
      fail_data(place, "columns JOINT_x, JOINT_y, JOINT_state",
                printable(x + "," + header[i + 1] + "," + header[i + 2]));
    joints.push_back(x.substr(0, x.size() - 2));
  }
  return joints;
}

double csv_number(const std::string& word, const std::string& place) {
  if (word.empty()) return kUnknown;
  const auto value = parse_double(word);
  if (!value) fail_data(place, "a number or nothing", printable(word));
  return *value;
}

}  // namespace

io::PoseSet parse_pose_csv(std::string_view text, const std::string& origin) {
  io::PoseSet set;
  PoseRows rows(set);
  const auto lines = split(text, '\n');
  for (size_t i = 0; i < lines.size(); ++i) {
    const std::string place = fmt::format("{}:{}", origin, i + 1);
    const std::string line(trim(lines[i]));
    if (line.empty()) continue;
    const auto words = split(line, ',');
    if (set.joint_names.empty()) {
      const JointSet joints = named_joints(csv_joints(words, place));
      set.joint_names = joints.joints;
      for (const auto& [a, b] : joints.flips) set.flip_pairs.insert(set.flip_pairs.end(), {a, b});
      for (const auto& [a, b] : joints.edges) set.edges.insert(set.edges.end(), {a, b});
      continue;
    }
    if (words.size() != kFirstJoint + 3 * static_cast<size_t>(set.joints()))
      fail_data(place, fmt::format("{} fields", kFirstJoint + 3 * static_cast<size_t>(set.joints())),
                std::to_string(words.size()));
    rows.add(words[0]);
    set.split.push_back(words[2]);
    std::array<double, 8> box;
    for (size_t k = 0; k < 8; ++k) box[k] = csv_number(words[3 + k], place);
    PoseRows::box(set.torso_box, box[0], box[1], box[2], box[3]);
    PoseRows::box(set.head_box, box[4], box[5], box[6], box[7]);
    for (int64_t k = 0; k < set.joints(); ++k) {
      const std::string* field = words.data() + kFirstJoint + 3 * static_cast<size_t>(k);
      const double state = csv_number(field[2], place);
      if (field[2].empty() || state == 0) continue;
      if (state != 1 && state != 2) fail_data(place + ": state", "0, 1, 2 or nothing", printable(field[2]));
      rows.joint(k, csv_number(field[0], place), csv_number(field[1], place),
                 state == 1 ? io::kJointOccluded : io::kJointVisible);
    }
  }
  if (set.joint_names.empty()) fail_data(origin, "a header line", "nothing");
  const auto none = [](const auto& values) {
    return std::all_of(values.begin(), values.end(), [](float v) { return std::isnan(v); });
  };
  if (none(set.torso_box)) set.torso_box.clear();
  if (none(set.head_box)) set.head_box.clear();
  if (std::all_of(set.split.begin(), set.split.end(), [](const std::string& s) { return s.empty(); }))
    set.split.clear();
  return set;
}

std::string pose_csv(const io::PoseSet& set) {
  std::string out = "image,person,split";
  for (const char* column : kBoxColumns) out += fmt::format(",{}", column);
  for (const std::string& joint : set.joint_names) out += fmt::format(",{0}_x,{0}_y,{0}_state", joint);
  out += '\n';
  std::vector<int> numbers(set.image_ids.size(), 0);
  const auto number = [](float v) { return std::isfinite(v) ? format_number(v) : std::string(); };
  for (int64_t p = 0; p < set.people(); ++p) {
    const auto image = static_cast<size_t>(set.image[static_cast<size_t>(p)]);
    if (set.image_ids[image].find_first_of(",\n\"") != std::string::npos)
      fail_data(set.path + ": image_id", "names without commas and quotes for CSV", printable(set.image_ids[image]));
    out += fmt::format("{},{},{}", set.image_ids[image], numbers[image]++,
                       set.split.empty() ? "" : set.split[static_cast<size_t>(p)]);
    for (const auto* boxes : {&set.torso_box, &set.head_box}) {
      for (int64_t k = 0; k < 4; ++k)
        out += "," + (boxes->empty() ? "" : number((*boxes)[static_cast<size_t>(4 * p + k)]));
    }
    for (int64_t k = 0; k < set.joints(); ++k) {
      if (set.has_joint(p, k)) {
        out += fmt::format(",{},{},{}", number(set.joint(p, k)[0]), number(set.joint(p, k)[1]),
                           set.state[static_cast<size_t>(p * set.joints() + k)]);
      } else {
        out += ",,,0";
      }
    }
    out += '\n';
  }
  return out;
}

}  // namespace fovea::data
