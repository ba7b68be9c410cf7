// Opening the image sets of a command: splits, limits, bad pictures.
#pragma once

#include <optional>
#include <string>

#include "cli/option.h"
#include "data/dataset.h"

namespace fovea {

struct DataOptions {
  std::string data, test;
  std::string split = "train", test_split = "test";
  int64_t limit = 0, test_limit = 0;
  std::string resize = "crop";  // crop | stretch
  bool skip_bad_images = false;
};

// --data, --split, --limit, --skip-bad-images of the train verbs.
void declare_training_images(cli::OptionTable& table, DataOptions& options);
// --test, --test-split, --test-limit of those that measure on other images than they train on.
void declare_test_images(cli::OptionTable& table, DataOptions& options);
// --resize of those that decide how their network's pictures are fitted.
void declare_resize(cli::OptionTable& table, DataOptions& options);

// The part of `path` that a command is about: items of `split` if the set has splits, all of it otherwise.
data::ImageSource open_split(const std::string& path, const std::string& split, int64_t limit, bool skip_bad_images,
                             bool labelled = true);

struct TrainingSources {
  data::ImageSource training;
  std::optional<data::ImageSource> test;  // --test, or the test split of --data
};
TrainingSources open_training(const DataOptions& options);

// Says so if a share of a set was asked for as its test split and none of its pictures fell into it.
void warn_without_test(const std::string& output, int64_t test_pictures, double fraction);

// Number of classes: the label set's size, or the largest label + 1.
int64_t class_count(const data::ImageSource& source);

}  // namespace fovea
