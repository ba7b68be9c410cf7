#include "systems/picture_inputs.h"

#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/picture.h"

namespace fovea {
namespace {

constexpr int64_t kMaxListBytes = int64_t{1} << 28;

void add_folder(const std::string& folder, std::vector<std::string>& paths) {
  std::vector<std::string> found;
  std::error_code error;
  for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
    const std::string name = entry.path().filename().string();
    if (!name.starts_with('.') && io::has_picture_suffix(name))
      found.push_back(folder + (folder.ends_with('/') ? "" : "/") + name);
  }
  if (error) fail(ErrorKind::kNoInput, "{}: cannot read the folder: {}", folder, error.message());
  if (found.empty()) fail_data(folder, "a folder with .jpg, .jpeg or .png files", "none");
  std::sort(found.begin(), found.end());
  paths.insert(paths.end(), found.begin(), found.end());
}

std::vector<std::string> list_paths(const PictureInputs& inputs) {
  std::vector<std::string> paths;
  for (const std::string& path : inputs.pictures) {
    if (path != "-" && is_directory(path)) {
      add_folder(path, paths);
    } else {
      paths.push_back(path);
    }
  }
  if (!inputs.list.empty()) {
    for (const auto& line : split(read_text_file(inputs.list, kMaxListBytes), '\n')) {
      if (!trim(line).empty()) paths.emplace_back(trim(line));
    }
    if (paths.empty()) fail_data(inputs.list, "one path on each line", "nothing");
  }
  return paths;
}

void warn(const std::vector<std::string>& reasons) {
  if (reasons.empty()) return;
  for (const auto& reason : reasons) log::debug("left out: {}", reason);
  log::warning("{} picture(s) can't be decoded and are left out, the first: {}", reasons.size(), reasons[0]);
}

// Paths whose header can't be read, taken out of `paths`.
void drop_bad_files(std::vector<std::string>& paths) {
  std::vector<std::string> reasons, good;
  for (const auto& path : paths) {
    try {
      data::ImageSource::from_files({path});
      good.push_back(path);
    } catch (const Error& error) {
      if (error.kind() != ErrorKind::kData) throw;
      reasons.emplace_back(error.what());
    }
  }
  paths = std::move(good);
  warn(reasons);
}

}  // namespace

void declare_picture_inputs(cli::OptionTable& table, PictureInputs& inputs) {
  table.operand("PICTURE", inputs.pictures, "JPEG or PNG files, or folders of them; '-' is standard input.", 0, -1);
  table.group("Pictures");
  table.add("images", inputs.images, "FILE", "A fovea.images file instead of pictures.").is_input_path();
  table.add("list", inputs.list, "FILE", "A text file with one picture's path on each line.").is_input_path();
  table.add("split", inputs.split, "NAME", "Which split of --images; empty: all.").only_with("images");
  table.add("limit", inputs.limit, "N", "Only the first N pictures; 0: all.").at_least(0).source("[ours]");
  table.add("skip-bad-images", inputs.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
}

int64_t limited(int64_t count, int64_t limit) { return limit > 0 ? std::min(count, limit) : count; }

data::ImageSource open_pictures(const PictureInputs& inputs) {
  const int ways = (inputs.pictures.empty() ? 0 : 1) + (inputs.images.empty() ? 0 : 1) + (inputs.list.empty() ? 0 : 1);
  if (ways != 1) {
    fail(ErrorKind::kUsage, "expected PICTURE operands, --images or --list, found {}",
         ways == 0 ? "none of them" : "more than one");
  }
  if (!inputs.images.empty()) {
    data::SourceOptions options;
    options.split = inputs.split;
    options.limit = inputs.limit;
    options.require_labels = false;
    data::ImageSource source = data::ImageSource::open(inputs.images, options);
    if (inputs.skip_bad_images) warn(source.drop_bad_pictures());
    return source;
  }
  std::vector<std::string> paths = list_paths(inputs);
  paths.resize(static_cast<size_t>(limited(static_cast<int64_t>(paths.size()), inputs.limit)));
  if (inputs.skip_bad_images) drop_bad_files(paths);
  data::ImageSource source = data::ImageSource::from_files(paths);
  if (inputs.skip_bad_images) warn(source.drop_bad_pictures());
  return source;
}

}  // namespace fovea
