#include "systems/rcnn/truth.h"

#include "base/error.h"
#include "base/text.h"
#include "io/images_file.h"

namespace fovea::rcnn {

const std::vector<TrueObject>& Truth::of(const std::string& image_id) const {
  const auto found = index.find(image_id);
  if (found == index.end()) fail_data(path + ": id", "image '" + printable(image_id) + "'", "no such image");
  return objects[found->second];
}

Truth read_truth(const std::string& path) {
  const io::ImagesReader reader(path);
  const io::ImageSet& set = reader.set();
  if (!set.has_objects) {
    throw Error(ErrorKind::kData, path + ": objects: expected labelled boxes, found none",
                "rcnn-detect convert reads annotations");
  }
  if (set.label_set.empty()) fail_data(path + ": label_set", "names of the object classes", "nothing");
  Truth truth{path, reader.attributes().content_hash, set.label_set, set.ids, set.splits, {}, {}};
  for (size_t i = 0; i < set.ids.size(); ++i) {
    std::vector<TrueObject> objects;
    for (auto r = static_cast<size_t>(set.object_offsets[i]); r < static_cast<size_t>(set.object_offsets[i + 1]); ++r) {
      objects.push_back({{set.object_boxes[r * 4], set.object_boxes[r * 4 + 1], set.object_boxes[r * 4 + 2],
                          set.object_boxes[r * 4 + 3]},
                         set.object_classes[r],
                         !set.object_difficult.empty() && set.object_difficult[r] != 0});
    }
    truth.objects.push_back(std::move(objects));
    truth.index.emplace(set.ids[i], i);
  }
  return truth;
}

}  // namespace fovea::rcnn
