// rcnn-propose convert: published boxes (.mat, text) -> fovea.proposals, and fovea.proposals -> text.
#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <unordered_map>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "base/text.h"
#include "data/nms.h"
#include "data/text_lines.h"
#include "eval/table.h"
#include "io/mat5.h"
#include "io/proposals_file.h"
#include "systems/rcnn/convert_parts.h"
#include "systems/run_record.h"

namespace fovea::rcnn {
namespace {

constexpr int64_t kMaxSide = int64_t{1} << 24;

// Sizes of pictures by id.
class Sizes {
 public:
  explicit Sizes(const ProposeConvertOptions& options) : name_(base_name(options.images)) {
    if (!options.images.empty()) {
      images_.emplace(options.images);
    } else if (options.size.empty()) {
      fail(ErrorKind::kUsage, "--from {}: expected --images or --size, found neither", options.from);
    } else {
      const std::vector<std::string> sides = split(options.size, 'x');
      const auto height = parse_int(sides[0]), width = parse_int(sides.back());
      if (sides.size() != 2 || !height || !width || *height < 1 || *width < 1 || *height > kMaxSide ||
          *width > kMaxSide) {
        fail(ErrorKind::kUsage, "--size: expected HxW, found '{}'", printable(options.size));
      }
      fixed_ = {static_cast<int32_t>(*height), static_cast<int32_t>(*width)};
    }
  }

  std::pair<int32_t, int32_t> of(const std::string& id, const std::string& place) const {
    if (!images_) return fixed_;
    const int64_t position = images_->find(id);
    if (position < 0) fail_data(place, "ids of " + name_, "'" + printable(id) + "'");
    return images_->size(position);
  }
  const std::optional<ImageIndex>& images() const { return images_; }

