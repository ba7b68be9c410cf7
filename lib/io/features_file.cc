#include "io/features_file.h"

#include <algorithm>
#include <array>

#include "base/error.h"
#include "base/memory.h"
#include "io/checks.h"
#include "io/h5_reader.h"
#include "io/region_rows.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.features";

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

}  // namespace

struct RegionFeaturesWriter::State {
  State(const std::string& target, RootAttributes root, FeaturesLayout given, WriterOptions options)
      : layout(std::move(given)),
        writer(target, with_schema(std::move(root)), options),
        rows(writer, "regions", target) {
    writer.create_rows("regions/object", ElementType::kI32, {}, "region");
    writer.create_rows("features", layout.element, std::array<int64_t, 1>{layout.dimension}, "region,feature");
  }

  FeaturesLayout layout;
  H5Writer writer;
  RegionRowsWriter rows;
};

RegionFeaturesWriter::RegionFeaturesWriter(const std::string& target, RootAttributes root, FeaturesLayout layout,
                                           WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
RegionFeaturesWriter::~RegionFeaturesWriter() = default;
RegionFeaturesWriter::RegionFeaturesWriter(RegionFeaturesWriter&&) noexcept = default;
RegionFeaturesWriter& RegionFeaturesWriter::operator=(RegionFeaturesWriter&&) noexcept = default;

void RegionFeaturesWriter::add(const RegionList& regions, std::span<const float> features) {
  const auto count = static_cast<int64_t>(regions.boxes.size());
  FOVEA_CHECK(static_cast<int64_t>(features.size()) == count * state_->layout.dimension, "{} values", features.size());
  state_->rows.add(regions.image_id, regions.height, regions.width, regions.boxes);
  std::vector<int32_t> objects = regions.objects;
  objects.resize(regions.boxes.size(), -1);
  state_->writer.append_rows<int32_t>("regions/object", count, objects);
  if (state_->layout.element == ElementType::kF32) {
    state_->writer.append_rows<float>("features", count, features);
    return;
  }
  std::vector<Half> halves(features.size());
  std::transform(features.begin(), features.end(), halves.begin(),
                 [](float value) { return Half{float_to_half(value)}; });
  const auto wrong = std::find_if_not(halves.begin(), halves.end(), is_finite);
  if (wrong != halves.end()) {
    const float value = features[static_cast<size_t>(wrong - halves.begin())];
    throw Error(ErrorKind::kData,
                fmt::format("features of {}: expected at most 65504 in float16, found {}", regions.image_id, value),
                "store them as f32");
  }
  state_->writer.append_rows<Half>("features", count, halves);
}

int64_t RegionFeaturesWriter::images() const { return state_->rows.images(); }
int64_t RegionFeaturesWriter::regions() const { return state_->rows.regions(); }

std::string RegionFeaturesWriter::finish() {
  state_->rows.finish();
  state_->writer.set_attribute("/", "layer", state_->layout.layer);
  state_->writer.set_attribute("/", "network_hash", state_->layout.network_hash);
  state_->writer.set_attribute("/", "preprocess", state_->layout.preprocess_json);
  return state_->writer.finish();
}

struct RegionFeaturesReader::State {
  explicit State(const std::string& path) : reader(open(path)), rows(reader, "regions") {
    const auto extents = reader.extents("features");
    if (extents.size() != 2) fail_data(reader.place("features"), "float32 (R,D)", reader.describe("features"));
    layout.dimension = extents[1];
    layout.element = reader.type("features");
    const auto text = [&](const char* name) {
      return reader.has_attribute("/", name) ? reader.attribute_text("/", name) : "";
    };
    layout.layer = text("layer");
    layout.network_hash = text("network_hash");
    layout.preprocess_json = text("preprocess");
    if (reader.has("regions/object")) {
      objects = reader.read<int32_t>("regions/object");
      check_range<int32_t>(objects, -1, -1, reader.place("regions/object"));
    }
  }

  static H5Reader open(const std::string& path) {
    H5Reader reader = H5Reader::open(path, kSchema);
    for (const char* part : {"image_id", "image_size", "regions/offsets", "regions/box"}) {
      if (!reader.has(part))
        fail_data(reader.place(part), "a dataset: features of regions", "nothing", "rcnn-detect features makes them");
    }
    return reader;
  }

  std::pair<int64_t, int64_t> range(int64_t image) const {
    FOVEA_CHECK(image >= 0 && image < rows.images(), "image {} of {}", image, rows.images());
    return {rows.offsets[static_cast<size_t>(image)], rows.offsets[static_cast<size_t>(image) + 1]};
  }

  H5Reader reader;
  RegionRows rows;
  FeaturesLayout layout;
  std::vector<int32_t> objects;
};

RegionFeaturesReader::RegionFeaturesReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
RegionFeaturesReader::~RegionFeaturesReader() = default;
RegionFeaturesReader::RegionFeaturesReader(RegionFeaturesReader&&) noexcept = default;
RegionFeaturesReader& RegionFeaturesReader::operator=(RegionFeaturesReader&&) noexcept = default;

const std::string& RegionFeaturesReader::path() const { return state_->reader.path(); }
const RootAttributes& RegionFeaturesReader::attributes() const { return state_->reader.attributes(); }
const FeaturesLayout& RegionFeaturesReader::layout() const { return state_->layout; }
int64_t RegionFeaturesReader::count() const { return state_->rows.images(); }
int64_t RegionFeaturesReader::region_count() const { return state_->rows.offsets.back(); }
const std::vector<std::string>& RegionFeaturesReader::image_ids() const { return state_->rows.ids; }
int64_t RegionFeaturesReader::find(const std::string& image_id) const { return state_->rows.find(image_id); }

int64_t RegionFeaturesReader::regions_of(int64_t image) const {
  const auto [begin, end] = state_->range(image);
  return end - begin;
}

RegionList RegionFeaturesReader::read_regions(int64_t image) const {
  const auto [begin, end] = state_->range(image);
  const auto i = static_cast<size_t>(image);
  RegionList list{state_->rows.ids[i],
                  state_->rows.sizes[i * 2],
                  state_->rows.sizes[i * 2 + 1],
                  state_->rows.boxes(state_->reader, begin, end),
                  {}};
  if (state_->objects.empty()) {
    list.objects.assign(list.boxes.size(), -1);
  } else {
    list.objects.assign(state_->objects.begin() + begin, state_->objects.begin() + end);
  }
  return list;
}

void RegionFeaturesReader::read_features(int64_t image, std::span<float> out) const {
  const auto [begin, end] = state_->range(image);
  if (state_->layout.element == ElementType::kF16) {
    std::vector<Half> halves(out.size());
    state_->reader.read_rows<Half>("features", begin, end, halves);
    std::transform(halves.begin(), halves.end(), out.begin(), [](Half half) { return half_to_float(half.bits); });
  } else {
    state_->reader.read_rows<float>("features", begin, end, out);
  }
  check_finite<float>(out, std::array<int64_t, 2>{-1, state_->layout.dimension}, state_->reader.place("features"),
                      begin);
}

std::vector<float> RegionFeaturesReader::read_features(int64_t image) const {
  const std::string place = state_->reader.place("features");
  state_->reader.require_stored("features");
  const int64_t values = checked_multiply(regions_of(image), state_->layout.dimension, place);
  require_memory(checked_multiply(values, 4, place), place);
  std::vector<float> features(static_cast<size_t>(values));
  read_features(image, features);
  return features;
}

}  // namespace fovea::io
