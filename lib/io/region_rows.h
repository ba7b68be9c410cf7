// What proposals, features and detections have in common: images, and a ragged list of boxes for each.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/box.h"
#include "io/h5_reader.h"
#include "io/h5_writer.h"

namespace fovea::io {

// image_id, image_size and GROUP/{offsets,box}, appended image by image.
class RegionRowsWriter {
 public:
  RegionRowsWriter(H5Writer& writer, std::string group, std::string target);
  // Throws Error(kData) for an empty or repeated id.
  void add(const std::string& image_id, int32_t height, int32_t width, std::span<const Box> boxes);
  void finish();  // writes the ids
  int64_t images() const { return static_cast<int64_t>(ids_.size()); }
  int64_t regions() const { return end_; }

 private:
  H5Writer& writer_;
  std::string group_, target_;
  std::vector<std::string> ids_;
  std::unordered_map<std::string, int64_t> seen_;
  int64_t end_ = 0;
};

// The same, read and checked; boxes on demand.
class RegionRows {
 public:
  RegionRows(const H5Reader& reader, const std::string& group);
  int64_t images() const { return static_cast<int64_t>(ids.size()); }
  int64_t find(const std::string& image_id) const;  // -1 if absent
  std::vector<Box> boxes(const H5Reader& reader, int64_t begin, int64_t end) const;

  std::string group;
  std::vector<std::string> ids;
  std::vector<int32_t> sizes;    // N x (height, width); empty if the file has no image_size
  std::vector<int64_t> offsets;  // N+1

 private:
  std::unordered_map<std::string, int64_t> index_;
};

}  // namespace fovea::io
