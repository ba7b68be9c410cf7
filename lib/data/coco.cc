#include "data/coco.h"

#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "data/text_lines.h"

namespace fovea::data {
namespace {

constexpr int64_t kMaxSide = int64_t{1} << 24;

// The decimal number that is meant by a float: 258.15 instead of 258.149994.
double decimal(float value) { return parse_double(format_number(value)).value_or(static_cast<double>(value)); }

int32_t side_of(int64_t side, const std::string& place) {
  if (side > kMaxSide) fail_data(place, fmt::format("sides up to {}", kMaxSide), std::to_string(side));
  return static_cast<int32_t>(side);
}

}  // namespace

Box from_coco_box(const std::array<double, 4>& bbox, const std::string& place) {
  return {float_of(bbox[0], place), float_of(bbox[1], place), float_of(bbox[0] + bbox[2] - 1, place),
          float_of(bbox[1] + bbox[3] - 1, place)};
}

std::array<double, 4> to_coco_box(const Box& box) {
  return {decimal(box.x1), decimal(box.y1), decimal(static_cast<float>(width(box))),
          decimal(static_cast<float>(height(box)))};
}

AnnotationSet from_coco(const io::CocoFile& file, const std::string& origin) {
  AnnotationSet set;
  std::map<int64_t, std::string> names;
  std::set<std::string> unique;
  for (const io::CocoCategory& category : file.categories) {
    const std::string place = fmt::format("{}: category {}", origin, category.id);
    if (category.name.empty()) fail_data(place, "a name", "nothing");
    if (!names.emplace(category.id, category.name).second || !unique.insert(category.name).second) {
      fail_data(place, "categories with different ids and names", "'" + printable(category.name) + "' again");
    }
  }
  for (const auto& [id, name] : names) set.classes.push_back(name);
  std::unordered_map<int64_t, size_t> index;
  for (const io::CocoImage& image : file.images) {
    const std::string place = fmt::format("{}: image {}", origin, image.id);
    if (!index.emplace(image.id, set.images.size()).second) fail_data(place, "images with different ids", "it again");
    AnnotatedImage made;
    made.id = std::to_string(image.id);
    made.path = image.file_name;
    made.width = side_of(image.width, place);
    made.height = side_of(image.height, place);
    set.images.push_back(std::move(made));
  }
  for (size_t i = 0; i < file.annotations.size(); ++i) {
    const io::CocoBox& box = file.annotations[i];
    const std::string place = fmt::format("{}: annotations[{}]", origin, i);
    const auto image = index.find(box.image_id);
    if (image == index.end()) fail_data(place, "the id of an image", std::to_string(box.image_id));
    const auto name = names.find(box.category_id);
    if (name == names.end()) fail_data(place, "the id of a category", std::to_string(box.category_id));
    set.images[image->second].objects.push_back({name->second, from_coco_box(box.bbox, place), box.crowd});
  }
  return set;
}

std::vector<int64_t> coco_image_ids(const std::vector<std::string>& ids) {
  std::vector<int64_t> numbers;
  std::set<int64_t> unique;
  for (const std::string& id : ids) {
    const auto number = parse_int(id);
    if (!number || *number < 0 || *number >> 53 != 0 || !unique.insert(*number).second) break;
    numbers.push_back(*number);
  }
  if (numbers.size() == ids.size()) return numbers;
  numbers.clear();
  for (size_t i = 0; i < ids.size(); ++i) numbers.push_back(static_cast<int64_t>(i) + 1);
  return numbers;
}

io::CocoFile to_coco(const AnnotationSet& set, const std::vector<int64_t>& image_ids) {
  FOVEA_CHECK(image_ids.size() == set.images.size(), "{} ids of {} images", image_ids.size(), set.images.size());
  io::CocoFile file;
  for (size_t i = 0; i < set.classes.size(); ++i) {
    file.categories.push_back({static_cast<int64_t>(i) + 1, set.classes[i]});
  }
  for (size_t i = 0; i < set.images.size(); ++i) {
    const AnnotatedImage& image = set.images[i];
    file.images.push_back({image_ids[i], image.path, image.width, image.height});
    for (const AnnotatedObject& object : image.objects) {
      const int32_t index = class_index(set.classes, object.class_name);
      FOVEA_CHECK(index >= 0, "class {} is not in the set", object.class_name);
      file.annotations.push_back({image_ids[i], index + 1, to_coco_box(object.box), object.difficult, 0});
    }
  }
  return file;
}

}  // namespace fovea::data
