// The text of an image set: reference captions, splits, and named boxes where there are any.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/box.h"

namespace fovea::data {

struct NamedBox {
  std::string name;
  Box box;
};

// Without pixels. Images are numbered as in the file.
struct CaptionSet {
  std::string path, content_hash;
  std::vector<std::string> ids;     // N, unique
  std::vector<std::string> splits;  // N; "" where the file says none
  std::vector<int32_t> sizes;       // N x (height, width), pixels; 0 = not known
  std::vector<int64_t> offsets;     // N+1: captions of image i are [offsets[i], offsets[i+1])
  std::vector<std::string> captions;
  bool has_boxes = false;
  std::vector<std::vector<NamedBox>> boxes;  // N, empty lists unless has_boxes; name = label_set[class]

  int64_t count() const { return static_cast<int64_t>(ids.size()); }
  int64_t find(const std::string& id) const;  // -1 if absent
  std::span<const std::string> captions_of(int64_t image) const;
  // Numbers of the images of a split, in file order; all for "" and "all". Throws Error(kData) if there is none, naming
  // the splits there are.
  std::vector<int64_t> images_of(const std::string& split) const;

  std::unordered_map<std::string, int64_t> index;
};

// Reads a fovea.images file. Throws Error(kData) if it holds no captions, or one that is no valid UTF-8.
CaptionSet read_caption_set(const std::string& path);

}  // namespace fovea::data
