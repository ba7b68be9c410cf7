#include "io/poses_file.h"

#include <doctest/doctest.h>

#include <cmath>

#include "base/file.h"
#include "io/h5_fixtures.h"
#include "io/h5_reader.h"
#include "io/heatmaps_file.h"
#include "io/verify.h"

namespace fovea::io {
namespace {

using test::error_of;
using test::pose_set;
using test::root_attributes;

TEST_CASE("poses: a file holds what was written, absent joints as NaN") {
  const TemporaryFolder folder;
  const std::string path = folder / "p.h5";
  const std::string hash = write_poses(path, root_attributes(), pose_set());
  const PoseSet set = read_poses(path);
  CHECK(set.attributes.content_hash == hash);
  CHECK(set.image_ids == pose_set().image_ids);
  CHECK(set.image == pose_set().image);
  CHECK(set.state == pose_set().state);
  CHECK(std::isnan(set.joint(0, 1)[0]));
  CHECK(set.joint(1, 0)[1] == 6.25F);
  CHECK(set.joint(2, 1)[0] == -1);  // outside the picture is allowed
  CHECK(set.torso_box == pose_set().torso_box);
  CHECK(set.score.empty());
  CHECK(set.split == pose_set().split);
  CHECK(set.side == "person");
  verify_file(path);
}

TEST_CASE("poses: nobody at all, parts kept for shards") {
  const TemporaryFolder folder;
  PoseSet set = pose_set();
  set.image.clear();
  set.xy.clear();
  set.state.clear();
  set.torso_box.clear();
  set.split.clear();
  set.keep_score = set.keep_torso = true;
  write_poses(folder / "p.h5", root_attributes(), set);
  const H5Reader reader = H5Reader::open(folder / "p.h5", "fovea.poses");
  CHECK(reader.has("joint_score"));
  CHECK(reader.has("torso_box"));
  CHECK(!reader.has("split"));
  CHECK(read_poses(folder / "p.h5").people() == 0);
}

TEST_CASE("poses: what does not fit together is refused") {
  const TemporaryFolder folder;
  const auto refused = [&](const std::function<void(PoseSet&)>& change, const std::string& part) {
    PoseSet set = pose_set();
    change(set);
    const Error error = error_of([&] { write_poses(folder / "bad.h5", root_attributes(), set); });
    CAPTURE(error.what());
    CHECK(error.kind() == ErrorKind::kData);
    CHECK(std::string(error.what()).find(part) != std::string::npos);
    CHECK(!file_exists(folder / "bad.h5"));
  };
  refused([](PoseSet& set) { set.image[1] = 2; }, "image");
  refused([](PoseSet& set) { set.state[3] = 3; }, "joint_state");
  refused([](PoseSet& set) { set.image_ids[1] = "a.jpg"; }, "image_id");
  refused([](PoseSet& set) { set.joint_names[1] = "left_wrist"; }, "joint_names");
  refused([](PoseSet& set) { set.xy[0] = NAN; }, "joint_xy[0,0]");
  refused([](PoseSet& set) { set.flip_pairs[1] = 2; }, "flip_pairs");
  refused([](PoseSet& set) { set.side = "left"; }, "side");
}

TEST_CASE("heat maps: a file holds what was written") {
  const TemporaryFolder folder;
  const std::string path = folder / "m.h5";
  test::write_heat_maps(path);
  const HeatMapsReader reader(path);
  CHECK(reader.count() == 2);
  CHECK(reader.find("b.jpg#0") == 1);
  CHECK(reader.find("c.jpg#0") == -1);
  CHECK(reader.layout().height == 30);
  CHECK(reader.layout().torso);
  CHECK(!reader.layout().spatial);
  CHECK(reader.read("detector", 1)[0] == 0.25F);
  CHECK(reader.affine(0)[0] == 1);
  verify_file(path);
}

}  // namespace
}  // namespace fovea::io
