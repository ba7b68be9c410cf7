// caption-attend convert --to flickr8k | karpathy | coco | tsv | coco-results.
#include <algorithm>
#include <filesystem>
#include <map>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/annotations.h"
#include "data/caption_json_formats.h"
#include "data/caption_text_formats.h"
#include "data/coco.h"
#include "io/captions_file.h"
#include "io/images_file.h"
#include "systems/caption/convert_parts.h"
#include "systems/picture_file.h"

namespace fovea::caption {
namespace {

// The images of the wanted splits, and their numbers in the set.
std::vector<data::CaptionedImage> images_of(const io::ImagesReader& reader, const ConvertOptions& options,
                                            std::vector<int64_t>& items) {
  const io::ImageSet& set = reader.set();
  if (!set.has_captions) fail_data(reader.path() + ": captions/text", "captions", "nothing");
  std::vector<data::CaptionedImage> images;
  for (int64_t item = 0; item < set.count(); ++item) {
    const auto i = static_cast<size_t>(item);
    data::CaptionedImage image{
        set.ids[i], set.paths.empty() ? "" : set.paths[i], set.splits.empty() ? "" : set.splits[i], {}};
    if (!options.sets.empty() &&
        std::find(options.sets.begin(), options.sets.end(), image.split) == options.sets.end()) {
      continue;
    }
    if (image.path.empty()) image.path = image.id + picture_suffix(reader, item);
    auto begin = set.captions.begin() + set.caption_offsets[i], end = set.captions.begin() + set.caption_offsets[i + 1];
    if (options.captions_per_image > 0 && end - begin > options.captions_per_image)
      end = begin + options.captions_per_image;
    image.captions.assign(begin, end);
    images.push_back(std::move(image));
    items.push_back(item);
  }
  if (images.empty()) fail(ErrorKind::kUsage, "{}: no image of --set {}", reader.path(), join(options.sets, ","));
  return images;
}

void write_flickr(const io::ImagesReader& reader, std::vector<data::CaptionedImage>& images,
                  const std::vector<int64_t>& items, const ConvertOptions& options, const OutputPolicy& policy) {
  if (!is_directory(options.output)) {
    fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", options.output);
  }
  std::map<std::string, std::string> lists;  // by file name
  for (data::CaptionedImage& image : images) {
    if (std::filesystem::path(image.path).has_parent_path()) image.path = base_name(image.path);
    data::require_file_name(image.path, options.inputs[0] + ": id");
    const std::string name = image.split == "val" ? "dev" : image.split;
    if (name == "train" || name == "dev" || name == "test")
      lists["Flickr_8k." + name + "Images.txt"] += image.path + "\n";
  }
  const std::string folder = options.output + "/Images";
  if (options.copy_pictures) {
    std::error_code code;
    std::filesystem::create_directory(folder, code);
    if (!is_directory(folder))
      fail(ErrorKind::kCannotCreate, "{}: cannot create: {}", folder, system_message(code.value()));
  }
  Progress progress("convert", "image", static_cast<int64_t>(images.size()));
  for (size_t i = 0; options.copy_pictures && i < images.size(); ++i) {
    const std::vector<std::byte> bytes = picture_bytes(reader, items[i]);
    AtomicFile file(folder + "/" + images[i].path, policy);
    file.write(std::span<const std::byte>(bytes));
    file.commit();
    progress.update(static_cast<int64_t>(i) + 1);
  }
  write_file(options.output + "/Flickr8k.token.txt", data::flickr_tokens_text(images), policy);
  for (const auto& [name, text] : lists) write_file(options.output + "/" + name, text, policy);
  log::info("{}: {} images", options.output, images.size());
}

}  // namespace

int export_set(const ConvertOptions& options, const cli::Invocation& invocation) {
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  if (options.to != "flickr8k") probe_output(options.output, policy.no_clobber);
  const io::ImagesReader reader(options.inputs[0]);
  std::vector<int64_t> items;
  std::vector<data::CaptionedImage> images = images_of(reader, options, items);
  if (options.to == "flickr8k") {
    write_flickr(reader, images, items, options, policy);
    return 0;
  }
  // Numbers of the whole set, so that they do not depend on which splits are written.
  const std::vector<int64_t> all = data::coco_image_ids(reader.set().ids);
  std::vector<int64_t> numbers;
  for (const int64_t item : items) numbers.push_back(all[static_cast<size_t>(item)]);
  const std::string text = options.to == "karpathy" ? data::karpathy_text(images, numbers, "fovea")
                           : options.to == "coco"   ? data::coco_captions_text(images, numbers)
                                                    : data::caption_tsv_text(images);
  write_file(options.output, text, policy);
  return 0;
}

int export_generated(const ConvertOptions& options, const cli::Invocation& invocation) {
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  probe_output(options.output, policy.no_clobber);
  const io::CaptionsReader reader(options.inputs[0]);
  std::vector<data::CaptionResult> results;
  for (size_t i = 0; i < reader.image_ids().size(); ++i) {
    const int64_t begin = reader.begin(static_cast<int64_t>(i)), end = reader.begin(static_cast<int64_t>(i) + 1);
    results.push_back({reader.image_ids()[i], begin < end ? reader.text(begin) : ""});
  }
  if (options.to == "coco-results") {
    write_file(options.output, data::caption_results_text(results, data::coco_image_ids(reader.image_ids())), policy);
    return 0;
  }
  std::vector<data::CaptionedImage> images;
  for (data::CaptionResult& result : results) images.push_back({result.image_id, "", "", {std::move(result.caption)}});
  write_file(options.output, data::caption_tsv_text(images), policy);
  return 0;
}

}  // namespace fovea::caption
