// COCO's boxes and ids in the form that the formats share.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "data/annotations.h"
#include "io/coco_json.h"

namespace fovea::data {

// [x, y, width, height] with the far edge excluded <-> inclusive corners, both 0-based: x2 = x + width - 1.
Box from_coco_box(const std::array<double, 4>& bbox, const std::string& place);  // Error(kData) beyond float32
std::array<double, 4> to_coco_box(const Box& box);

// Classes in the order of the categories' ids; id = the image's id in decimal, path = its file name; crowds are
// difficult. Boxes as written. Throws Error(kData) for repeated ids or names, and for ids that no list has.
AnnotationSet from_coco(const io::CocoFile& file, const std::string& origin);

// Ids of images for COCO, parallel: the numbers that the ids are, if all are different numbers ("000004" is 4), else
// their positions from 1.
std::vector<int64_t> coco_image_ids(const std::vector<std::string>& ids);
// `image_ids`: of set.images, parallel. Categories are numbered from 1 in the order of the classes.
io::CocoFile to_coco(const AnnotationSet& set, const std::vector<int64_t>& image_ids);

}  // namespace fovea::data
