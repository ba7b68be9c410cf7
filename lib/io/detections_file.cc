#include "io/detections_file.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "io/checks.h"
#include "io/h5_reader.h"
#include "io/region_rows.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.detections";

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

}  // namespace

struct DetectionsWriter::State {
  State(const std::string& name, RootAttributes root, std::vector<std::string> names, WriterOptions options)
      : target(name),
        class_names(std::move(names)),
        writer(name, with_schema(std::move(root)), options),
        rows(writer, "detections", name) {
    writer.create_rows("detections/class", ElementType::kI32, {}, "detection");
    writer.create_rows("detections/score", ElementType::kF32, {}, "detection");
    writer.create_rows("detections/proposal", ElementType::kI32, {}, "detection");
  }

  void add(ImageDetections image) {
    std::stable_sort(image.detections.begin(), image.detections.end(), [](const Detection& a, const Detection& b) {
      return a.class_index != b.class_index ? a.class_index < b.class_index : a.score > b.score;
    });
    std::vector<Box> boxes;
    std::vector<int32_t> classes, proposals;
    std::vector<float> scores;
    for (const Detection& detection : image.detections) {
      if (detection.class_index < 0 || detection.class_index >= static_cast<int32_t>(class_names.size())) {
        fail_data(target + ": detections/class", fmt::format("0..{}", static_cast<int64_t>(class_names.size()) - 1),
                  std::to_string(detection.class_index));
      }
      boxes.push_back(detection.box);
      classes.push_back(detection.class_index);
      scores.push_back(detection.score);
      proposals.push_back(detection.proposal);
    }
    rows.add(image.image_id, image.height, image.width, boxes);
    const auto count = static_cast<int64_t>(boxes.size());
    writer.append_rows<int32_t>("detections/class", count, classes);
    writer.append_rows<float>("detections/score", count, scores);
    writer.append_rows<int32_t>("detections/proposal", count, proposals);
  }

  std::string target;
  std::vector<std::string> class_names;
  H5Writer writer;
  RegionRowsWriter rows;
};

DetectionsWriter::DetectionsWriter(const std::string& target, RootAttributes root, std::vector<std::string> class_names,
                                   WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(class_names), options)) {}
DetectionsWriter::~DetectionsWriter() = default;
DetectionsWriter::DetectionsWriter(DetectionsWriter&&) noexcept = default;
DetectionsWriter& DetectionsWriter::operator=(DetectionsWriter&&) noexcept = default;

void DetectionsWriter::add(ImageDetections detections) { state_->add(std::move(detections)); }
int64_t DetectionsWriter::images() const { return state_->rows.images(); }

std::string DetectionsWriter::finish() {
  state_->rows.finish();
  state_->writer.write_strings("class_names", state_->class_names, "class");
  return state_->writer.finish();
}

DetectionSet read_detections(const std::string& path) {
  const H5Reader reader = H5Reader::open(path, kSchema);
  const RegionRows rows(reader, "detections");
  DetectionSet set;
  set.attributes = reader.attributes();
  set.class_names = reader.read_strings("class_names");
  check_unique(set.class_names, reader.place("class_names"));
  const auto boxes = rows.boxes(reader, 0, rows.offsets.back());
  const auto classes = reader.read<int32_t>("detections/class");
  check_range<int32_t>(classes, 0, static_cast<int64_t>(set.class_names.size()), reader.place("detections/class"));
  const auto scores = reader.read<float>("detections/score");
  check_finite<float>(scores, std::array<int64_t, 1>{-1}, reader.place("detections/score"));
  std::vector<int32_t> proposals(classes.size(), -1);
  if (reader.has("detections/proposal")) {
    proposals = reader.read<int32_t>("detections/proposal");
    check_range<int32_t>(proposals, -1, -1, reader.place("detections/proposal"));
  }
  for (size_t i = 0; i < rows.ids.size(); ++i) {
    ImageDetections image{rows.ids[i], rows.sizes[i * 2], rows.sizes[i * 2 + 1], {}};
    for (auto r = static_cast<size_t>(rows.offsets[i]); r < static_cast<size_t>(rows.offsets[i + 1]); ++r) {
      image.detections.push_back({boxes[r], classes[r], scores[r], proposals[r]});
    }
    set.images.push_back(std::move(image));
  }
  return set;
}

}  // namespace fovea::io
