#include "systems/show_pictures.h"

#include <algorithm>
#include <cmath>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"

namespace fovea {

io::Picture picture_of(const data::PixelView& pixels) {
  io::Picture picture{pixels.height, pixels.width, pixels.channels, {}};
  const auto count = static_cast<size_t>(pixels.height * pixels.width * pixels.channels);
  if (pixels.bytes != nullptr) {
    picture.pixels.assign(pixels.bytes, pixels.bytes + count);
  } else {
    picture.pixels.reserve(count);
    for (size_t i = 0; i < count; ++i) {
      picture.pixels.push_back(static_cast<uint8_t>(std::lround(std::clamp(pixels.floats[i], 0.0F, 255.0F))));
    }
  }
  return picture;
}

PictureShelf::PictureShelf(const PictureInputs& inputs) : source_(open_pictures(inputs)) {
  for (int64_t i = 0; i < source_.size(); ++i) index_.emplace(source_.id(i), i);
}

int64_t PictureShelf::find(const std::string& id) const {
  const auto found = index_.find(id);
  return found == index_.end() ? -1 : found->second;
}

io::Picture PictureShelf::picture(int64_t item, int64_t height, int64_t width, const std::string& file) const {
  const data::PixelView pixels = source_.pixels(item);
  if (pixels.height != height || pixels.width != width) {
    fail_data(fmt::format("{}: image_size of {}", file, printable(source_.id(item))),
              fmt::format("{}x{}, as the picture", pixels.height, pixels.width), fmt::format("{}x{}", height, width));
  }
  return picture_of(pixels);
}

std::vector<ShownPicture> choose_pictures(const PictureShelf& shelf, const ShownPictures& shown,
                                          const std::string& file,
                                          const std::function<int64_t(const std::string&)>& find_entry) {
  std::vector<ShownPicture> chosen;
  for (const std::string& id : shown.ids) {
    const ShownPicture picture{find_entry(id), shelf.find(id)};
    if (picture.entry < 0) fail(ErrorKind::kUsage, "--id: expected an image of {}, found '{}'", file, printable(id));
    if (picture.item < 0)
      fail(ErrorKind::kUsage, "--id: expected one of the pictures given, found '{}'", printable(id));
    chosen.push_back(picture);
  }
  if (!shown.ids.empty()) return chosen;
  for (int64_t item = 0; item < shelf.source().size() && static_cast<int64_t>(chosen.size()) < shown.count; ++item) {
    const int64_t entry = find_entry(shelf.source().id(item));
    if (entry >= 0) chosen.push_back({entry, item});
  }
  if (chosen.empty()) {
    throw Error(ErrorKind::kData,
                fmt::format("{}: image_id: expected an image of {}, found none", file, shelf.source().name()),
                "give the pictures that the file was made from, by the same names");
  }
  return chosen;
}

void declare_chosen_pictures(cli::OptionTable& table, ShownPictures& shown) {
  table.add("id", shown.ids, "ID", "Draw these images.");
  table.add("count", shown.count, "N", "Without --id: draw the first N images.").range(1, 400).source("[ours]");
}

void declare_sheet(cli::OptionTable& table, ShownPictures& shown) {
  table.group("Output");
  table.add("title", shown.title, "TEXT", "Title of the sheet.");
  table.add("columns", shown.columns, "N", "Pictures side by side; 0: about square.").range(0, 64).source("[ours]");
  table.output(shown.output, "Picture to write, .png or .svg.").required();
}

void probe_sheet(const ShownPictures& shown, const cli::Invocation& invocation) {
  eval::figure_format(shown.output);
  probe_output(shown.output, invocation.common.no_clobber);
}

eval::Sheet picture_sheet(std::vector<eval::Overlay> overlays, const ShownPictures& shown) {
  eval::Sheet sheet;
  if (overlays.size() == 1) {
    sheet = eval::single_sheet(std::move(overlays[0]));
  } else {
    sheet.cell_width = 420;
    sheet.cell_height = 315;
    sheet.columns = static_cast<int>(shown.columns);
    sheet.cells = std::move(overlays);
  }
  sheet.title = shown.title;
  return sheet;
}

void write_shown(const eval::Sheet& sheet, const ShownPictures& shown, const cli::Invocation& invocation) {
  eval::write_sheet(sheet, shown.output, {invocation.common.no_clobber, 0});
  log::info("{}", shown.output);
}

std::string caption_of(const std::string& id) { return id.find('/') == std::string::npos ? id : base_name(id); }

}  // namespace fovea
