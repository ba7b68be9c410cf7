// The pictures a command works on, given as files, folders or an image set; the same in every tool.
#pragma once

#include <string>
#include <vector>

#include "cli/option.h"
#include "data/dataset.h"

namespace fovea {

struct PictureInputs {
  std::vector<std::string> pictures;  // JPEG and PNG files, folders of them
  std::string list;                   // a text file with one path on each line
  std::string images;                 // a fovea.images file
  std::string split;                  // of `images`
  int64_t limit = 0;
  bool skip_bad_images = false;
};

// The operands PICTURE... and the options --images, --list, --split, --limit, --skip-bad-images.
void declare_picture_inputs(cli::OptionTable& table, PictureInputs& inputs);

// Of `count` items, those that --limit leaves.
int64_t limited(int64_t count, int64_t limit);

// Items in the order given; a folder's pictures by name. Ids are the set's, or the paths. With skip_bad_images, what
// can't be decoded is left out with a warning. Throws Error(kUsage) unless exactly one way of naming pictures was used,
// Error(kNoInput), Error(kData).
data::ImageSource open_pictures(const PictureInputs& inputs);

}  // namespace fovea
