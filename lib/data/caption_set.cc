#include "data/caption_set.h"

#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "io/images_file.h"

namespace fovea::data {
namespace {

void read_boxes(const io::ImageSet& from, CaptionSet& to) {
  to.has_boxes = true;
  for (size_t i = 0; i < to.boxes.size(); ++i) {
    for (auto r = static_cast<size_t>(from.object_offsets[i]); r < static_cast<size_t>(from.object_offsets[i + 1]);
         ++r) {
      const float* corners = &from.object_boxes[r * 4];
      to.boxes[i].push_back({from.label_set[static_cast<size_t>(from.object_classes[r])],
                             {corners[0], corners[1], corners[2], corners[3]}});
    }
  }
}

}  // namespace

int64_t CaptionSet::find(const std::string& id) const {
  const auto found = index.find(id);
  return found == index.end() ? -1 : found->second;
}

std::span<const std::string> CaptionSet::captions_of(int64_t image) const {
  FOVEA_CHECK(image >= 0 && image < count(), "image {} of {}", image, count());
  const int64_t begin = offsets[static_cast<size_t>(image)], end = offsets[static_cast<size_t>(image) + 1];
  return std::span(captions).subspan(static_cast<size_t>(begin), static_cast<size_t>(end - begin));
}

std::vector<int64_t> CaptionSet::images_of(const std::string& split) const {
  std::vector<int64_t> found;
  const bool all = split.empty() || split == "all";
  for (int64_t i = 0; i < count(); ++i) {
    if (all || splits[static_cast<size_t>(i)] == split) found.push_back(i);
  }
  if (!found.empty()) return found;
  std::vector<std::string> names;
  for (const std::string& name : splits) {
    if (!name.empty() && std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
  fail_data(path + ": split", "images of '" + printable(split) + "'",
            names.empty() ? "no splits" : printable(join(names, ", "), 200));
}

CaptionSet read_caption_set(const std::string& path) {
  const io::ImagesReader reader(path);
  const io::ImageSet& from = reader.set();
  if (!from.has_captions) {
    fail_data(path + ": captions/text", "captions", "nothing", "make the set with caption-attend convert");
  }
  CaptionSet set;
  set.path = path;
  set.content_hash = reader.attributes().content_hash;
  set.ids = from.ids;
  set.splits = from.splits;
  set.splits.resize(set.ids.size());
  set.sizes = from.sizes;
  set.offsets = from.caption_offsets;
  set.captions = from.captions;
  for (size_t i = 0; i < set.captions.size(); ++i) {
    if (!is_valid_utf8(set.captions[i])) {
      fail_data(fmt::format("{}: captions/text[{}]", path, i), "UTF-8", "'" + printable(set.captions[i]) + "'");
    }
  }
  set.boxes.resize(set.ids.size());
  if (from.has_objects && !from.label_set.empty()) read_boxes(from, set);
  for (size_t i = 0; i < set.ids.size(); ++i) set.index.emplace(set.ids[i], static_cast<int64_t>(i));
  return set;
}

}  // namespace fovea::data
