// The objects that results are measured against: one split of an image set.
#pragma once

#include <cstdint>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "eval/detection.h"

namespace fovea::rcnn {

class EvalTruth {
 public:
  // Throws Error(kData) for a file without objects or class names, and for a split without images, naming those that
  // there are. An empty split, or a file without splits: all images.
  EvalTruth(const std::string& path, const std::string& split);

  const std::string& name() const { return name_; }  // without its folder
  const std::vector<std::string>& class_names() const { return class_names_; }
  int64_t classes() const { return static_cast<int64_t>(class_names_.size()); }
  int64_t images() const { return static_cast<int64_t>(ids_.size()); }  // of the split
  const std::string& id(int64_t image) const { return ids_[static_cast<size_t>(image)]; }
  std::vector<eval::TrueObject> objects() const;
  std::span<const eval::TrueObject> objects_of(int64_t image) const { return objects_[static_cast<size_t>(image)]; }

  // Place in the split; absent for images of other splits. Throws Error(kData, "PLACE: ...") for an unknown id.
  std::optional<int64_t> find_image(const std::string& id, const std::string& place) const;
  // Throws Error(kData, "PLACE: ...") for an unknown name.
  int32_t find_class(const std::string& name, const std::string& place) const;

  // Lines "IMAGE CLASS"; IMAGE is an id, or where there is none the place in the file, from 1. Images of other splits
  // are passed over. Throws Error(kData, "FILE:LINE: ...").
  std::set<std::pair<int64_t, int32_t>> read_blacklist(const std::string& path) const;

 private:
  std::string name_;
  std::vector<std::string> class_names_, ids_;
  std::unordered_map<std::string, std::optional<int64_t>> places_;  // of all images of the file
  std::vector<std::optional<int64_t>> by_position_;                 // the same, in the order of the file
  std::unordered_map<std::string, int32_t> class_indices_;
  std::vector<std::vector<eval::TrueObject>> objects_;  // of the split's images
};

// Which images of a truth a measured file lists.
class ListedImages {
 public:
  ListedImages(const EvalTruth& truth, std::string file) : truth_(truth), file_(std::move(file)) {}

  // Place in the split of the file's next image; absent, and counted, if it is of another split.
  std::optional<int64_t> add(const std::string& id);
  // Warns of images of the split that are not listed, unless they are to be left out, and says how many of the listed
  // are of other splits. Throws Error(kData) if no image of the split is listed.
  void report(bool listed_only) const;
  bool is_listed(int64_t image) const { return listed_.contains(image); }
  // Of the split's images, those to measure.
  bool is_measured(int64_t image, bool listed_only) const { return !listed_only || is_listed(image); }
  int64_t measured(bool listed_only) const {
    return listed_only ? static_cast<int64_t>(listed_.size()) : truth_.images();
  }

 private:
  const EvalTruth& truth_;
  std::string file_;
  std::set<int64_t> listed_;
  int64_t rows_ = 0, of_other_splits_ = 0;
};

}  // namespace fovea::rcnn
