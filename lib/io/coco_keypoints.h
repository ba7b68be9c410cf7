// The keypoint task of COCO: annotations of people with joints, and results.   cocodataset.org, data format
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "io/coco_json.h"

namespace fovea::io {

struct CocoPerson {
  int64_t image_id = 0;
  std::array<double, 4> bbox{};   // x, y, width, height
  std::vector<double> keypoints;  // x, y, v of each: v 0 not labelled, 1 hidden, 2 visible; 0-based
  bool crowd = false;
  double score = 0;  // results only
};

struct CocoKeypoints {
  std::vector<CocoImage> images;
  std::vector<std::string> keypoint_names;       // of the person category; empty if not said
  std::vector<std::array<int64_t, 2>> skeleton;  // pairs, from 1
  std::vector<CocoPerson> people;
};

// Annotations of an object, or results of a list. Throw Error(kData, "ORIGIN: annotations[3]: ...") for what does not
// fit.
CocoKeypoints parse_coco_keypoints(std::string_view text, const std::string& origin);
CocoKeypoints read_coco_keypoints(const std::string& path);

// A list of results: image_id, category_id 1, keypoints, score.
std::string coco_keypoint_results(const std::vector<CocoPerson>& people);
// The whole annotation file.
std::string coco_keypoints_text(const CocoKeypoints& file);

}  // namespace fovea::io
