#include "data/annotations.h"

#include <algorithm>
#include <set>

#include "base/error.h"
#include "base/text.h"

namespace fovea::data {

void BoxRepairs::add(const BoxRepairs& other) {
  clipped += other.clipped;
  dropped += other.dropped;
  if (first.empty()) first = other.first;
}

BoxFate repair_box(Box& box, int32_t picture_width, int32_t picture_height) {
  if (width(box) <= 0 || height(box) <= 0) return BoxFate::kDropped;
  if (picture_width <= 0 || picture_height <= 0) return BoxFate::kKept;
  const Box picture{0, 0, static_cast<float>(picture_width - 1), static_cast<float>(picture_height - 1)};
  if (intersection(box, picture) <= 0) return BoxFate::kDropped;
  const Box inside{std::max(box.x1, picture.x1), std::max(box.y1, picture.y1), std::min(box.x2, picture.x2),
                   std::min(box.y2, picture.y2)};
  const bool changed = !(inside == box);
  box = inside;
  return changed ? BoxFate::kClipped : BoxFate::kKept;
}

BoxRepairs repair_boxes(AnnotatedImage& image) {
  BoxRepairs repairs;
  std::vector<AnnotatedObject> kept;
  for (AnnotatedObject& object : image.objects) {
    const Box before = object.box;
    const BoxFate fate = repair_box(object.box, image.width, image.height);
    if (fate != BoxFate::kKept && repairs.count() == 0) {
      repairs.first = fmt::format("image {}: {} {} {} {} {}", printable(image.id), printable(object.class_name),
                                  format_number(before.x1), format_number(before.y1), format_number(before.x2),
                                  format_number(before.y2));
    }
    repairs.clipped += fate == BoxFate::kClipped;
    repairs.dropped += fate == BoxFate::kDropped;
    if (fate != BoxFate::kDropped) kept.push_back(std::move(object));
  }
  image.objects = std::move(kept);
  return repairs;
}

std::vector<std::string> found_classes(const std::vector<AnnotatedImage>& images) {
  std::set<std::string> names;
  for (const AnnotatedImage& image : images) {
    for (const AnnotatedObject& object : image.objects) names.insert(object.class_name);
  }
  return {names.begin(), names.end()};
}

int32_t class_index(const std::vector<std::string>& classes, std::string_view name) {
  const auto found = std::find(classes.begin(), classes.end(), name);
  return found == classes.end() ? -1 : static_cast<int32_t>(found - classes.begin());
}

void require_file_name(std::string_view name, std::string_view place) {
  const bool plain = std::none_of(
      name.begin(), name.end(), [](char c) { return c == '/' || static_cast<unsigned char>(c) <= ' ' || c == '\x7F'; });
  if (plain && !name.empty() && name != "." && name != "..") return;
  fail_data(place, "a name that can be a file name", name.empty() ? "nothing" : "'" + printable(name) + "'");
}

void require_relative_path(std::string_view path, std::string_view place) {
  bool good = !path.empty() && path.front() != '/' && path.find('\0') == std::string_view::npos;
  for (const std::string& part : split(path, '/')) good = good && part != "..";
  if (!good) fail_data(place, "a relative path without '..'", "'" + printable(path) + "'");
}

}  // namespace fovea::data
