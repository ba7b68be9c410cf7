// The published check data for selective search, tests/vectors/rcnn/selective_search.json: independent Python, double
// precision; labels and merges are exact, numbers agree to 1e-9.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <vector>

#include "systems/rcnn/graph_segmentation.h"
#include "systems/rcnn/region_features.h"
#include "systems/rcnn/region_grouping.h"
#include "vectors/vectors.h"

namespace fovea::rcnn {
namespace {

using nlohmann::json;

json load() { return vectors::load("rcnn/selective_search.json"); }

ColorPlanes picture(const json& rows) {
  ColorPlanes planes{static_cast<int64_t>(rows.size()), static_cast<int64_t>(rows[0].size()), {}, false};
  for (const auto& row : rows) {
    for (const auto& pixel : row) {
      for (size_t c = 0; c < 3; ++c) planes.planes[c].push_back(pixel[c].get<uint8_t>());
    }
  }
  return planes;
}

RegionSet regions(const json& data, ColorBinRule rule) {
  const auto& from = data["grouping"]["labels_from"];
  const ColorPlanes planes = picture(data["image_rgb"]);
  const PixelGraph graph = build_pixel_graph(planes, from["sigma"]);
  return describe_regions(segment(graph, from["k"], from["min_size"]), quantize(planes, rule));
}

TEST_CASE("selective search vectors: segmentations") {
  const json data = load();
  for (const auto& expected : data["segmentation"]) {
    CAPTURE(expected["k"]);
    const PixelGraph graph = build_pixel_graph(picture(data["image_rgb"]), expected["sigma"]);
    CHECK(graph.edges.size() == expected["edges"].get<size_t>());
    CHECK(segment(graph, expected["k"], 0).regions == expected["components_before_min_size"].get<int>());
    const Segmentation found = segment(graph, expected["k"], expected["min_size"]);
    CHECK(found.regions == expected["components"].get<int>());
    std::vector<int32_t> labels;
    for (const auto& row : expected["labels"]) {
      for (const auto& label : row) labels.push_back(label);
    }
    CHECK(found.labels == labels);
  }
}

TEST_CASE("selective search vectors: regions, boxes, neighbours, colour histograms") {
  const json data = load(), &grouping = data["grouping"];
  for (const auto rule : {ColorBinRule::kFloor, ColorBinRule::kRound}) {
    const RegionSet set = regions(data, rule);
    CHECK(set.sizes == grouping["sizes"].get<std::vector<int32_t>>());
    const auto& histograms = grouping[rule == ColorBinRule::kFloor ? "colour_hist" : "colour_hist_round_variant"];
    for (size_t r = 0; r < set.sizes.size(); ++r) {
      const auto box = grouping["boxes0"][r].get<std::vector<int32_t>>();
      CHECK(set.boxes[r] == PixelBox{box[0], box[1], box[2], box[3]});
      for (size_t k = 0; k < kColorBins; ++k) {
        const double found = static_cast<double>(set.color[r * kColorBins + k]) / (kColorCounts * set.sizes[r]);
        CHECK(found == doctest::Approx(histograms[r][k].get<double>()).epsilon(1e-7));  // printed with 9 digits
      }
    }
    std::vector<std::pair<int32_t, int32_t>> pairs;
    for (const auto& pair : grouping["neighbour_pairs_4conn"]) pairs.emplace_back(pair[0], pair[1]);
    CHECK(set.neighbours == pairs);
  }
}

TEST_CASE("selective search vectors: similarities and merges") {
  const json data = load(), &grouping = data["grouping"];
  const RegionSet set = regions(data, ColorBinRule::kFloor);
  for (const auto& pair : grouping["initial"]) {
    const int32_t a = pair["pair"][0], b = pair["pair"][1];
    CHECK(std::abs(similarity_of(set, a, b, parse_similarity("c")) - pair["colour"].get<double>()) < 1e-9);
    CHECK(std::abs(similarity_of(set, a, b, parse_similarity("s")) - pair["size"].get<double>()) < 1e-9);
  }
  for (const auto& [letters, merges] : grouping["merges"].items()) {
    const auto& letters_ = letters;  // clang 14 captures no structured bindings
    CAPTURE(letters_);
    const Hierarchy hierarchy = group_regions(set, parse_similarity(letters));
    REQUIRE(hierarchy.merges.size() == merges.size());
    for (size_t m = 0; m < merges.size(); ++m) {
      CHECK(hierarchy.merges[m].a == merges[m]["merge"][0].get<int32_t>());
      CHECK(hierarchy.merges[m].b == merges[m]["merge"][1].get<int32_t>());
      CHECK(std::abs(hierarchy.merges[m].similarity - merges[m]["similarity"].get<double>()) < 1e-9);
      const auto box = merges[m]["box"].get<std::vector<int32_t>>();
      CHECK(hierarchy.boxes[set.sizes.size() + m] == PixelBox{box[0], box[1], box[2], box[3]});
    }
  }
}

}  // namespace
}  // namespace fovea::rcnn
