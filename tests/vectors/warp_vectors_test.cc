// The published check data for warped regions, tests/vectors/rcnn/warp.json: 52 geometries and 5 crops of a small grey
// picture, written by independent Python in double precision.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "data/warp.h"
#include "vectors/vectors.h"

namespace fovea::data {
namespace {

using nlohmann::json;

Box box_of(const json& corners) {
  return {corners[0].get<float>(), corners[1].get<float>(), corners[2].get<float>(), corners[3].get<float>()};
}

TEST_CASE("warp vectors: geometry") {
  const nlohmann::json file = vectors::load("rcnn/warp.json");
  for (const auto& expected : file["geometry"]) {
    CAPTURE(expected.dump());
    const WarpConfig config{parse_warp_mode(expected["mode"].get<std::string>()), expected["padding"]};
    const WarpGeometry found = warp_geometry(box_of(expected["box0"]), expected["image"][0], expected["image"][1],
                                             expected["crop"], config, expected["mirror"]);
    CHECK(std::vector<int64_t>(found.unclipped, found.unclipped + 4) ==
          expected["unclipped"].get<std::vector<int64_t>>());
    CHECK(std::vector<int64_t>(found.source, found.source + 4) == expected["source"].get<std::vector<int64_t>>());
    if (expected.contains("scale")) {  // not given for plain stretching
      CHECK(std::abs(found.scale_x - expected["scale"][0].get<double>()) < 1e-9);
      CHECK(std::abs(found.scale_y - expected["scale"][1].get<double>()) < 1e-9);
    }
    CHECK(std::vector<int64_t>{found.offset_x, found.offset_y} == expected["dest_offset"].get<std::vector<int64_t>>());
    CHECK(std::vector<int64_t>{found.width, found.height} == expected["dest_size"].get<std::vector<int64_t>>());
  }
}

TEST_CASE("warp vectors: pixels") {
  const json all = vectors::load("rcnn/warp.json")["pixels"];
  std::vector<float> values;
  for (const auto& row : all["image"]) {
    for (const auto& value : row) values.push_back(value);
  }
  PixelView picture{static_cast<int64_t>(all["image"].size()),
                    static_cast<int64_t>(all["image"][0].size()),
                    1,
                    nullptr,
                    values.data(),
                    {}};
  for (const auto& expected : all["cases"]) {
    CAPTURE(expected.dump().substr(0, 200));
    Preprocess preprocess;
    preprocess.height = preprocess.width = expected["crop"];
    preprocess.channels = 1;
    preprocess.mean = {all.value("mean", expected.value("mean", 0.0F))};
    const WarpConfig config{parse_warp_mode(expected["mode"].get<std::string>()), expected["padding"]};
    std::vector<float> found(static_cast<size_t>(preprocess.height * preprocess.width));
    warp_region(picture, box_of(expected["box0"]), preprocess, config, expected["mirror"], found.data());
    size_t i = 0;
    for (const auto& row : expected["output"]) {
      for (const auto& value : row) CHECK(std::abs(found[i++] - value.get<double>()) < 2e-5);
    }
  }
}

}  // namespace
}  // namespace fovea::data
