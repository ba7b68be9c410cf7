// The JSON of COCO's detection task, as flat lists: instances files (images, categories, annotations with boxes) and
// result files. Polygons, captions, licences and the like are passed over without being held.
//   Lin et al., "Microsoft COCO: common objects in context", ECCV 2014; cocodataset.org, data format and results format
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace fovea::io {

struct CocoImage {
  int64_t id = 0;
  std::string file_name;          // may be ""
  int64_t width = 0, height = 0;  // 0 = not said
};

struct CocoCategory {
  int64_t id = 0;
  std::string name;
};

// An annotation, or with a score a result.
struct CocoBox {
  int64_t image_id = 0, category_id = 0;
  std::array<double, 4> bbox{};  // x, y, width, height; 0-based, from the left edge of the first pixel
  bool crowd = false;
  double score = 0;
};

struct CocoFile {
  std::vector<CocoImage> images;
  std::vector<CocoCategory> categories;
  std::vector<CocoBox> annotations;
};

// Throw Error(kData): "ORIGIN:LINE:COLUMN: ..." for what is no JSON, "ORIGIN: annotations[3]: bbox: ..." for missing or
// wrong members and more than max_memory(). Ids may be whole numbers in any spelling ("7", 7, 7.0).
CocoFile parse_coco(std::string_view text, const std::string& origin);                      // an object
std::vector<CocoBox> parse_coco_results(std::string_view text, const std::string& origin);  // a list
CocoFile read_coco(const std::string& path);
std::vector<CocoBox> read_coco_results(const std::string& path);

// One item a line; annotations are numbered from 1.
std::string coco_text(const CocoFile& file);
std::string coco_results_text(const std::vector<CocoBox>& results);

}  // namespace fovea::io
