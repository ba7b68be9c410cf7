#include "systems/rcnn/eval_truth.h"

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "io/images_file.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kMaxBlacklistBytes = int64_t{64} << 20;

std::vector<eval::TrueObject> objects_at(const io::ImageSet& set, size_t position, int64_t image) {
  std::vector<eval::TrueObject> objects;
  const auto end = static_cast<size_t>(set.object_offsets[position + 1]);
  for (auto r = static_cast<size_t>(set.object_offsets[position]); r < end; ++r) {
    const float* box = set.object_boxes.data() + 4 * r;
    eval::TrueObject object;
    object.box = {box[0], box[1], box[2], box[3]};
    object.class_index = set.object_classes[r];
    object.image = image;
    object.difficult = !set.object_difficult.empty() && set.object_difficult[r] != 0;
    if (!set.object_truncated.empty()) object.truncated = set.object_truncated[r] != 0;
    objects.push_back(object);
  }
  return objects;
}

// The two fields of a line; nothing for an empty one.
std::vector<std::string> fields_of(const std::string& line) {
  std::vector<std::string> fields;
  size_t at = 0;
  const char* blanks = " \t\r";
  while ((at = line.find_first_not_of(blanks, at)) != std::string::npos) {
    const size_t end = std::min(line.find_first_of(blanks, at), line.size());
    fields.push_back(line.substr(at, end - at));
    at = end;
  }
  return fields;
}

}  // namespace

EvalTruth::EvalTruth(const std::string& path, const std::string& split) : name_(base_name(path)) {
  const io::ImagesReader reader(path);
  const io::ImageSet& set = reader.set();
  if (!set.has_objects) fail_data(path + ": objects", "boxes of objects", "none");
  if (set.label_set.empty()) fail_data(path + ": label_set", "names of the classes", "none");
  class_names_ = set.label_set;
  for (size_t k = 0; k < class_names_.size(); ++k) {
    if (!class_indices_.emplace(class_names_[k], static_cast<int32_t>(k)).second) {
      fail_data(fmt::format("{}: label_set[{}]", path, k), "names that differ",
                "'" + printable(class_names_[k]) + "' again");
    }
  }
  std::set<std::string> splits;
  for (size_t i = 0; i < set.ids.size(); ++i) {
    const bool is_of_split = set.splits.empty() || split.empty() || set.splits[i] == split;
    if (!set.splits.empty()) splits.insert(set.splits[i]);
    const auto place = is_of_split ? std::optional(images()) : std::nullopt;
    places_.emplace(set.ids[i], place);
    by_position_.push_back(place);
    if (!is_of_split) continue;
    objects_.push_back(objects_at(set, i, images()));
    ids_.push_back(set.ids[i]);
  }
  if (!ids_.empty()) return;
  if (splits.empty()) fail_data(path, "images", "none");
  fail_data(path + ": split", fmt::format("images of '{}'", printable(split)),
            join({splits.begin(), splits.end()}, ", "));
}

std::vector<eval::TrueObject> EvalTruth::objects() const {
  std::vector<eval::TrueObject> all;
  for (const auto& of_image : objects_) all.insert(all.end(), of_image.begin(), of_image.end());
  return all;
}

std::optional<int64_t> EvalTruth::find_image(const std::string& id, const std::string& place) const {
  const auto found = places_.find(id);
  if (found == places_.end()) fail_data(place, "an image of " + name_, "'" + printable(id) + "'");
  return found->second;
}

int32_t EvalTruth::find_class(const std::string& name, const std::string& place) const {
  const auto found = class_indices_.find(name);
  if (found != class_indices_.end()) return found->second;
  const std::string near = nearest(name, class_names_);
  fail_data(place, "a class of " + name_, "'" + printable(name) + "'",
            near.empty() ? "" : fmt::format("did you mean '{}'?", printable(near)));
}

std::set<std::pair<int64_t, int32_t>> EvalTruth::read_blacklist(const std::string& path) const {
  std::set<std::pair<int64_t, int32_t>> pairs;
  int64_t number = 0;
  for (const std::string& line : split(read_text_file(path, kMaxBlacklistBytes), '\n')) {
    const std::string place = fmt::format("{}:{}", path, ++number);
    const auto fields = fields_of(line);
    if (fields.empty()) continue;
    if (fields.size() != 2) fail_data(place, "an image and a class", "'" + printable(line) + "'");
    const auto position = parse_int(fields[0]);
    const bool is_position = !places_.contains(fields[0]) && position && *position >= 1 &&
                             *position <= static_cast<int64_t>(by_position_.size());
    const auto image = is_position ? by_position_[static_cast<size_t>(*position - 1)] : find_image(fields[0], place);
    const int32_t class_index = find_class(fields[1], place);
    if (image) pairs.insert({*image, class_index});
  }
  return pairs;
}

std::optional<int64_t> ListedImages::add(const std::string& id) {
  const auto image = truth_.find_image(id, fmt::format("{}: image_id[{}]", file_, rows_++));
  if (image)
    listed_.insert(*image);
  else
    ++of_other_splits_;
  return image;
}

void ListedImages::report(bool listed_only) const {
  if (listed_.empty()) fail_data(file_ + ": image_id", "images of the measured split of " + truth_.name(), "none");
  const int64_t missing = truth_.images() - static_cast<int64_t>(listed_.size());
  if (missing > 0 && !listed_only) {
    log::warning(
        "{}: {} of the {} images are not listed: their objects count as missed (--listed-only leaves them out)", file_,
        missing, truth_.images());
  }
  if (of_other_splits_ > 0) log::info("{}: {} images of other splits are left out", file_, of_other_splits_);
}

}  // namespace fovea::rcnn
