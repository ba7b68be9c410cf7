#include "data/pose_formats.h"

#include <doctest/doctest.h>

#include <cmath>
#include <functional>

#include "base/error.h"
#include "data/joints.h"

namespace fovea::data {
namespace {

using io::MatArray;
using io::MatFile;
using io::MatKind;

MatArray numbers(std::vector<int64_t> extents, std::vector<double> values) {
  MatArray out;
  out.extents = std::move(extents);
  out.values = std::move(values);
  return out;
}
MatArray text(const std::string& value) {
  MatArray out;
  out.kind = MatKind::kChar;
  out.extents = {1, static_cast<int64_t>(value.size())};
  out.rows = {value};
  return out;
}
MatArray structure(std::vector<std::string> fields, std::vector<MatArray> items) {
  MatArray out;
  out.kind = MatKind::kStruct;
  out.extents = {1, static_cast<int64_t>(items.size() / fields.size())};
  out.fields = std::move(fields);
  out.items = std::move(items);
  return out;
}
MatFile file(const std::string& name, MatArray array) {
  array.name = name;
  return {"a.mat", {std::move(array)}, {}};
}
Error error_of(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    return error;
  }
  return Error(ErrorKind::kInternal, "nothing thrown");
}

// Joint k of person p at (100 p + k + 1, 200 p + k + 1) with this flag, MATLAB's count.
std::vector<double> lsp_values(int64_t people, bool joints_first, double flag) {
  std::vector<double> out;
  for (int64_t p = 0; p < people; ++p) {
    for (int64_t i = 0; i < 42; ++i) {
      const int64_t row = joints_first ? i / 14 : i % 3, joint = joints_first ? i % 14 : i / 3;
      const double at = row == 0 ? 100.0 * static_cast<double>(p) : 200.0 * static_cast<double>(p);
      out.push_back(row == 2 ? flag : at + static_cast<double>(joint) + 1);
    }
  }
  return out;
}

TEST_CASE("LSP: 3x14xN, flag 1 is occluded, first half train") {
  const auto set = parse_lsp(file("joints", numbers({3, 14, 4}, lsp_values(4, false, 1))), {});
  CHECK(set.people() == 4);
  CHECK(set.image_ids[0] == "im0001.jpg");
  CHECK(set.joint(3, 13)[0] == 313);
  CHECK(set.joint(3, 13)[1] == 613);
  CHECK(set.state[0] == io::kJointOccluded);
  CHECK(set.split == std::vector<std::string>{"train", "train", "test", "test"});
  CHECK(set.joint_names == joint_set("lsp-14").joints);
}

TEST_CASE("LSP-extended: 14x3xN, flag 0 is not annotated") {
  auto values = lsp_values(2, true, 1);
  values[2 * 14 + 5] = 0;  // flag of person 0, joint 5
  const auto set = parse_lspet(file("joints", numbers({14, 3, 2}, values)), {"b.jpg", "a.jpg"});
  CHECK(set.image_ids == std::vector<std::string>{"b.jpg", "a.jpg"});
  CHECK(!set.has_joint(0, 5));
  CHECK(set.state[4] == io::kJointVisible);
  CHECK(set.joint(1, 13)[0] == 113);
  CHECK(set.split[0] == "train");
}

TEST_CASE("LSP: the other set's layout is refused, because its flags mean the opposite") {
  const auto wrong = error_of([] { parse_lsp(file("joints", numbers({14, 3, 2}, lsp_values(2, true, 1))), {}); });
  CHECK(wrong.kind() == ErrorKind::kData);
  CHECK(wrong.hint().find("--from lspet") != std::string::npos);
  const auto other = error_of([] { parse_lspet(file("joints", numbers({3, 14, 2}, lsp_values(2, false, 1))), {}); });
  CHECK(other.hint().find("--from lsp") != std::string::npos);
  CHECK(error_of([] { parse_lsp(file("joints", numbers({3, 13, 2}, std::vector<double>(78))), {}); }).hint().empty());
  CHECK(error_of([] {
          parse_lspet(file("joints", numbers({14, 3, 2}, lsp_values(2, true, 1))), {"one.jpg"});
        }).kind() == ErrorKind::kData);
}

MatArray flic_coords(bool back_view) {
  std::vector<double> values(58, NAN);
  for (int64_t column : {1, 2, 3, 4, 5, 6, 7, 10, 13, 14, 17}) {
    const bool left_arm = column <= 3;
    values[static_cast<size_t>(2 * (column - 1))] = (left_arm != back_view ? 300 : 100) + static_cast<double>(column);
    values[static_cast<size_t>(2 * (column - 1) + 1)] = static_cast<double>(column);
  }
  return numbers({2, 29}, values);
}

TEST_CASE("FLIC: columns, splits, torso box; arms of back views are exchanged for the observer") {
  const std::vector<std::string> fields = {"filepath", "coords", "torsobox", "istrain", "istest"};
  const auto example = [&](const char* name, bool back, double train) {
    return std::vector<MatArray>{text(name), flic_coords(back), numbers({1, 4}, {11, 21, 31, 41}),
                                 numbers({1, 1}, {train}), numbers({1, 1}, {1 - train})};
  };
  std::vector<MatArray> items = example("front.jpg", false, 1);
  for (auto& item : example("back.jpg", true, 0)) items.push_back(item);
  const MatFile mat = file("examples", structure(fields, items));
  int64_t swapped = 0;
  const auto set = parse_flic(mat, true, swapped);
  CHECK(swapped == 1);
  CHECK(set.side == "observer");
  CHECK(set.split == std::vector<std::string>{"train", "test"});
  CHECK(set.torso_box[0] == 10);
  const int32_t wrist = joint_set("flic-11").find("left_wrist"), nose = joint_set("flic-11").find("nose");
  CHECK(set.joint(0, wrist)[0] == 302);
  CHECK(set.joint(1, wrist)[0] == 305);  // what was called the right wrist
  CHECK(set.joint(0, nose)[1] == 16);
  const auto own = parse_flic(mat, false, swapped);
  CHECK(swapped == 0);
  CHECK(own.side == "person");
  CHECK(own.joint(1, wrist)[0] == 102);
}

TEST_CASE("FLIC: transposed coordinates are refused") {
  const std::vector<std::string> fields = {"filepath", "coords"};
  int64_t swapped = 0;
  const auto error = error_of([&] {
    parse_flic(file("examples", structure(fields, {text("a"), numbers({29, 2}, std::vector<double>(58))})), true,
               swapped);
  });
  CHECK(error.hint() == "the array is transposed");
}

TEST_CASE("MPII: people with annotated joints, head boxes, one-based") {
  const auto point = [](double id, double x, double y, double visible) {
    return std::vector<MatArray>{numbers({1, 1}, {id}), numbers({1, 1}, {x}), numbers({1, 1}, {y}),
                                 numbers({1, 1}, {visible})};
  };
  std::vector<MatArray> points = point(9, 51, 21, 1);
  for (auto& item : point(0, 41, 91, 0)) points.push_back(item);
  const MatArray joints = structure({"point"}, {structure({"id", "x", "y", "is_visible"}, points)});
  const MatArray people = structure(
      {"x1", "y1", "x2", "y2", "annopoints"},
      {numbers({1, 1}, {11}), numbers({1, 1}, {12}), numbers({1, 1}, {31}), numbers({1, 1}, {42}), joints,
       numbers({1, 1}, {1}), numbers({1, 1}, {1}), numbers({1, 1}, {2}), numbers({1, 1}, {2}), numbers({0, 0}, {})});
  const MatArray list = structure({"image", "annorect"}, {structure({"name"}, {text("m.jpg")}), people});
  const auto set = parse_mpii(file("RELEASE", structure({"annolist"}, {list})));
  REQUIRE(set.people() == 1);
  CHECK(set.joint(0, 9)[0] == 50);
  CHECK(set.state[9] == io::kJointVisible);
  CHECK(set.state[0] == io::kJointOccluded);
  CHECK(set.state[1] == io::kJointAbsent);
  CHECK(set.head_box == std::vector<float>{10, 11, 30, 41});
}

TEST_CASE("joint sets: partners and limbs") {
  for (const std::string& name : joint_set_names()) {
    const JointSet set = joint_set(name);
    const auto mirrored = set.mirrored();
    for (size_t i = 0; i < mirrored.size(); ++i) {
      CHECK(mirrored[static_cast<size_t>(mirrored[i])] == static_cast<int32_t>(i));
      if (mirrored[i] != static_cast<int32_t>(i))
        CHECK(set.joints[static_cast<size_t>(mirrored[i])] == other_side(set.joints[i]));
    }
    CHECK(!set.edges.empty());
  }
  CHECK(error_of([] { joint_set("lsp14"); }).hint().find("lsp-14") != std::string::npos);
}

}  // namespace
}  // namespace fovea::data
