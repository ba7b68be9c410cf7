// What the show commands share: the pictures by id, the choice among them, the sheet.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <unordered_map>
#include <vector>

#include "eval/overlay.h"
#include "cli/program.h"
#include "data/dataset.h"
#include "systems/picture_inputs.h"

namespace fovea {

// Which of the pictures are drawn, and how.
struct ShownPictures {
  PictureInputs inputs;
  std::vector<std::string> ids;  // empty: the first `count` that the file and the inputs have in common
  int64_t count = 1, columns = 0;
  std::string output, title;
};

// Copied as bytes.
io::Picture picture_of(const data::PixelView& pixels);

class PictureShelf {
 public:
  explicit PictureShelf(const PictureInputs& inputs);

  const data::ImageSource& source() const { return source_; }
  int64_t find(const std::string& id) const;  // -1 if absent

  // Throws Error(kData) if `height` and `width` (what `file` says of the image) are not the picture's.
  io::Picture picture(int64_t item, int64_t height, int64_t width, const std::string& file) const;

 private:
  data::ImageSource source_;
  std::unordered_map<std::string, int64_t> index_;
};

// A picture to draw: its position in the file that is shown, and in the shelf.
struct ShownPicture {
  int64_t entry = 0, item = 0;
};
// `find_entry` gives the position of an id in `file`, -1 if absent. Throws Error(kUsage) for an id of --id that one of
// the two lacks, Error(kData) if they have no image in common.
std::vector<ShownPicture> choose_pictures(const PictureShelf& shelf, const ShownPictures& shown,
                                          const std::string& file,
                                          const std::function<int64_t(const std::string&)>& find_entry);

// --id, --count.
void declare_chosen_pictures(cli::OptionTable& table, ShownPictures& shown);
// --title, --columns, --output.
void declare_sheet(cli::OptionTable& table, ShownPictures& shown);
void probe_sheet(const ShownPictures& shown, const cli::Invocation& invocation);

// One picture large, several as a sheet.
eval::Sheet picture_sheet(std::vector<eval::Overlay> overlays, const ShownPictures& shown);
void write_shown(const eval::Sheet& sheet, const ShownPictures& shown, const cli::Invocation& invocation);

// The last part of an id that is a path.
std::string caption_of(const std::string& id);

}  // namespace fovea
