#include "io/region_rows.h"

#include <array>

#include "base/error.h"
#include "base/text.h"
#include "io/checks.h"

namespace fovea::io {

RegionRowsWriter::RegionRowsWriter(H5Writer& writer, std::string group, std::string target)
    : writer_(writer), group_(std::move(group)), target_(std::move(target)) {
  writer_.create_rows("image_size", ElementType::kI32, std::array<int64_t, 1>{2}, "image,(height,width)");
  writer_.create_rows(group_ + "/offsets", ElementType::kI64, {}, "image");
  const std::string item = group_.substr(0, group_.size() - 1);  // "regions" -> "region"
  writer_.create_rows(group_ + "/box", ElementType::kF32, std::array<int64_t, 1>{4}, item + ",(x1,y1,x2,y2)");
  writer_.append_rows<int64_t>(group_ + "/offsets", 1, std::array<int64_t, 1>{0});
}

void RegionRowsWriter::add(const std::string& image_id, int32_t height, int32_t width, std::span<const Box> boxes) {
  const auto place = [&] { return fmt::format("{}: image_id[{}]", target_, ids_.size()); };
  if (image_id.empty()) fail_data(place(), "a name", "nothing");
  if (!seen_.emplace(image_id, images()).second) {
    fail_data(place(), "unique names", "\"" + printable(image_id) + "\" again");
  }
  ids_.push_back(image_id);
  writer_.append_rows<int32_t>("image_size", 1, std::array<int32_t, 2>{height, width});
  std::vector<float> corners;
  corners.reserve(boxes.size() * 4);
  for (const Box& box : boxes) corners.insert(corners.end(), {box.x1, box.y1, box.x2, box.y2});
  writer_.append_rows<float>(group_ + "/box", static_cast<int64_t>(boxes.size()), corners);
  end_ += static_cast<int64_t>(boxes.size());
  writer_.append_rows<int64_t>(group_ + "/offsets", 1, std::array<int64_t, 1>{end_});
}

void RegionRowsWriter::finish() {
  writer_.write_strings("image_id", ids_, "image");
  writer_.set_attribute(group_ + "/box", "box_convention", "xyxy_inclusive_0based");
}

RegionRows::RegionRows(const H5Reader& reader, const std::string& group_name) : group(group_name) {
  ids = reader.read_strings("image_id");
  check_unique(ids, reader.place("image_id"));
  for (size_t i = 0; i < ids.size(); ++i) index_.emplace(ids[i], static_cast<int64_t>(i));
  if (reader.has("image_size")) {
    sizes = reader.read<int32_t>("image_size");
    check_range<int32_t>(sizes, 0, -1, reader.place("image_size"));
  }
  offsets = reader.read<int64_t>(group + "/offsets");
  check_offsets(offsets, reader.extents(group + "/box")[0], reader.place(group + "/offsets"));
}

int64_t RegionRows::find(const std::string& image_id) const {
  const auto found = index_.find(image_id);
  return found == index_.end() ? -1 : found->second;
}

std::vector<Box> RegionRows::boxes(const H5Reader& reader, int64_t begin, int64_t end) const {
  const std::string name = group + "/box";
  reader.require_stored(name);
  std::vector<float> corners(static_cast<size_t>(end - begin) * 4);
  reader.read_rows<float>(name, begin, end, corners);
  check_finite<float>(corners, std::array<int64_t, 2>{-1, 4}, reader.place(name), begin);
  std::vector<Box> boxes(corners.size() / 4);
  for (size_t i = 0; i < boxes.size(); ++i) {
    boxes[i] = {corners[i * 4], corners[i * 4 + 1], corners[i * 4 + 2], corners[i * 4 + 3]};
  }
  return boxes;
}

}  // namespace fovea::io
