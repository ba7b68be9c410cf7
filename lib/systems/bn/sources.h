// Opening the image sets of a command: splits, limits, bad pictures.
#pragma once

#include <optional>
#include <string>

#include "data/dataset.h"
#include "systems/bn/options.h"

namespace fovea::bn {

// The part of `path` that a command is about: items of `split` if the set has splits, all of it otherwise.
data::ImageSource open_split(const std::string& path, const std::string& split, int64_t limit, bool skip_bad_images, bool labelled = true);

struct TrainingSources {
  data::ImageSource training;
  std::optional<data::ImageSource> test;   // --test, or the test split of --data
};
TrainingSources open_training(const DataOptions& options);

// Number of classes: the label set's size, or the largest label + 1.
int64_t class_count(const data::ImageSource& source);

}  // namespace fovea::bn