 private:
  std::string name_;
  std::optional<ImageIndex> images_;
  std::pair<int32_t, int32_t> fixed_{};
};

std::vector<Box> boxes_of(const io::MatArray& array, const ProposeConvertOptions& options, const std::string& place) {
  if (array.kind != io::MatKind::kNumeric)
    fail_data(place, "N x 4 numbers", std::string(io::mat_kind_name(array.kind)));
  if (array.count() == 0) return {};
  if (array.extents.size() != 2 || array.extents[1] != 4) {
    std::vector<std::string> extents;
    for (const int64_t extent : array.extents) extents.push_back(std::to_string(extent));
    fail_data(place, "N x 4 numbers", join(extents, " x "));
  }
  const bool y_first = options.order.starts_with("yxyx");
  const int base = options.order.ends_with("1") ? 1 : 0;
  const int64_t rows = array.extents[0];
  std::vector<Box> boxes;
  for (int64_t row = 0; row < rows; ++row) {
    std::array<float, 4> corner{};
    for (int64_t column = 0; column < 4; ++column) {
      const double value = array.values[static_cast<size_t>(column * rows + row)];
      if (!std::isfinite(value))
        fail_data(fmt::format("{}({},{})", place, row + 1, column + 1), "a finite number", format_number(value));
      corner[static_cast<size_t>(column)] = data::float_of(value - base, place);
    }
    if (y_first) {
      boxes.push_back({corner[1], corner[0], corner[3], corner[2]});
    } else {
      boxes.push_back({corner[0], corner[1], corner[2], corner[3]});
    }
  }
  return boxes;
}

// 000004_boxes.mat -> 000004
std::string id_of_file(const std::string& path) {
  std::string stem = base_name(path);
  if (stem.ends_with(".mat")) stem.resize(stem.size() - 4);
  if (stem.size() > 6 && stem.ends_with("_boxes")) stem.resize(stem.size() - 6);
  return stem;
}

std::vector<std::string> ids_of(const io::MatFile& file, int64_t count, const ProposeConvertOptions& options,
                                const Sizes& sizes) {
  std::vector<std::string> ids;
  if (const io::MatArray* names = file.find(options.ids)) {
    const std::string place = file.origin + ": " + options.ids;
    if (names->kind != io::MatKind::kCell)
      fail_data(place, "a cell array of ids", std::string(io::mat_kind_name(names->kind)));
    for (const io::MatArray& item : names->items) {
      if (item.kind != io::MatKind::kChar || item.rows.size() != 1) {
        fail_data(place, "ids as text", std::string(io::mat_kind_name(item.kind)));
      }
      ids.push_back(item.rows[0]);
    }
  } else if (sizes.images()) {
    ids = sizes.images()->reader.set().ids;  // in the order of the list that the boxes were made for
  } else {
    file.variable(options.ids);  // throws, naming what there is
  }
  if (static_cast<int64_t>(ids.size()) != count) {
    fail_data(file.origin, fmt::format("as many ids as images, {}", count), std::to_string(ids.size()));
  }
  return ids;
}

void read_mat(const std::string& path, const ProposeConvertOptions& options, const Sizes& sizes,
              std::vector<io::ImageProposals>& all) {
  io::MatFile file = io::read_mat5(path, {options.boxes, options.ids});
  const io::MatArray& boxes = file.variable(options.boxes);
  const std::string place = path + ": " + options.boxes;
  const auto add = [&](const std::string& id, std::vector<Box> list) {
    const auto [height, width] = sizes.of(id, path);
    all.push_back({id, height, width, std::move(list), {}, {}});
  };
  if (boxes.kind != io::MatKind::kCell)
    return add(options.id.empty() ? id_of_file(path) : options.id, boxes_of(boxes, options, place));
  const std::vector<std::string> ids = ids_of(file, boxes.count(), options, sizes);
  for (size_t i = 0; i < ids.size(); ++i)
    add(ids[i], boxes_of(boxes.items[i], options, fmt::format("{}{{{}}}", place, i + 1)));
}

std::string unescape(std::string_view text) {
  std::string out;
  for (size_t i = 0; i < text.size(); ++i) {
    const char next = text[i] == '\\' && i + 1 < text.size() ? text[i + 1] : '\0';
    const bool escape = next == 't' || next == 'n' || next == '\\';
    out += !escape ? text[i] : next == 't' ? '\t' : next == 'n' ? '\n' : '\\';
    i += escape;
  }
  return out;
}

struct TextBoxes {
  std::vector<io::ImageProposals> images;
  std::unordered_map<std::string, size_t> positions;
  bool scores = false;
  int64_t lines = 0;
};

void read_tsv(const std::string& path, const Sizes& sizes, TextBoxes& all) {
  int64_t number = 0;
  for (const std::string& line : split(data::read_lines_of(path), '\n')) {
    ++number;
    const std::string_view trimmed = trim(line);
    if (trimmed.empty() || trimmed.front() == '#') continue;
    const std::string place = fmt::format("{}:{}", path, number);
    const std::vector<std::string> cells = split(trimmed, '\t');
    if (cells.size() != 5 && cells.size() != 6) {
      fail_data(place, "image_id, x1, y1, x2, y2 and perhaps a score between tabs",
                fmt::format("{} cells", cells.size()));
    }
    const bool scored = cells.size() == 6;
    if (all.lines++ == 0) all.scores = scored;
    if (scored != all.scores)
      fail_data(place, all.scores ? "a score like above" : "no score like above", scored ? "one" : "none");
    const std::string id = unescape(cells[0]);
    if (!is_valid_utf8(id)) fail_data(place, "an id in UTF-8", "'" + printable(id) + "'");
    const auto [position, is_new] = all.positions.emplace(id, all.images.size());
    if (is_new) {
      const auto [height, width] = sizes.of(id, place);
      all.images.push_back({id, height, width, {}, {}, {}});
    }
    io::ImageProposals& image = all.images[position->second];
    const auto corner = [&](size_t i) { return data::float_of(data::number_of(cells[i], place), place); };
    image.boxes.push_back({corner(1), corner(2), corner(3), corner(4)});
    if (scored) image.scores.push_back(corner(5));
  }
}

// Best first; boxes inside the picture.
data::BoxRepairs tidy(io::ImageProposals& image) {
  data::BoxRepairs repairs;
  std::vector<Box> boxes;
  std::vector<float> scores;
  std::vector<int64_t> order;
  for (size_t i = 0; i < image.boxes.size(); ++i) order.push_back(static_cast<int64_t>(i));
  if (!image.scores.empty()) order = data::by_decreasing_score(image.scores);
  for (const int64_t item : order) {
    const auto i = static_cast<size_t>(item);
    Box box = image.boxes[i];
    const data::BoxFate fate = data::repair_box(box, image.width, image.height);
    if (fate != data::BoxFate::kKept && repairs.count() == 0) {
      repairs.first = fmt::format("image {}: box {}", printable(image.image_id), i + 1);
    }
    repairs.clipped += fate == data::BoxFate::kClipped;
    repairs.dropped += fate == data::BoxFate::kDropped;
    if (fate == data::BoxFate::kDropped) continue;
    boxes.push_back(box);
    if (!image.scores.empty()) scores.push_back(image.scores[i]);
  }
  image.boxes = std::move(boxes);
  image.scores = std::move(scores);
  return repairs;
}

int import_boxes(const ProposeConvertOptions& options, const cli::Invocation& invocation) {
  probe_output(options.output, invocation.common.no_clobber);
  if (!options.id.empty() && options.inputs.size() > 1)
    fail(ErrorKind::kUsage, "--id: expected one input, found {}", options.inputs.size());
  const Sizes sizes(options);
  TextBoxes all;
  for (const std::string& input : options.inputs) {
    if (options.from == "mat")
      read_mat(input, options, sizes, all.images);
    else
      read_tsv(input, sizes, all);
  }
  if (all.images.empty()) fail_data(join(options.inputs, ", "), "boxes", "none");
  io::RootAttributes root = run_record(invocation);
  if (sizes.images()) root.inputs.push_back(file_record("images", options.images, sizes.images()->reader.attributes()));
  const std::string strategy =
      options.from == "mat" ? "imported from mat, order " + options.order : "imported from tsv";
  io::ProposalsWriter writer(options.output, std::move(root), {all.scores, false, strategy},
                             writer_options(invocation));
  data::BoxRepairs repairs;
  for (io::ImageProposals& image : all.images) {
    repairs.add(tidy(image));
    writer.add(image);
  }
  warn_of_repairs(options.output, repairs);
  const int64_t regions = writer.regions();
  const std::string hash = writer.finish();
  log::info("{}: {} boxes in {} images, content hash {}", options.output, regions, all.images.size(), hash);
  return 0;
}

int export_boxes(const ProposeConvertOptions& options, const cli::Invocation& invocation) {
  if (options.inputs.size() != 1)
    fail(ErrorKind::kUsage, "--to tsv: expected one input, found {}", options.inputs.size());
  const io::ProposalsReader reader(options.inputs[0]);
  AtomicFile file(options.output, {invocation.common.no_clobber, 0});
  std::vector<eval::Column> columns{{"image_id"}, {"x1"}, {"y1"}, {"x2"}, {"y2"}};
  if (reader.has_scores()) columns.push_back({"score"});
  eval::TableWriter table(columns, eval::TableFormat::kTsv, [&](std::string_view line) { file.write(line); });
  for (int64_t i = 0; i < reader.count(); ++i) {
    const io::ImageProposals image = reader.read(i);
    for (size_t r = 0; r < image.boxes.size(); ++r) {
      const Box& box = image.boxes[r];
      std::vector<eval::Cell> row{image.image_id, box.x1, box.y1, box.x2, box.y2};
      if (reader.has_scores()) row.emplace_back(image.scores[r]);
      table.add(std::move(row));
    }
  }
  table.finish();
  file.commit();
  return 0;
}

}  // namespace

int propose_convert(const ProposeConvertOptions& options, const cli::Invocation& invocation) {
  if ((options.from == "fovea") == (options.to == "fovea")) {
    fail(ErrorKind::kUsage, "--from {} --to {}: expected exactly one of them to be fovea, found {}", options.from,
         options.to, options.from == "fovea" ? "both" : "neither");
  }
  return options.from == "fovea" ? export_boxes(options, invocation) : import_boxes(options, invocation);
}

}  // namespace fovea::rcnn
