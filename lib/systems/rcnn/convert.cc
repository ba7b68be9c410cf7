// rcnn-detect convert: which conversion is meant, and what they share.
#include "systems/rcnn/convert.h"

#include <algorithm>
#include <unordered_set>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/voc.h"
#include "io/coco_json.h"
#include "io/h5_reader.h"
#include "systems/picture_file.h"
#include "systems/rcnn/convert_parts.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kMaxNamesBytes = int64_t{1} << 26;

bool is_one_of(const std::string& word, std::initializer_list<const char*> words) {
  return std::find(words.begin(), words.end(), word) != words.end();
}

}  // namespace

int detect_convert(const DetectConvertOptions& options, const cli::Invocation& invocation) {
  const bool from_fovea = options.from == "fovea";
  if (from_fovea == (options.to == "fovea")) {
    fail(ErrorKind::kUsage, "--from {} --to {}: expected exactly one of them to be fovea, found {}", options.from,
         options.to, from_fovea ? "both" : "neither");
  }
  if (is_one_of(options.from, {"voc", "ilsvrc", "coco"})) return import_annotations(options, invocation);
  if (!from_fovea) return import_results(options, invocation);
  if (options.inputs.size() != 1) {
    fail(ErrorKind::kUsage, "--to {}: expected one input, found {}", options.to, options.inputs.size());
  }
  if (is_one_of(options.to, {"voc", "coco"})) return export_images(options, invocation);
  if (options.to != "tsv") return export_detections(options, invocation);
  const std::string& input = options.inputs[0];
  if (input == "-") fail(ErrorKind::kUsage, "--to tsv: expected a file, found '-': its kind is looked at first");
  const io::H5Reader reader = io::H5Reader::open(input, "");
  return reader.attributes().schema == "fovea.detections" ? export_detections(options, invocation)
                                                          : export_images(options, invocation);
}

io::InputRecord file_record(const std::string& role, const std::string& path, const io::RootAttributes& attributes) {
  return {role, recorded_path(path), attributes.schema, attributes.content_hash};
}

std::vector<std::string> read_lines(const std::string& path) {
  std::vector<std::string> lines;
  for (const std::string& line : split(read_text_file(path, kMaxNamesBytes), '\n')) {
    if (!trim(line).empty()) lines.emplace_back(trim(line));
  }
  return lines;
}

void warn_of_repairs(const std::string& name, const data::BoxRepairs& repairs) {
  if (repairs.count() == 0) return;
  log::warning("{}: {} box(es) that leave the picture were clipped, {} without a pixel were left out, the first: {}",
               name, repairs.clipped, repairs.dropped, repairs.first);
}

std::vector<std::string> choose_classes(const DetectConvertOptions& options, const std::vector<std::string>& own,
                                        const std::vector<std::string>& found) {
  std::vector<std::string> classes = options.names.empty() ? options.classes : read_lines(options.names);
  const std::string word = options.names.empty() && classes.size() == 1 ? classes[0] : "";
  if (word == "voc") return data::voc_classes();
  if (word == "found") return found;
  if (word == "auto") {
    if (!own.empty()) return own;
    const auto& voc = data::voc_classes();
    const bool all_voc = !found.empty() && std::all_of(found.begin(), found.end(), [&](const std::string& name) {
      return data::class_index(voc, name) >= 0;
    });
    return all_voc ? voc : found;
  }
  std::unordered_set<std::string> seen;
  for (const std::string& name : classes) {
    if (!seen.insert(name).second) {
      fail(ErrorKind::kUsage, "--{}: expected each class once, found '{}' again",
           options.names.empty() ? "classes" : "names", printable(name));
    }
  }
  if (classes.empty()) fail_data(options.names, "class names", "none");
  return classes;
}

ImageIndex::ImageIndex(const std::string& path) : reader(path) {
  for (const std::string& id : reader.set().ids) positions.emplace(id, static_cast<int64_t>(positions.size()));
}

int64_t ImageIndex::find(const std::string& id) const {
  const auto found = positions.find(id);
  return found == positions.end() ? -1 : found->second;
}

std::pair<int32_t, int32_t> ImageIndex::size(int64_t position) const {
  const auto at = static_cast<size_t>(position) * 2;
  return {reader.set().sizes[at], reader.set().sizes[at + 1]};
}

std::vector<int64_t> ImageIndex::of_splits(const std::vector<std::string>& splits) const {
  const std::vector<std::string>& all = reader.set().splits;
  for (const std::string& split : splits) {
    if (std::find(all.begin(), all.end(), split) != all.end()) continue;
    std::vector<std::string> known = all;
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    fail(ErrorKind::kUsage, "{}: no image of split '{}'; there are: {}", reader.path(), printable(split),
         known.empty() ? "none" : join(known, ", "));
  }
  std::vector<int64_t> items;
  for (int64_t i = 0; i < reader.count(); ++i) {
    if (splits.empty() || std::find(splits.begin(), splits.end(), all[static_cast<size_t>(i)]) != splits.end()) {
      items.push_back(i);
    }
  }
  return items;
}

data::AnnotationSet annotations_of(const ImageIndex& index, const std::vector<int64_t>& items, bool skip_difficult) {
  const io::ImageSet& set = index.reader.set();
  if (!set.has_objects) fail_data(index.reader.path() + ": objects", "objects with boxes", "a set without");
  if (set.label_set.empty() && !set.object_classes.empty())
    fail_data(index.reader.path() + ": label_set", "names of the classes", "none");
  data::AnnotationSet result{set.label_set, {}};
  for (const int64_t item : items) {
    const auto i = static_cast<size_t>(item);
    data::AnnotatedImage image;
    image.id = set.ids[i];
    image.path = set.paths.empty() ? set.ids[i] + picture_suffix(index.reader, item) : set.paths[i];
    image.split = set.splits.empty() ? "" : set.splits[i];
    std::tie(image.height, image.width) = index.size(item);
    for (auto r = static_cast<size_t>(set.object_offsets[i]); r < static_cast<size_t>(set.object_offsets[i + 1]); ++r) {
      const float* box = &set.object_boxes[r * 4];
      const bool difficult = !set.object_difficult.empty() && set.object_difficult[r] != 0;
      const bool truncated = !set.object_truncated.empty() && set.object_truncated[r] != 0;
      if (difficult && skip_difficult) continue;
      image.objects.push_back({set.label_set[static_cast<size_t>(set.object_classes[r])],
                               {box[0], box[1], box[2], box[3]},
                               difficult,
                               truncated});
    }
    result.images.push_back(std::move(image));
  }
  return result;
}

std::vector<std::pair<int64_t, std::string>> read_categories(const std::string& path) {
  std::vector<std::pair<int64_t, std::string>> categories;
  for (io::CocoCategory& category : io::read_coco(path).categories)
    categories.emplace_back(category.id, std::move(category.name));
  if (categories.empty()) fail_data(path, "categories", "none");
  return categories;
}

}  // namespace fovea::rcnn
