// The labelled objects of an image set, by image.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/box.h"

namespace fovea::rcnn {

struct TrueObject {
  Box box;
  int32_t class_index = 0;
  bool difficult = false;
};

struct Truth {
  std::string path, content_hash;
  std::vector<std::string> classes;
  std::vector<std::string> ids;     // in file order
  std::vector<std::string> splits;  // parallel, or empty
  std::vector<std::vector<TrueObject>> objects;
  std::unordered_map<std::string, size_t> index;

  // Throws Error(kData) for an image the set does not have.
  const std::vector<TrueObject>& of(const std::string& image_id) const;
};

// Throws Error(kData) for a set without objects or class names.
Truth read_truth(const std::string& path);

}  // namespace fovea::rcnn
