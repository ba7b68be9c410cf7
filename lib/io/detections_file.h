// fovea.detections: scored boxes with classes, sorted per image by class, then decreasing score, then index.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/box.h"
#include "io/h5_writer.h"
#include "io/root_attributes.h"

namespace fovea::io {

struct Detection {
  Box box;
  int32_t class_index = 0;
  float score = 0;
  int32_t proposal = -1;  // index among the image's proposals, -1 unknown
};

struct ImageDetections {
  std::string image_id;
  int32_t height = 0, width = 0;
  std::vector<Detection> detections;
};

class DetectionsWriter {
 public:
  // `root.schema` is set to fovea.detections.
  DetectionsWriter(const std::string& target, RootAttributes root, std::vector<std::string> class_names,
                   WriterOptions options = {});
  ~DetectionsWriter();
  DetectionsWriter(DetectionsWriter&&) noexcept;
  DetectionsWriter& operator=(DetectionsWriter&&) noexcept;

  // Sorts the detections. Throws Error(kData) for an empty or repeated id and a class outside the names.
  void add(ImageDetections detections);
  int64_t images() const;
  std::string finish();  // the content hash

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The whole file, checked: ids, offsets, finite boxes and scores, classes in range.
struct DetectionSet {
  RootAttributes attributes;
  std::vector<std::string> class_names;
  std::vector<ImageDetections> images;
};
DetectionSet read_detections(const std::string& path);

}  // namespace fovea::io
