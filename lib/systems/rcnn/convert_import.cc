// rcnn-detect convert --from voc | ilsvrc | coco: annotations and pictures -> fovea.images.
#include <algorithm>
#include <filesystem>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/coco.h"
#include "data/voc.h"
#include "systems/picture_file.h"
#include "systems/rcnn/convert_parts.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kPicturesAtOnce = 32;  // read and decoded in parallel, then written in order

void append(data::AnnotationSet& all, data::AnnotationSet part) {
  for (std::string& name : part.classes) {
    if (data::class_index(all.classes, name) < 0) all.classes.push_back(std::move(name));
  }
  std::move(part.images.begin(), part.images.end(), std::back_inserter(all.images));
}

void read_voc(const DetectConvertOptions& options, data::AnnotationSet& all) {
  const bool ilsvrc = options.from == "ilsvrc";
  if (ilsvrc && options.pictures.empty()) fail(ErrorKind::kUsage, "--from ilsvrc: expected --pictures, found nothing");
  for (const std::string& input : options.inputs) {
    const std::vector<data::VocFolders> trees =
        ilsvrc ? std::vector<data::VocFolders>{{input, options.pictures, ""}} : data::find_voc_folders(input);
    for (data::VocFolders folders : trees) {
      if (!options.pictures.empty()) folders.pictures = options.pictures;
      data::VocTree tree =
          data::read_voc_tree(folders, options.sets, ilsvrc ? data::VocFlavor::kIlsvrc : data::VocFlavor::kVoc);
      if (!tree.without_annotation.empty()) {
        log::warning("{}: {} listed image(s) have no annotation and are taken as empty, the first: {}",
                     folders.annotations, tree.without_annotation.size(), tree.without_annotation[0]);
      }
      append(all, {{}, std::move(tree.images)});
    }
  }
}

// instances_val2017.json -> val2017
std::string coco_split(const std::string& path) {
  std::string stem = base_name(path);
  stem.resize(std::min(stem.rfind('.'), stem.size()));
  return stem.starts_with("instances_") ? stem.substr(10) : stem;
}

void read_coco(const DetectConvertOptions& options, data::AnnotationSet& all) {
  if (options.pictures.empty()) fail(ErrorKind::kUsage, "--from coco: expected --pictures, found nothing");
  for (const std::string& input : options.inputs) {
    const std::string split = coco_split(input);
    if (!options.sets.empty() && std::find(options.sets.begin(), options.sets.end(), split) == options.sets.end())
      continue;
    data::AnnotationSet part = data::from_coco(io::read_coco(input), input);
    for (data::AnnotatedImage& image : part.images) {
      data::require_relative_path(image.path, fmt::format("{}: image {}: file_name", input, image.id));
      image.path = options.pictures + "/" + image.path;
      image.split = split;
    }
    append(all, std::move(part));
  }
  if (all.images.empty()) fail_data(join(options.inputs, ", "), "images", "none");
}

// Leaves out difficult objects and those of other classes; returns how many of the latter.
int64_t select_objects(data::AnnotationSet& set, const std::vector<std::string>& classes, bool skip_difficult) {
  int64_t others = 0;
  for (data::AnnotatedImage& image : set.images) {
    std::erase_if(image.objects,
                  [&](const data::AnnotatedObject& object) { return skip_difficult && object.difficult; });
    others += static_cast<int64_t>(std::erase_if(image.objects, [&](const data::AnnotatedObject& object) {
      return data::class_index(classes, object.class_name) < 0;
    }));
  }
  return others;
}

// Writes the images one by one, and counts what a user should know.
class Importer {
 public:
  Importer(const DetectConvertOptions& options, const cli::Invocation& invocation, io::ImagesLayout layout)
      : skip_bad_(options.skip_bad_images),
        pictures_(options.pictures),
        classes_(layout.label_set),
        writer_(options.output, run_record(invocation), std::move(layout), writer_options(invocation)) {}

