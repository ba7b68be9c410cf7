// What the conversions share. Internal to convert*.cc.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "data/annotations.h"
#include "io/images_file.h"
#include "io/root_attributes.h"
#include "systems/rcnn/convert.h"

namespace fovea::rcnn {

int import_annotations(const DetectConvertOptions& options, const cli::Invocation& invocation);
int import_results(const DetectConvertOptions& options, const cli::Invocation& invocation);
int export_images(const DetectConvertOptions& options, const cli::Invocation& invocation);
int export_detections(const DetectConvertOptions& options, const cli::Invocation& invocation);

io::InputRecord file_record(const std::string& role, const std::string& path, const io::RootAttributes& attributes);
// Lines of a file without blank ones.
std::vector<std::string> read_lines(const std::string& path);
void warn_of_repairs(const std::string& name, const data::BoxRepairs& repairs);

// The class order that --names or --classes asks for. `own`: what the input itself lists (empty: nothing); `found`:
// what occurs in it.
std::vector<std::string> choose_classes(const DetectConvertOptions& options, const std::vector<std::string>& own,
                                        const std::vector<std::string>& found);

// Ids and sizes of a fovea.images file.
struct ImageIndex {
  explicit ImageIndex(const std::string& path);
  io::ImagesReader reader;
  std::unordered_map<std::string, int64_t> positions;

  int64_t find(const std::string& id) const;                 // -1 if absent
  std::pair<int32_t, int32_t> size(int64_t position) const;  // height, width
  // Throws Error(kUsage) for a split that no image has.
  std::vector<int64_t> of_splits(const std::vector<std::string>& splits) const;  // all if empty
};

// Objects of the items of a set; paths are those of the set, or made of the id and the pictures' format.
data::AnnotationSet annotations_of(const ImageIndex& index, const std::vector<int64_t>& items, bool skip_difficult);

// Names of COCO's categories by id.
std::vector<std::pair<int64_t, std::string>> read_categories(const std::string& path);

}  // namespace fovea::rcnn
