#include "io/coco_keypoints.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "io/json.h"

namespace fovea::io {
namespace {

int64_t id_of(const Json& object, const char* key, const std::string& place) {
  const double value = json_number(object, key, place);
  if (value != std::floor(value) || std::abs(value) > 9007199254740992.0)
    fail_data(place + ": " + key, "a whole number", object[key].dump());
  return static_cast<int64_t>(value);
}

std::vector<double> numbers(const Json& object, const char* key, const std::string& place) {
  if (!object.contains(key) || !object[key].is_array())
    fail_data(place + ": " + key, "a list of numbers",
              object.contains(key) ? object[key].dump().substr(0, 40) : "nothing");
  std::vector<double> out;
  for (const Json& value : object[key]) {
    if (!value.is_number()) fail_data(place + ": " + key, "numbers", value.dump().substr(0, 40));
    out.push_back(value.get<double>());
  }
  return out;
}

CocoPerson parse_person(const Json& item, const std::string& place) {
  if (!item.is_object()) fail_data(place, "an object", item.dump().substr(0, 40));
  CocoPerson person;
  person.image_id = id_of(item, "image_id", place);
  person.keypoints = numbers(item, "keypoints", place);
  if (person.keypoints.size() % 3 != 0)
    fail_data(place + ": keypoints", "three numbers for each joint", std::to_string(person.keypoints.size()));
  if (item.contains("bbox")) {
    const auto box = numbers(item, "bbox", place);
    if (box.size() != 4) fail_data(place + ": bbox", "4 numbers", std::to_string(box.size()));
    std::copy_n(box.begin(), 4, person.bbox.begin());
  }
  if (item.contains("iscrowd")) person.crowd = json_number(item, "iscrowd", place) != 0;
  if (item.contains("score")) person.score = json_number(item, "score", place);
  return person;
}

void parse_images(const Json& list, const std::string& origin, CocoKeypoints& out) {
  for (size_t i = 0; i < list.size(); ++i) {
    const std::string place = fmt::format("{}: images[{}]", origin, i);
    if (!list[i].is_object()) fail_data(place, "an object", list[i].dump().substr(0, 40));
    CocoImage image;
    image.id = id_of(list[i], "id", place);
    if (list[i].contains("file_name")) image.file_name = json_text(list[i], "file_name", place);
    if (list[i].contains("width")) image.width = id_of(list[i], "width", place);
    if (list[i].contains("height")) image.height = id_of(list[i], "height", place);
    out.images.push_back(image);
  }
}

void parse_category(const Json& list, const std::string& origin, CocoKeypoints& out) {
  for (size_t i = 0; i < list.size(); ++i) {
    const Json& category = list[i];
    if (!category.is_object() || !category.contains("keypoints")) continue;
    if (!category["keypoints"].is_array())
      fail_data(fmt::format("{}: categories[{}]: keypoints", origin, i), "a list of names",
                category["keypoints"].dump().substr(0, 40));
    for (const Json& name : category["keypoints"]) {
      if (!name.is_string())
        fail_data(fmt::format("{}: categories[{}]: keypoints", origin, i), "names", name.dump().substr(0, 40));
      out.keypoint_names.push_back(name.get<std::string>());
    }
    return;
  }
}

Json person_json(const CocoPerson& person) {
  Json item;
  item["image_id"] = person.image_id;
  item["category_id"] = 1;
  item["keypoints"] = person.keypoints;
  return item;
}

}  // namespace

CocoKeypoints parse_coco_keypoints(std::string_view text, const std::string& origin) {
  const Json json = parse_json(text, origin);
  CocoKeypoints out;
  const Json* people = &json;
  if (json.is_object()) {
    if (!json.contains("annotations") || !json["annotations"].is_array() || !json.contains("images") ||
        !json["images"].is_array())
      fail_data(origin, "lists called images and annotations", "an object without them");
    parse_images(json["images"], origin, out);
    if (json.contains("categories") && json["categories"].is_array()) parse_category(json["categories"], origin, out);
    people = &json["annotations"];
  } else if (!json.is_array()) {
    fail_data(origin, "an annotation file or a list of results", json.type_name());
  }
  for (size_t i = 0; i < people->size(); ++i) {
    const Json& item = (*people)[i];
    if (json.is_object() && item.is_object() && !item.contains("keypoints")) continue;  // boxes of other categories
    out.people.push_back(parse_person(item, fmt::format("{}: annotations[{}]", origin, i)));
  }
  return out;
}

CocoKeypoints read_coco_keypoints(const std::string& path) {
  return parse_coco_keypoints(read_text_file(path, kJsonMaxBytes), path);
}

std::string coco_keypoint_results(const std::vector<CocoPerson>& people) {
  std::string out = "[";
  for (size_t i = 0; i < people.size(); ++i) {
    Json item = person_json(people[i]);
    item["score"] = people[i].score;
    out += (i > 0 ? ",\n" : "\n") + canonical_json(item);
  }
  return out + "\n]\n";
}

std::string coco_keypoints_text(const CocoKeypoints& file) {
  std::string out = "{\"images\":[";
  for (size_t i = 0; i < file.images.size(); ++i) {
    const CocoImage& image = file.images[i];
    Json item;
    item["id"] = image.id;
    item["file_name"] = image.file_name;
    item["width"] = image.width;
    item["height"] = image.height;
    out += (i > 0 ? ",\n" : "\n") + canonical_json(item);
  }
  Json category;
  category["id"] = 1;
  category["name"] = "person";
  category["keypoints"] = file.keypoint_names;
  category["skeleton"] = file.skeleton;
  out += "\n],\"categories\":[" + canonical_json(category) + "],\"annotations\":[";
  for (size_t i = 0; i < file.people.size(); ++i) {
    const CocoPerson& person = file.people[i];
    Json item = person_json(person);
    item["id"] = i + 1;
    item["bbox"] = person.bbox;
    item["iscrowd"] = person.crowd ? 1 : 0;
    int64_t known = 0;
    for (size_t k = 2; k < person.keypoints.size(); k += 3) known += person.keypoints[k] > 0 ? 1 : 0;
    item["num_keypoints"] = known;
    out += (i > 0 ? ",\n" : "\n") + canonical_json(item);
  }
  return out + "\n]}\n";
}

}  // namespace fovea::io
