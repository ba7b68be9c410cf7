// Result files of the VOC and ILSVRC detection challenges: one scored box a line.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/box.h"

namespace fovea::data {

struct VocResult {
  std::string image_id;
  double score = 0;
  Box box;  // 0-based here; 1-based in the file
};
// Lines "id score x1 y1 x2 y2". Throws Error(kData, "ORIGIN:LINE: ...").
std::vector<VocResult> parse_voc_results(std::string_view text, const std::string& origin);
std::vector<VocResult> read_voc_results(const std::string& path);
std::string voc_result_line(const VocResult& result);  // ends with a newline

// "comp4_det_SET_CLASS.txt"
std::string voc_result_name(std::string_view set, std::string_view class_name);
struct VocResultName {
  std::string set, class_name;
};
// Of a path. The class is the longest of `classes` that the name ends with; without `classes`, what is behind the last
// underscore. Throws Error(kData) for a name of another form or a class that is not among them.
VocResultName parse_voc_result_name(const std::string& path, const std::vector<std::string>& classes);

// ILSVRC: lines "image_index class score x1 y1 x2 y2"; both numbers count from 1, pixels from 0.
struct IlsvrcResult {
  int64_t image_index = 0, class_number = 0;
  double score = 0;
  Box box;
};
std::vector<IlsvrcResult> parse_ilsvrc_results(std::string_view text, const std::string& origin);
std::vector<IlsvrcResult> read_ilsvrc_results(const std::string& path);
std::string ilsvrc_result_line(const IlsvrcResult& result);

}  // namespace fovea::data
