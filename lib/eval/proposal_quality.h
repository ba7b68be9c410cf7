// How well ranked boxes cover the objects of a set, as a function of how many of the best ranked are taken.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/box.h"
#include "eval/detection.h"

namespace fovea::eval {

// Images are added one by one; boxes are not kept. Best overlap of an object: its largest IoU with the boxes taken.
// Average best overlap (ABO): mean over the objects of a class; MABO: mean over classes.
// Uijlings, van de Sande, Gevers, Smeulders 2013, section 5.1
class ProposalQuality {
 public:
  // `counts`: how many boxes of each image are taken, increasing, at least 1. One more column, the last, takes all.
  ProposalQuality(int64_t classes, std::vector<int64_t> counts);

  // The objects of one image and its boxes, best first. Difficult objects are left out unless told otherwise.
  void add(std::span<const TrueObject> objects, std::span<const fovea::Box> boxes, bool count_difficult = false);

  int64_t columns() const { return static_cast<int64_t>(counts_.size()) + 1; }
  std::optional<int64_t> count(int64_t column) const;  // absent: all boxes
  int64_t images() const { return images_; }
  int64_t objects() const;
  int64_t objects(int64_t k) const { return static_cast<int64_t>(overlaps_[0][static_cast<size_t>(k)].size()); }

  std::optional<double> boxes_per_image(int64_t column) const;
  std::optional<double> average_best_overlap(int64_t column, int64_t k) const;
  std::optional<double> mean_average_best_overlap(int64_t column) const;
  // Standard deviation of the ABOs of the classes (divided by their number), what the paper prints behind +-.
  std::optional<double> abo_deviation(int64_t column) const;
  // Share of the objects, of one class or of all, whose best overlap is above `threshold` (equal is not enough).
  std::optional<double> recall(int64_t column, double threshold, int64_t k) const;
  std::optional<double> recall(int64_t column, double threshold) const;

 private:
  std::vector<std::optional<double>> class_abos(int64_t column) const;

  int64_t classes_;
  std::vector<int64_t> counts_;
  int64_t images_ = 0;
  std::vector<int64_t> taken_;                              // boxes of all images, per column
  std::vector<std::vector<std::vector<double>>> overlaps_;  // column, class, object
};

}  // namespace fovea::eval
