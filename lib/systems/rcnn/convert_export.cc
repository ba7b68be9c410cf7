// rcnn-detect convert --to voc | coco | tsv: a fovea.images file as other programs want it.
#include <algorithm>
#include <filesystem>
#include <map>
#include <set>
#include <system_error>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/coco.h"
#include "data/voc.h"
#include "eval/table.h"
#include "io/picture.h"
#include "systems/picture_file.h"
#include "systems/rcnn/convert_parts.h"

namespace fovea::rcnn {
namespace {

std::string make_folder(const std::string& path) {
  std::error_code code;
  std::filesystem::create_directory(path, code);
  if (!is_directory(path)) fail(ErrorKind::kCannotCreate, "{}: cannot create: {}", path, system_message(code.value()));
  return path;
}

// ImageSets/Main: one list a split (or "all"), and one a class and split.
void write_lists(const data::AnnotationSet& set, const std::string& folder, const OutputPolicy& policy) {
  std::map<std::string, std::vector<data::AnnotatedImage>> splits;
  for (const data::AnnotatedImage& image : set.images)
    splits[image.split.empty() ? "all" : image.split].push_back(image);
  for (const auto& [split, images] : splits) {
    std::string ids;
    for (const data::AnnotatedImage& image : images) ids += image.id + "\n";
    for (const std::string& name : set.classes) {
      write_file(folder + "/" + name + "_" + split + ".txt", data::class_list_text(images, name), policy);
    }
    write_file(folder + "/" + split + ".txt", ids, policy);
  }
}

void write_voc(data::AnnotationSet set, const ImageIndex& index, const std::vector<int64_t>& items,
               const DetectConvertOptions& options, const OutputPolicy& policy) {
  if (!is_directory(options.output))
    fail(ErrorKind::kCannotCreate, "{}: expected an existing folder, found none", options.output);
  const std::string& input = options.inputs[0];
  for (const std::string& name : set.classes) data::require_file_name(name, input + ": label_set");
  for (const data::AnnotatedImage& image : set.images) {
    data::require_file_name(image.id, input + ": id");
    if (!image.split.empty()) data::require_file_name(image.split, input + ": split");
  }
  const std::string annotations = make_folder(options.output + "/Annotations");
  const std::string lists = make_folder(make_folder(options.output + "/ImageSets") + "/Main");
  const std::string pictures = options.copy_pictures ? make_folder(options.output + "/JPEGImages") : "";
  const std::string name =
      base_name(std::filesystem::path(options.output + "/.").lexically_normal().parent_path().string());
  Progress progress("convert", "image", static_cast<int64_t>(items.size()));
  for (size_t i = 0; i < items.size(); ++i) {
    data::AnnotatedImage& image = set.images[i];
    if (options.copy_pictures) {
      const std::vector<std::byte> bytes = picture_bytes(index.reader, items[i]);
      image.path = image.id + (io::picture_format(bytes) == io::PictureFormat::kPng ? ".png" : ".jpg");
      AtomicFile file(pictures + "/" + image.path, policy);
      file.write(std::span<const std::byte>(bytes));
      file.commit();
    }
    write_file(annotations + "/" + image.id + ".xml", data::voc_xml(image, name), policy);
    progress.update(static_cast<int64_t>(i) + 1);
  }
  write_lists(set, lists, policy);
  log::info("{}: {} images", options.output, items.size());
}

void write_coco(const data::AnnotationSet& set, const ImageIndex& index, const std::vector<int64_t>& items,
                const DetectConvertOptions& options, const OutputPolicy& policy) {
  // Numbers of the whole set, so that they do not depend on which splits are written.
  const std::vector<int64_t> all = data::coco_image_ids(index.reader.set().ids);
  std::vector<int64_t> numbers;
  for (const int64_t item : items) numbers.push_back(all[static_cast<size_t>(item)]);
  io::CocoFile file = data::to_coco(set, numbers);
  if (!options.categories.empty()) {
    std::map<std::string, int64_t> ids;
    for (const auto& [id, name] : read_categories(options.categories)) ids.emplace(name, id);
    std::map<int64_t, int64_t> changed;
    for (io::CocoCategory& category : file.categories) {
      const auto found = ids.find(category.name);
      if (found == ids.end()) fail_data(options.categories, "a category '" + printable(category.name) + "'", "none");
      changed[category.id] = found->second;
      category.id = found->second;
    }
    for (io::CocoBox& box : file.annotations) box.category_id = changed[box.category_id];
  }
  write_file(options.output, io::coco_text(file), policy);
}

// One line an object; a line without a box for an image without objects.
void write_tsv(const data::AnnotationSet& set, const DetectConvertOptions& options, const OutputPolicy& policy) {
  AtomicFile file(options.output, policy);
  eval::TableWriter table(
      {{"image_id"}, {"split"}, {"width"}, {"height"}, {"class"}, {"x1"}, {"y1"}, {"x2"}, {"y2"}, {"difficult"}},
      eval::TableFormat::kTsv, [&](std::string_view line) { file.write(line); });
  for (const data::AnnotatedImage& image : set.images) {
    const eval::Cell split = image.split.empty() ? eval::Cell() : eval::Cell(image.split);
    const auto height = static_cast<int64_t>(image.height), width = static_cast<int64_t>(image.width);
    for (const data::AnnotatedObject& object : image.objects) {
      table.add({image.id, split, width, height, object.class_name, object.box.x1, object.box.y1, object.box.x2,
                 object.box.y2, static_cast<int64_t>(object.difficult)});
    }
    if (image.objects.empty()) table.add({image.id, split, width, height, {}, {}, {}, {}, {}, {}});
  }
  table.finish();
  file.commit();
}

}  // namespace

int export_images(const DetectConvertOptions& options, const cli::Invocation& invocation) {
  const OutputPolicy policy{invocation.common.no_clobber, 0};
  if (options.to != "voc") probe_output(options.output, policy.no_clobber);
  const ImageIndex index(options.inputs[0]);
  const std::vector<int64_t> items = index.of_splits(options.sets);
  const data::AnnotationSet set = annotations_of(index, items, options.skip_difficult);
  if (options.to == "voc")
    write_voc(set, index, items, options, policy);
  else if (options.to == "coco")
    write_coco(set, index, items, options, policy);
  else
    write_tsv(set, options, policy);
  return 0;
}

}  // namespace fovea::rcnn
