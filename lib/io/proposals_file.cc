#include "io/proposals_file.h"

#include <array>

#include "base/error.h"
#include "io/checks.h"
#include "io/h5_reader.h"
#include "io/region_rows.h"

namespace fovea::io {
namespace {

constexpr const char* kSchema = "fovea.proposals";

RootAttributes with_schema(RootAttributes root) {
  root.schema = kSchema;
  return root;
}

}  // namespace

void check_mask(const MaskRuns& runs, const Box& box, const std::string& place) {
  uint64_t total = 0;
  for (const uint32_t run : runs) total += run;
  if (static_cast<double>(total) != area(box)) {
    fail_data(place, fmt::format("runs of {} pixels, the area of the box", area(box)), std::to_string(total));
  }
}

struct ProposalsWriter::State {
  State(const std::string& target, RootAttributes root, ProposalsLayout given, WriterOptions options)
      : layout(std::move(given)),
        writer(target, with_schema(std::move(root)), options),
        rows(writer, "regions", target) {
    if (layout.scores) writer.create_rows("regions/score", ElementType::kF32, {}, "region");
    if (layout.masks) {
      writer.create_rows("masks/offsets", ElementType::kI64, {}, "region");
      writer.create_rows("masks/runs", ElementType::kU32, {}, "run");
      writer.append_rows<int64_t>("masks/offsets", 1, std::array<int64_t, 1>{0});
    }
  }

  void add(const ImageProposals& proposals) {
    const size_t count = proposals.boxes.size();
    FOVEA_CHECK(proposals.scores.size() == (layout.scores ? count : 0), "{} scores", proposals.scores.size());
    FOVEA_CHECK(proposals.masks.size() == (layout.masks ? count : 0), "{} masks", proposals.masks.size());
    rows.add(proposals.image_id, proposals.height, proposals.width, proposals.boxes);
    if (layout.scores) writer.append_rows<float>("regions/score", static_cast<int64_t>(count), proposals.scores);
    for (size_t i = 0; i < proposals.masks.size(); ++i) {
      const MaskRuns& runs = proposals.masks[i];
      check_mask(runs, proposals.boxes[i], proposals.image_id);
      writer.append_rows<uint32_t>("masks/runs", static_cast<int64_t>(runs.size()), runs);
      run_end += static_cast<int64_t>(runs.size());
      writer.append_rows<int64_t>("masks/offsets", 1, std::array<int64_t, 1>{run_end});
    }
  }

  ProposalsLayout layout;
  H5Writer writer;
  RegionRowsWriter rows;
  int64_t run_end = 0;
};

ProposalsWriter::ProposalsWriter(const std::string& target, RootAttributes root, ProposalsLayout layout,
                                 WriterOptions options)
    : state_(std::make_unique<State>(target, std::move(root), std::move(layout), options)) {}
ProposalsWriter::~ProposalsWriter() = default;
ProposalsWriter::ProposalsWriter(ProposalsWriter&&) noexcept = default;
ProposalsWriter& ProposalsWriter::operator=(ProposalsWriter&&) noexcept = default;

void ProposalsWriter::add(const ImageProposals& proposals) { state_->add(proposals); }
int64_t ProposalsWriter::images() const { return state_->rows.images(); }
int64_t ProposalsWriter::regions() const { return state_->rows.regions(); }

std::string ProposalsWriter::finish() {
  state_->rows.finish();
  if (!state_->layout.strategy.empty()) state_->writer.set_attribute("/", "strategy", state_->layout.strategy);
  return state_->writer.finish();
}

struct ProposalsReader::State {
  explicit State(const std::string& path) : reader(H5Reader::open(path, kSchema)), rows(reader, "regions") {
    if (reader.has_attribute("/", "strategy")) strategy = reader.attribute_text("/", "strategy");
    has_scores = reader.has("regions/score");
    if (!reader.has("masks/offsets")) return;
    if (!reader.has("masks/runs")) fail_data(reader.place("masks/runs"), "a dataset", "nothing");
    masks = reader.read<int64_t>("masks/offsets");
    check_offsets(masks, reader.extents("masks/runs")[0], reader.place("masks/offsets"));
  }

  std::vector<MaskRuns> read_masks(int64_t begin, const std::vector<Box>& boxes) const {
    std::vector<MaskRuns> all;
    for (size_t i = 0; i < boxes.size(); ++i) {
      const size_t region = static_cast<size_t>(begin) + i;
      MaskRuns runs(static_cast<size_t>(masks[region + 1] - masks[region]));
      reader.read_rows<uint32_t>("masks/runs", masks[region], masks[region + 1], runs);
      check_mask(runs, boxes[i], fmt::format("{}[{}]", reader.place("masks/runs"), region));
      all.push_back(std::move(runs));
    }
    return all;
  }

  H5Reader reader;
  RegionRows rows;
  std::string strategy;
  bool has_scores = false;
  std::vector<int64_t> masks;  // offsets, or empty
};

ProposalsReader::ProposalsReader(const std::string& path) : state_(std::make_unique<State>(path)) {}
ProposalsReader::~ProposalsReader() = default;
ProposalsReader::ProposalsReader(ProposalsReader&&) noexcept = default;
ProposalsReader& ProposalsReader::operator=(ProposalsReader&&) noexcept = default;

const std::string& ProposalsReader::path() const { return state_->reader.path(); }
const RootAttributes& ProposalsReader::attributes() const { return state_->reader.attributes(); }
const std::string& ProposalsReader::strategy() const { return state_->strategy; }
int64_t ProposalsReader::count() const { return state_->rows.images(); }
int64_t ProposalsReader::region_count() const { return state_->rows.offsets.back(); }
const std::vector<std::string>& ProposalsReader::image_ids() const { return state_->rows.ids; }
int64_t ProposalsReader::find(const std::string& image_id) const { return state_->rows.find(image_id); }
bool ProposalsReader::has_scores() const { return state_->has_scores; }
bool ProposalsReader::has_masks() const { return !state_->masks.empty(); }
int64_t ProposalsReader::first_region(int64_t image) const { return state_->rows.offsets[static_cast<size_t>(image)]; }

ImageProposals ProposalsReader::read(int64_t image, bool masks) const {
  FOVEA_CHECK(image >= 0 && image < count(), "image {} of {}", image, count());
  const auto i = static_cast<size_t>(image);
  const int64_t begin = first_region(image), end = first_region(image + 1);
  ImageProposals proposals;
  proposals.image_id = state_->rows.ids[i];
  proposals.height = state_->rows.sizes[i * 2];
  proposals.width = state_->rows.sizes[i * 2 + 1];
  proposals.boxes = state_->rows.boxes(state_->reader, begin, end);
  if (state_->has_scores) {
    proposals.scores.resize(proposals.boxes.size());
    state_->reader.read_rows<float>("regions/score", begin, end, proposals.scores);
    check_finite<float>(proposals.scores, std::array<int64_t, 1>{-1}, state_->reader.place("regions/score"), begin);
  }
  if (masks && has_masks()) proposals.masks = state_->read_masks(begin, proposals.boxes);
  return proposals;
}

}  // namespace fovea::io
