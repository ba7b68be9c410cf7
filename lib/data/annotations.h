// What annotation formats say of pictures: the form that the readers and writers of VOC, ILSVRC and COCO share.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/box.h"

namespace fovea::data {

struct AnnotatedObject {
  std::string class_name;
  Box box;  // 0-based, inclusive
  bool difficult = false, truncated = false, occluded = false;
  std::string pose = {};  // "" if not said
  bool operator==(const AnnotatedObject&) const = default;
};

struct AnnotatedImage {
  std::string id;
  std::string path = {};          // of the picture; what it is relative to, the reader says
  std::string split = {};         // "" = none
  int32_t width = 0, height = 0;  // pixels; 0 = not said
  std::vector<AnnotatedObject> objects = {};
};

struct AnnotationSet {
  std::vector<std::string> classes;  // in order; empty if the format has no list
  std::vector<AnnotatedImage> images;
};

// What was done to boxes that no picture can have.
struct BoxRepairs {
  int64_t clipped = 0;  // boxes that left the picture
  int64_t dropped = 0;  // boxes without area, or wholly outside
  std::string first;    // "image ID: class box" of the first one, for the warning
  int64_t count() const { return clipped + dropped; }
  void add(const BoxRepairs& other);
};

// Clips the objects to the picture and drops what is left without a pixel. A picture without a size (0) only loses
// boxes whose corners are in the wrong order. Boxes are real-valued: less than one pixel wide, but with a positive
// extent, is kept.
BoxRepairs repair_boxes(AnnotatedImage& image);
// The same for one box: kept as it is, clipped, or to be dropped.
enum class BoxFate { kKept, kClipped, kDropped };
BoxFate repair_box(Box& box, int32_t picture_width, int32_t picture_height);

// The class names that occur, sorted bytewise.
std::vector<std::string> found_classes(const std::vector<AnnotatedImage>& images);
// Position in `classes`, -1 if absent.
int32_t class_index(const std::vector<std::string>& classes, std::string_view name);

// Ids and class names become file names and words of text files. Throws Error(kData, "PLACE: ...") for a name that is
// empty, has a slash, white space or control characters, or is "." or "..".
void require_file_name(std::string_view name, std::string_view place);
// For paths in untrusted lists: throws for absolute ones, and those with ".." in them.
void require_relative_path(std::string_view path, std::string_view place);

}  // namespace fovea::data
