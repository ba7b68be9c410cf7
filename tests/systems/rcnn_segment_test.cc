// The parts of rcnn-detect segment that stand beside regions: the stored segmenter, label files, the truth.
#include <doctest/doctest.h>

#include "base/error.h"
#include "base/file.h"
#include "base/temporary_folder.h"
#include "io/h5_fixtures.h"
#include "systems/rcnn/segment_parts.h"

using namespace fovea;
using namespace fovea::rcnn;

namespace {

Detector example() {
  Detector segmenter;
  segmenter.classes = {"cat", "dog"};
  segmenter.feature_json =
      R"({"crop":8,"grid":0,"layer":"fc","mean":[0],"order":"rgb","padding":1,"region":"full+fg","std":[1],"warp":"warp"})";
  segmenter.dimension = 3;
  segmenter.feature_scale = 0.25;
  segmenter.weights = {1, 2, 3, 4, 5, 6};
  segmenter.biases = {-1, 1};
  return segmenter;
}

std::string write_checkpoint(const TemporaryFolder& folder, const Detector& segmenter) {
  io::CheckpointData data;
  data.network = "fovea-net 1\ninput name=data height=8 width=8 channels=1\ndense name=fc out=3\n";
  store_segmenter(segmenter, data);
  io::write_checkpoint(folder / "s.ckpt.h5", test::root_attributes(), data);
  return folder / "s.ckpt.h5";
}

}  // namespace

TEST_CASE("segment: a segmenter is read back as it was stored, and is no detector") {
  const TemporaryFolder folder;
  const Detector segmenter = example();
  const std::string path = write_checkpoint(folder, segmenter);
  const Detector back = load_segmenter(path);
  CHECK(back.classes == segmenter.classes);
  CHECK(back.weights == segmenter.weights);
  CHECK(back.biases == segmenter.biases);
  CHECK(back.feature_scale == segmenter.feature_scale);
  CHECK(back.features.region == RegionKind::kFullFg);
  CHECK_THROWS_AS(load_detector(io::read_checkpoint(path), path), Error);
}

TEST_CASE("segment: a segmenter with misshapen weights is refused") {
  const TemporaryFolder folder;
  Detector segmenter = example();
  segmenter.biases.push_back(0);
  io::CheckpointData data;
  data.network = "fovea-net 1\ninput name=data height=8 width=8 channels=1\ndense name=fc out=3\n";
  store_segmenter(segmenter, data);
  data.detector[1].shape = {3};
  io::write_checkpoint(folder / "s.ckpt.h5", test::root_attributes(), data);
  CHECK_THROWS_AS(load_segmenter(folder / "s.ckpt.h5"), Error);
}

TEST_CASE("segment: label files are named after the picture, once each") {
  CHECK(label_file("out", "JPEGImages/2011_000003.jpg") == "out/2011_000003.png");
  CHECK(label_file("out", "2011_000003") == "out/2011_000003.png");
  CHECK(label_file("out", "a.b.JPEG") == "out/a.b.png");
  CHECK_NOTHROW(check_label_files({"x/a.jpg", "x/b.jpg"}, "f"));
  CHECK_THROWS_AS(check_label_files({"x/a.jpg", "y/a.png"}, "f"), Error);
}

TEST_CASE("segment: truth has the picture's size and the classes' labels") {
  const TemporaryFolder folder;
  const auto write = [&](const io::LabelMap& map) {
    const auto bytes = io::encode_label_png(map);
    write_file(folder / "a.png", {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
  };
  const io::RegionList regions{"somewhere/a.jpg", 2, 3, {}, {}};
  write({2, 3, {0, 1, 2, 255, 0, 0}});
  CHECK(read_truth_map(folder.path(), regions, 2).labels == std::vector<uint8_t>{0, 1, 2, 255, 0, 0});
  CHECK_THROWS_AS(read_truth_map(folder.path(), regions, 1), Error);  // label 2
  write({3, 2, {0, 1, 2, 255, 0, 0}});
  CHECK_THROWS_AS(read_truth_map(folder.path(), regions, 2), Error);
  CHECK_THROWS_AS(read_truth_map(folder / "nowhere", regions, 2), Error);
}
