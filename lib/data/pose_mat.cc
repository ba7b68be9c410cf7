// FLIC, LSP, LSP-extended and MPII from MATLAB files. Coordinates there count from 1.
#include <algorithm>
#include <array>
#include <cmath>

#include "base/error.h"
#include "base/text.h"
#include "data/pose_formats.h"
#include "data/pose_rows.h"

namespace fovea::data {
namespace {

using io::MatArray;
using io::MatKind;

constexpr double kUnknown = std::numeric_limits<double>::quiet_NaN();

std::string extents_text(const MatArray& array) {
  std::string out(io::mat_kind_name(array.kind));
  for (size_t i = 0; i < array.extents.size(); ++i) out += fmt::format("{}{}", i == 0 ? " " : "x", array.extents[i]);
  return out;
}

const MatArray& field(const MatArray& structure, int64_t element, const char* name, const std::string& place) {
  if (structure.kind != MatKind::kStruct || structure.field_index(name) < 0 || element >= structure.count())
    fail_data(place, fmt::format("a field {}", name), extents_text(structure));
  return structure.at(element, name);
}

// Null if the field is missing or empty.
const MatArray* find_field(const MatArray& structure, int64_t element, const char* name) {
  if (structure.kind != MatKind::kStruct || element >= structure.count() || structure.field_index(name) < 0)
    return nullptr;
  const MatArray& value = structure.at(element, name);
  return value.count() == 0 ? nullptr : &value;
}

double scalar(const MatArray* array, double absent = kUnknown) {
  if (array == nullptr || array->kind == MatKind::kStruct || array->kind == MatKind::kCell) return absent;
  if (array->kind == MatKind::kChar) return parse_double(trim(array->text())).value_or(absent);
  return array->values.empty() ? absent : array->values[0];
}

std::string required_text(const MatArray& array, const std::string& place) {
  if (array.kind != MatKind::kChar || array.text().empty()) fail_data(place, "text", extents_text(array));
  return array.text();
}

// Columns of coords, from 1, in the order of joint_set("flic-11").
constexpr std::array<int64_t, 11> kFlicColumns = {1, 2, 3, 4, 5, 6, 7, 10, 13, 14, 17};
constexpr int64_t kFlicJoints = 29;

// All left arm joints left of the right ones: seen from behind.
bool is_back_view(const MatArray& coords) {
  for (int64_t k = 0; k < 3; ++k) {
    if (!(coords.values[static_cast<size_t>(2 * k)] < coords.values[static_cast<size_t>(2 * (k + 3))])) return false;
  }
  return true;
}

}  // namespace

io::PoseSet empty_poses(std::string_view name) {
  const JointSet joints = joint_set(name);
  io::PoseSet set;
  set.joint_names = joints.joints;
  for (const auto& [a, b] : joints.flips) set.flip_pairs.insert(set.flip_pairs.end(), {a, b});
  for (const auto& [a, b] : joints.edges) set.edges.insert(set.edges.end(), {a, b});
  return set;
}

io::PoseSet parse_flic(const io::MatFile& file, bool observer, int64_t& swapped) {
  const MatArray& examples = file.variable("examples");
  io::PoseSet set = empty_poses("flic-11");
  set.side = observer ? "observer" : "person";
  PoseRows rows(set);
  swapped = 0;
  for (int64_t i = 0; i < examples.count(); ++i) {
    const std::string place = fmt::format("{}: examples({})", file.origin, i + 1);
    const MatArray& coords = field(examples, i, "coords", place);
    if (coords.kind != MatKind::kNumeric || coords.extents != std::vector<int64_t>{2, kFlicJoints})
      throw Error(ErrorKind::kData,
                  fmt::format("{}: coords: expected numbers 2x29, found {}", place, extents_text(coords)),
                  coords.extents == std::vector<int64_t>{kFlicJoints, 2} ? "the array is transposed" : "");
    rows.add(required_text(field(examples, i, "filepath", place), place + ": filepath"));
    const bool swap = observer && is_back_view(coords);
    swapped += swap ? 1 : 0;
    for (size_t k = 0; k < kFlicColumns.size(); ++k) {
      int64_t column = kFlicColumns[k] - 1;
      if (swap && column < 6) column = (column + 3) % 6;
      const double x = coords.values[static_cast<size_t>(2 * column)],
                   y = coords.values[static_cast<size_t>(2 * column + 1)];
      if (std::isfinite(x) && std::isfinite(y)) rows.joint(static_cast<int64_t>(k), x - 1, y - 1, io::kJointVisible);
    }
    const MatArray* box = find_field(examples, i, "torsobox");
    const bool has_box = box != nullptr && box->kind == MatKind::kNumeric && box->values.size() == 4;
    const auto corner = [&](size_t c) { return has_box ? box->values[c] - 1 : kUnknown; };
    PoseRows::box(set.torso_box, corner(0), corner(1), corner(2), corner(3));
    const bool test = scalar(find_field(examples, i, "istest"), 0) != 0,
               train = scalar(find_field(examples, i, "istrain"), 0) != 0;
    set.split.emplace_back(train ? "train" : test ? "test" : "");
  }
  return set;
}

namespace {

// joints as (axis or flag, joint, person) whichever way it lies.
struct LspArray {
  const MatArray& array;
  bool joints_first;
  double at(int64_t row, int64_t joint, int64_t person) const {
    const int64_t inner = joints_first ? row * 14 + joint : joint * 3 + row;
    return array.values[static_cast<size_t>(person * 42 + inner)];
  }
};

LspArray lsp_array(const io::MatFile& file, bool joints_first) {
  const MatArray& array = file.variable("joints");
  std::vector<int64_t> extents = array.extents;
  if (extents.size() == 2) extents.push_back(1);
  const std::vector<int64_t> plain{3, 14}, transposed{14, 3};
  const std::vector<int64_t> found(extents.begin(), extents.begin() + 2);
  if (array.kind == MatKind::kNumeric && extents.size() == 3 && found == (joints_first ? transposed : plain))
    return {array, joints_first};
  const bool other =
      array.kind == MatKind::kNumeric && extents.size() == 3 && found == (joints_first ? plain : transposed);
  throw Error(ErrorKind::kData,
              fmt::format("{}: joints: expected numbers {}xN, found {}", file.origin, joints_first ? "14x3" : "3x14",
                          extents_text(array)),
              !other         ? ""
              : joints_first ? "LSP stores them so, and its flag means occluded: --from lsp"
                             : "LSP-extended stores them so, and its flag means annotated: --from lspet");
}

io::PoseSet read_lsp(const LspArray& joints, const std::string& origin, const std::vector<std::string>& names,
                     int digits) {
  const int64_t people = static_cast<int64_t>(joints.array.values.size()) / 42;
  if (!names.empty() && static_cast<int64_t>(names.size()) != people)
    fail_data(origin + ": joints", fmt::format("{} people, one for each name of the list", names.size()),
              std::to_string(people));
  io::PoseSet set = empty_poses("lsp-14");
  PoseRows rows(set);
  for (int64_t p = 0; p < people; ++p) {
    rows.add(names.empty() ? fmt::format("im{:0{}}.jpg", p + 1, digits) : names[static_cast<size_t>(p)]);
    for (int64_t k = 0; k < 14; ++k) {
      const double x = joints.at(0, k, p), y = joints.at(1, k, p), flag = joints.at(2, k, p);
      if (!std::isfinite(x) || !std::isfinite(y)) continue;
      if (joints.joints_first && flag == 0) continue;  // not annotated; the coordinates mean nothing
      rows.joint(k, x - 1, y - 1, !joints.joints_first && flag != 0 ? io::kJointOccluded : io::kJointVisible);
    }
  }
  return set;
}

}  // namespace

io::PoseSet parse_lsp(const io::MatFile& file, const std::vector<std::string>& names) {
  io::PoseSet set = read_lsp(lsp_array(file, false), file.origin, names, 4);
  for (int64_t p = 0; p < set.people(); ++p) set.split.emplace_back(p < set.people() / 2 ? "train" : "test");
  return set;
}

io::PoseSet parse_lspet(const io::MatFile& file, const std::vector<std::string>& names) {
  io::PoseSet set = read_lsp(lsp_array(file, true), file.origin, names, 5);
  set.split.assign(static_cast<size_t>(set.people()), "train");
  return set;
}

namespace {

void add_mpii_person(const MatArray& people, int64_t j, const std::string& image, const std::string& place,
                     PoseRows& rows, io::PoseSet& set) {
  const MatArray* points = find_field(people, j, "annopoints");
  const MatArray* list = points == nullptr ? nullptr : find_field(*points, 0, "point");
  if (list == nullptr) return;
  rows.add(image);
  for (int64_t k = 0; k < list->count(); ++k) {
    const double id = scalar(&field(*list, k, "id", place)), x = scalar(&field(*list, k, "x", place)),
                 y = scalar(&field(*list, k, "y", place));
    if (!(id >= 0 && id <= 15 && id == std::floor(id))) fail_data(place + ": point: id", "0..15", format_number(id));
    if (!std::isfinite(x) || !std::isfinite(y)) continue;
    const double visible = scalar(find_field(*list, k, "is_visible"), 1);
    rows.joint(static_cast<int64_t>(id), x - 1, y - 1, visible != 0 ? io::kJointVisible : io::kJointOccluded);
  }
  const auto corner = [&](const char* name) { return scalar(find_field(people, j, name)) - 1; };
  PoseRows::box(set.head_box, corner("x1"), corner("y1"), corner("x2"), corner("y2"));
  set.split.emplace_back("train");
}

}  // namespace

io::PoseSet parse_mpii(const io::MatFile& file) {
  const MatArray& release = file.variable("RELEASE");
  const std::string origin = file.origin + ": RELEASE";
  const MatArray& list = field(release, 0, "annolist", origin);
  io::PoseSet set = empty_poses("mpii-16");
  PoseRows rows(set);
  for (int64_t i = 0; i < list.count(); ++i) {
    const std::string place = fmt::format("{}.annolist({})", origin, i + 1);
    const MatArray* people = find_field(list, i, "annorect");
    if (people == nullptr || people->kind != MatKind::kStruct) continue;
    const std::string image =
        required_text(field(field(list, i, "image", place), 0, "name", place), place + ".image.name");
    for (int64_t j = 0; j < people->count(); ++j) add_mpii_person(*people, j, image, place, rows, set);
  }
  return set;
}

}  // namespace fovea::data
