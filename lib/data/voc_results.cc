#include "data/voc_results.h"

#include <algorithm>

#include "base/error.h"
#include "base/file.h"
#include "base/text.h"
#include "data/text_lines.h"

namespace fovea::data {
namespace {

constexpr std::string_view kMark = "_det_";

Box box_of(const std::vector<std::string_view>& words, size_t first, int base, const std::string& place) {
  const auto corner = [&](size_t i) { return float_of(number_of(words[first + i], place) - base, place); };
  return {corner(0), corner(1), corner(2), corner(3)};
}

std::string box_text(const Box& box, int base) {
  return coordinate_text(box.x1, base) + " " + coordinate_text(box.y1, base) + " " + coordinate_text(box.x2, base) +
         " " + coordinate_text(box.y2, base);
}

void require_words(const std::vector<std::string_view>& words, size_t count, std::string_view expected,
                   const std::string& place) {
  if (words.size() != count) fail_data(place, expected, fmt::format("{} words", words.size()));
}

}  // namespace

std::vector<VocResult> parse_voc_results(std::string_view text, const std::string& origin) {
  std::vector<VocResult> results;
  for_each_line(text, origin, [&](const std::vector<std::string_view>& words, const std::string& place) {
    require_words(words, 6, "'id score x1 y1 x2 y2'", place);
    if (!is_valid_utf8(words[0])) fail_data(place, "an id in UTF-8", "'" + printable(words[0]) + "'");
    results.push_back({std::string(words[0]), number_of(words[1], place), box_of(words, 2, 1, place)});
  });
  return results;
}

std::vector<VocResult> read_voc_results(const std::string& path) {
  return parse_voc_results(read_lines_of(path), path);
}

std::string voc_result_line(const VocResult& result) {
  return fmt::format("{} {} {}\n", result.image_id, number_text(result.score), box_text(result.box, 1));
}

std::string voc_result_name(std::string_view set, std::string_view class_name) {
  return fmt::format("comp4_det_{}_{}.txt", set, class_name);
}

VocResultName parse_voc_result_name(const std::string& path, const std::vector<std::string>& classes) {
  const std::string file = base_name(path);
  const size_t mark = file.find(kMark);
  if (!file.starts_with("comp") || !file.ends_with(".txt") || mark == std::string::npos) {
    fail_data(path, "a name like comp4_det_SET_CLASS.txt", "'" + printable(file) + "'");
  }
  const size_t begin = mark + kMark.size();
  const std::string rest = file.substr(begin, std::max(file.size() - 4, begin) - begin);
  std::string best;
  for (const std::string& name : classes) {
    if (rest.size() > name.size() + 1 && rest.ends_with("_" + name) && name.size() > best.size()) best = name;
  }
  if (classes.empty() && rest.find('_') != std::string::npos) best = rest.substr(rest.rfind('_') + 1);
  if (best.empty() || rest.size() <= best.size() + 1) {
    fail_data(path,
              classes.empty() ? "a name like comp4_det_SET_CLASS.txt" : "a class of the set at the end of the name",
              "'" + printable(file) + "'");
  }
  return {rest.substr(0, rest.size() - best.size() - 1), best};
}

std::vector<IlsvrcResult> parse_ilsvrc_results(std::string_view text, const std::string& origin) {
  std::vector<IlsvrcResult> results;
  for_each_line(text, origin, [&](const std::vector<std::string_view>& words, const std::string& place) {
    require_words(words, 7, "'image_index class score x1 y1 x2 y2'", place);
    IlsvrcResult result{integer_of(words[0], place), integer_of(words[1], place), number_of(words[2], place),
                        box_of(words, 3, 0, place)};
    if (result.image_index < 1) fail_data(place, "an image index >= 1", std::to_string(result.image_index));
    if (result.class_number < 1) fail_data(place, "a class number >= 1", std::to_string(result.class_number));
    results.push_back(result);
  });
  return results;
}

std::vector<IlsvrcResult> read_ilsvrc_results(const std::string& path) {
  return parse_ilsvrc_results(read_lines_of(path), path);
}

std::string ilsvrc_result_line(const IlsvrcResult& result) {
  return fmt::format("{} {} {} {}\n", result.image_index, result.class_number, number_text(result.score),
                     box_text(result.box, 0));
}

}  // namespace fovea::data