  void add(data::AnnotatedImage& image, const LoadedPicture& picture) {
    if (picture.error) {
      if (!skip_bad_) {
        throw Error(picture.error->kind(), picture.error->what(), "--skip-bad-images leaves such pictures out");
      }
      log::debug("left out: {}", picture.error->what());
      if (bad_++ == 0) first_bad_ = picture.error->what();
      return;
    }
    const bool sized = image.width > 0 && image.height > 0;
    if (sized && (image.width != picture.width || image.height != picture.height) && resized_++ == 0) {
      first_resized_ = fmt::format("image {}: annotated {} x {}, found {} x {}", printable(image.id), image.width,
                                   image.height, picture.width, picture.height);
    }
    image.width = static_cast<int32_t>(picture.width);
    image.height = static_cast<int32_t>(picture.height);
    repairs_.add(data::repair_boxes(image));
    io::ImageRecord record;
    record.id = image.id;
    record.path = relative(image.path);
    record.split = image.split;
    record.height = image.height;
    record.width = image.width;
    record.encoded = {reinterpret_cast<const uint8_t*>(picture.bytes.data()), picture.bytes.size()};
    for (const data::AnnotatedObject& object : image.objects) {
      record.objects.push_back({object.box.x1, object.box.y1, object.box.x2, object.box.y2,
                                data::class_index(classes_, object.class_name), object.difficult, object.truncated});
    }
    objects_ += static_cast<int64_t>(record.objects.size());
    writer_.add(record);
  }

  void finish(const std::string& output) {
    if (bad_ > 0) log::warning("{} picture(s) can't be read and are left out, the first: {}", bad_, first_bad_);
    if (resized_ > 0)
      log::warning("{} picture(s) have another size than their annotations say, which is not used; the first: {}",
                   resized_, first_resized_);
    warn_of_repairs(output, repairs_);
    const int64_t count = writer_.count();
    if (count == 0) fail_data(output, "at least one good picture", "none");
    const std::string hash = writer_.finish();
    log::info("{}: {} pictures, {} objects of {} classes, content hash {}", output, count, objects_, classes_.size(),
              hash);
  }

 private:
  // Below --pictures, else the plain file name.
  std::string relative(const std::string& path) const {
    const bool below = !pictures_.empty() && path.starts_with(pictures_ + "/");
    return below ? path.substr(pictures_.size() + 1) : base_name(path);
  }

  bool skip_bad_;
  std::string pictures_;
  std::vector<std::string> classes_;
  io::ImagesWriter writer_;
  int64_t bad_ = 0, resized_ = 0, objects_ = 0;
  std::string first_bad_, first_resized_;
  data::BoxRepairs repairs_;
};

}  // namespace

int import_annotations(const DetectConvertOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  data::AnnotationSet set;
  if (options.from == "coco")
    read_coco(options, set);
  else
    read_voc(options, set);
  io::ImagesLayout layout;
  layout.storage = io::PixelStorage::kEncoded;
  layout.objects = layout.difficult = layout.truncated = layout.paths = true;
  layout.splits =
      std::any_of(set.images.begin(), set.images.end(), [](const auto& image) { return !image.split.empty(); });
  layout.label_set = choose_classes(options, set.classes, data::found_classes(set.images));
  const int64_t others = select_objects(set, layout.label_set, options.skip_difficult);
  if (others > 0) log::warning("{}: {} object(s) of other classes are left out", options.output, others);
  Importer importer(options, invocation, layout);
  const auto total = static_cast<int64_t>(set.images.size());
  Progress progress("convert", "picture", total);
  for (int64_t begin = 0; begin < total; begin += kPicturesAtOnce) {
    const int64_t count = std::min(kPicturesAtOnce, total - begin);
    std::vector<LoadedPicture> pictures(static_cast<size_t>(count));
    parallel_tasks(count, [&](int64_t i) {
      const data::AnnotatedImage& image = set.images[static_cast<size_t>(begin + i)];
      pictures[static_cast<size_t>(i)] = load_picture(image.path, image.id);
    });
    for (int64_t i = 0; i < count; ++i)
      importer.add(set.images[static_cast<size_t>(begin + i)], pictures[static_cast<size_t>(i)]);
    progress.update(begin + count);
  }
  importer.finish(options.output);
  return 0;
}

}  // namespace fovea::rcnn
