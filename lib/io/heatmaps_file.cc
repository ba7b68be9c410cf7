#include "io/heatmaps_file.h"

#include <unordered_map>

#include "base/error.h"
#include "io/checks.h"
#include "io/h5_reader.h"

namespace fovea::io {

struct HeatMapsWriter::State {
  H5Writer writer;
  HeatMapsLayout layout;
  std::vector<std::string> ids;
};

HeatMapsWriter::HeatMapsWriter(const std::string& target, RootAttributes root, HeatMapsLayout layout,
                               WriterOptions options) {
  root.schema = "fovea.heatmaps";
  state_ = std::make_unique<State>(State{H5Writer(target, std::move(root), options), std::move(layout), {}});
  const HeatMapsLayout& l = state_->layout;
  const std::vector<int64_t> maps{static_cast<int64_t>(l.joint_names.size()), l.height, l.width};
  state_->writer.create_rows("detector", ElementType::kF32, maps, "person,joint,y,x");
  if (l.spatial) state_->writer.create_rows("spatial", ElementType::kF32, maps, "person,joint,y,x");
  if (l.torso)
    state_->writer.create_rows("torso", ElementType::kF32, std::vector<int64_t>{l.height, l.width}, "person,y,x");
  state_->writer.create_rows("affine", ElementType::kF64, std::vector<int64_t>{2, 3}, "person,(x,y),(x,y,1)");
}

HeatMapsWriter::~HeatMapsWriter() = default;

void HeatMapsWriter::add(const PersonHeatMaps& maps) {
  State& s = *state_;
  s.ids.push_back(maps.item_id);
  s.writer.append_rows<float>("detector", 1, maps.detector);
  if (s.layout.spatial) s.writer.append_rows<float>("spatial", 1, maps.spatial);
  if (s.layout.torso) s.writer.append_rows<float>("torso", 1, maps.torso);
  s.writer.append_rows<double>("affine", 1, std::span<const double>(maps.affine, 6));
}

std::string HeatMapsWriter::finish() {
  check_unique(state_->ids, "item_id");
  state_->writer.write_strings("item_id", state_->ids, "person");
  state_->writer.write_strings("joint_names", state_->layout.joint_names, "joint");
  return state_->writer.finish();
}

struct HeatMapsReader::State {
  H5Reader reader;
  HeatMapsLayout layout;
  std::vector<std::string> ids;
  std::vector<double> affine;
  std::unordered_map<std::string, int64_t> index;
};

HeatMapsReader::HeatMapsReader(const std::string& path)
    : state_(std::make_unique<State>(State{H5Reader::open(path, "fovea.heatmaps"), {}, {}, {}, {}})) {
  State& s = *state_;
  s.ids = s.reader.read_strings("item_id");
  check_unique(s.ids, path + ": item_id");
  for (size_t i = 0; i < s.ids.size(); ++i) s.index.emplace(s.ids[i], static_cast<int64_t>(i));
  s.layout.joint_names = s.reader.read_strings("joint_names");
  const auto extents = s.reader.extents("detector");
  s.layout.height = extents[2];
  s.layout.width = extents[3];
  s.layout.spatial = s.reader.has("spatial");
  s.layout.torso = s.reader.has("torso");
  s.affine = s.reader.read<double>("affine");
  check_finite<double>(s.affine, std::vector<int64_t>{count(), 2, 3}, path + ": affine");
}

HeatMapsReader::~HeatMapsReader() = default;
HeatMapsReader::HeatMapsReader(HeatMapsReader&&) noexcept = default;

const std::string& HeatMapsReader::path() const { return state_->reader.path(); }
const RootAttributes& HeatMapsReader::attributes() const { return state_->reader.attributes(); }
const HeatMapsLayout& HeatMapsReader::layout() const { return state_->layout; }
const std::vector<std::string>& HeatMapsReader::item_ids() const { return state_->ids; }
int64_t HeatMapsReader::count() const { return static_cast<int64_t>(state_->ids.size()); }
int64_t HeatMapsReader::find(const std::string& item_id) const {
  const auto found = state_->index.find(item_id);
  return found == state_->index.end() ? -1 : found->second;
}
std::span<const double> HeatMapsReader::affine(int64_t item) const { return {state_->affine.data() + 6 * item, 6}; }

std::vector<float> HeatMapsReader::read(const char* which, int64_t item) const {
  const auto extents = state_->reader.extents(which);
  int64_t count = 1;
  for (size_t i = 1; i < extents.size(); ++i) count *= extents[i];
  std::vector<float> out(static_cast<size_t>(count));
  state_->reader.read_rows<float>(which, item, item + 1, out);
  check_finite<float>(out, std::span(extents).subspan(1), state_->reader.place(which));
  return out;
}

}  // namespace fovea::io
