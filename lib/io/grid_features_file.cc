#include "io/grid_features_file.h"

#include <unordered_map>

#include "base/error.h"
#include "base/text.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.features";
constexpr int64_t kLargestGrid = 4096, kLargestDimension = int64_t{1} << 24;

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

}  // namespace

struct GridFeaturesWriter::State {
  State(const std::string& target, RootAttributes root, GridLayout given, WriterOptions options)
      : name(target), layout(std::move(given)), writer(target, with_schema(std::move(root)), options) {
    const std::array<int64_t, 2> item{layout.places(), layout.dimension};
    writer.create_rows("features", ElementType::kF32, item, "item,place,feature");
  }
  std::string name;
  GridLayout layout;
  H5Writer writer;
  std::vector<std::string> ids;
  std::unordered_map<std::string, bool> seen;
};

GridFeaturesWriter::GridFeaturesWriter(const std::string& target, RootAttributes root, GridLayout layout,
                                       WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
GridFeaturesWriter::~GridFeaturesWriter() = default;
GridFeaturesWriter::GridFeaturesWriter(GridFeaturesWriter&&) noexcept = default;
GridFeaturesWriter& GridFeaturesWriter::operator=(GridFeaturesWriter&&) noexcept = default;

void GridFeaturesWriter::add(const std::string& id, std::span<const float> features) {
  FOVEA_CHECK(static_cast<int64_t>(features.size()) == state_->layout.values(), "{} values", features.size());
  if (id.empty() || !state_->seen.emplace(id, true).second)
    fail_data(state_->name + ": item_id", "a name used once", "'" + printable(id) + "'");
  state_->ids.push_back(id);
  state_->writer.append_rows<float>("features", 1, features);
}

std::string GridFeaturesWriter::finish() {
  State& s = *state_;
  s.writer.write_strings("item_id", s.ids, "item");
  s.writer.set_attribute("features", "grid", std::vector<int32_t>{s.layout.grid[0], s.layout.grid[1]});
  s.writer.set_attribute("/", "layer", s.layout.layer);
  s.writer.set_attribute("/", "network_hash", s.layout.network_hash);
  s.writer.set_attribute("/", "preprocess", s.layout.preprocess_json);
  return s.writer.finish();
}

struct GridFeaturesReader::State {
  explicit State(const std::string& path) : reader(H5Reader::open(path, kSchema)) {
    const std::string hint = "caption-attend features makes them";
    const auto extents = reader.extents("features");
    if (extents.size() != 3 || !reader.has_attribute("features", "grid")) {
      fail_data(reader.place("features"), "float32 (R,L,D) with the attribute grid", reader.describe("features"), hint);
    }
    if (!reader.has("item_id")) fail_data(reader.place("item_id"), "a name for each item", "nothing", hint);
    const auto grid = reader.attribute_ints("features", "grid");
    if (grid.size() != 2 || grid[0] < 1 || grid[1] < 1 || grid[0] > kLargestGrid || grid[1] > kLargestGrid ||
        int64_t{grid[0]} * grid[1] != extents[1]) {
      fail_data(reader.place("features") + ": grid", fmt::format("rows x columns = {}", extents[1]),
                grid.size() == 2 ? fmt::format("{}x{}", grid[0], grid[1]) : "something else");
    }
    if (extents[2] < 1 || extents[2] > kLargestDimension)
      fail_data(reader.place("features"), fmt::format("1..{} features", kLargestDimension), std::to_string(extents[2]));
    layout.grid = {grid[0], grid[1]};
    layout.dimension = extents[2];
    const auto text = [&](const char* name) {
      return reader.has_attribute("/", name) ? reader.attribute_text("/", name) : "";
    };
    layout.layer = text("layer");
    layout.network_hash = text("network_hash");
    layout.preprocess_json = text("preprocess");
    ids = reader.read_strings("item_id");
    for (size_t i = 0; i < ids.size(); ++i) {
      if (ids[i].empty() || !index.emplace(ids[i], static_cast<int64_t>(i)).second) {
        fail_data(fmt::format("{}[{}]", reader.place("item_id"), i), "a name used once", "'" + printable(ids[i]) + "'");
      }
    }
    reader.require_stored("features");
  }
  H5Reader reader;
  GridLayout layout;
  std::vector<std::string> ids;
  std::unordered_map<std::string, int64_t> index;
};

GridFeaturesReader::GridFeaturesReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
GridFeaturesReader::~GridFeaturesReader() = default;
GridFeaturesReader::GridFeaturesReader(GridFeaturesReader&&) noexcept = default;
GridFeaturesReader& GridFeaturesReader::operator=(GridFeaturesReader&&) noexcept = default;

const std::string& GridFeaturesReader::path() const { return state_->reader.path(); }
const RootAttributes& GridFeaturesReader::attributes() const { return state_->reader.attributes(); }
const GridLayout& GridFeaturesReader::layout() const { return state_->layout; }
const std::vector<std::string>& GridFeaturesReader::ids() const { return state_->ids; }
int64_t GridFeaturesReader::count() const { return static_cast<int64_t>(state_->ids.size()); }

int64_t GridFeaturesReader::find(const std::string& id) const {
  const auto found = state_->index.find(id);
  return found == state_->index.end() ? -1 : found->second;
}

void GridFeaturesReader::read(int64_t item, std::span<float> out) const {
  FOVEA_CHECK(item >= 0 && item < count() && static_cast<int64_t>(out.size()) == state_->layout.values(),
              "item {} of {}", item, count());
  state_->reader.read_rows<float>("features", item, item + 1, out);
  check_finite<float>(out, std::array<int64_t, 3>{-1, state_->layout.places(), state_->layout.dimension},
                      state_->reader.place("features"), item);
}

}  // namespace fovea::io
