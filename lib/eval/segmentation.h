// The measure of PASCAL VOC segmentation: intersection over union of each class over the pixels of all images.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "eval/classification.h"

namespace fovea::eval {

inline constexpr uint8_t kVoidLabel = 255;  // pixels at the borders of objects, left out

class SegmentationScore {
 public:
  explicit SegmentationScore(int64_t classes);  // background included, as class 0; at most 255

  // Label maps of one picture, pixel by pixel. Throws Error(kData, "PLACE: ...") for maps of different sizes and labels
  // outside 0..classes-1: void is allowed in the truth only.
  void add(std::span<const uint8_t> truth, std::span<const uint8_t> prediction, const std::string& place);

  const ConfusionMatrix& confusion() const { return confusion_; }  // pixels
  int64_t void_pixels() const { return void_; }
  // |prediction and truth| / |prediction or truth|; absent if neither has the class.
  std::optional<double> iou(int64_t k) const;
  std::optional<double> mean_iou() const;  // over the classes that have one
  std::optional<double> pixel_accuracy() const { return confusion_.accuracy(); }

 private:
  ConfusionMatrix confusion_;
  int64_t void_ = 0;
};

}  // namespace fovea::eval
