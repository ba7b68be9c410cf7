#include "systems/rcnn/show_units.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/error.h"
#include "base/memory.h"
#include "base/progress.h"
#include "base/text.h"
#include "data/warp.h"
#include "io/checks.h"
#include "io/features_file.h"
#include "nn/receptive_field.h"
#include "systems/rcnn/feature_extractor.h"
#include "systems/show_pictures.h"
#include "systems/rcnn/unit_explorer.h"
#include "train/model.h"

namespace fovea::rcnn {
namespace {

constexpr eval::Color kFieldColor{0xFF, 0xFF, 0xFF};

// What a column of the features is: a channel at a place of the layer's map, or a plain number.
struct UnitLayout {
  int64_t channels = 0, height = 1, width = 1;  // of one crop's features
  std::optional<nn::ReceptiveField> field;      // of an unaveraged map

  int64_t positions() const { return height * width; }
  int64_t part() const { return channels * positions(); }
};

UnitLayout unit_layout(train::Model& model, const FeatureConfig& config) {
  const NoGrad no_grad;
  const int64_t crop = config.crop;
  const Tensor probe = Tensor::zeros({1, crop, crop, model.preprocess.channels});
  const Shape shape = model.network.forward_to(config.layer, Var(probe), nn::PassContext::inference()).value().shape();
  if (shape.rank() != 4) return {shape.count(), 1, 1, {}};
  if (config.grid > 0) return {shape[3], config.grid, config.grid, {}};
  return {shape[3], shape[1], shape[2], nn::receptive_field(model.network.text(), config.layer)};
}

// The region as the network saw it, as a picture again.
io::Picture crop_of(const data::PixelView& pixels, const Box& box, const data::Preprocess& preprocess,
                    const data::WarpConfig& warp) {
  const int64_t channels = preprocess.channels;
  std::vector<float> input(static_cast<size_t>(preprocess.height * preprocess.width * channels));
  data::warp_region(pixels, box, preprocess, warp, false, input.data());
  const auto pick = [](const std::vector<float>& list, int64_t c, float otherwise) {
    return list.empty() ? otherwise : list.size() == 1 ? list[0] : list[static_cast<size_t>(c)];
  };
  io::Picture picture{preprocess.height, preprocess.width, channels, {}};
  picture.pixels.resize(input.size());
  const float range = preprocess.threshold >= 0 ? 255.0F : 1.0F;
  for (size_t i = 0; i < input.size(); ++i) {
    const auto c = static_cast<int64_t>(i) % channels;
    const float value = (input[i] * pick(preprocess.stddev, c, 1) + pick(preprocess.mean, c, 0)) * range;
    const auto to = i + static_cast<size_t>(preprocess.bgr && channels == 3 ? channels - 1 - 2 * c : 0);
    picture.pixels[to] = static_cast<uint8_t>(std::lround(std::clamp(value, 0.0F, 255.0F)));
  }
  return picture;
}

class UnitSheet {
 public:
  UnitSheet(const DetectShowOptions& options, train::Model& model)
      : options_(options),
        features_(options.file),
        shelf_(options.shown.inputs),
        config_(parse_feature_config(features_.layout().preprocess_json, options.file + ": preprocess")),
        preprocess_(model.preprocess) {
    io::check_partner(options.file, "network", features_.layout().network_hash, model.hash);
    if (config_.crop < 1 || features_.layout().layer != config_.layer)
      fail_data(options.file + ": preprocess", "crop and layer of these features", features_.layout().preprocess_json);
    data::check_warp(config_.warp, config_.crop);
    preprocess_.height = preprocess_.width = config_.crop;
    layout_ = unit_layout(model, config_);
    const int64_t expected = layout_.part() * (config_.region == RegionKind::kFullFg ? 2 : 1);
    if (features_.layout().dimension != expected) {
      fail_data(options.file + ": features", fmt::format("{} columns", expected),
                std::to_string(features_.layout().dimension));
    }
    for (int64_t image = 0; image < features_.count(); ++image) {
      if (shelf_.find(features_.image_ids()[static_cast<size_t>(image)]) >= 0) images_.push_back(image);
    }
    if (images_.empty()) fail_data(options.file + ": image_id", "an image of " + shelf_.source().name(), "none");
  }

  eval::Sheet draw() {
    for (const int64_t unit : options_.units) {
      if (unit >= features_.layout().dimension)
        fail(ErrorKind::kUsage, "--units: expected 0..{}, found {}", features_.layout().dimension - 1, unit);
    }
    std::vector<int64_t> units = options_.units;
    if (units.empty()) units = most_excited_units(collect({}).maxima(), layout_.positions(), options_.rows);
    if (units.empty()) fail_data(options_.file + ": features", "a unit above 0", "none");
    const UnitCollector found = collect(units);
    eval::Sheet sheet;
    sheet.title = options_.shown.title;
    sheet.cell_width = sheet.cell_height = 112;
    sheet.text_size = 11;
    sheet.line_width = 0.8;
    sheet.columns = static_cast<int>(options_.shown.columns > 0 ? std::min(options_.shown.columns, options_.crops)
                                                                : options_.crops);
    for (size_t i = 0; i < units.size(); ++i) add_row(sheet, found, i);
    return sheet;
  }

 private:
  UnitCollector collect(const std::vector<int64_t>& units) {
    UnitCollector collector(units, features_.layout().dimension, {options_.keep, options_.nms});
    Progress progress("units", "image", static_cast<int64_t>(images_.size()));
    for (size_t i = 0; i < images_.size(); ++i) {
      const io::RegionList regions = features_.read_regions(images_[i]);
      require_memory(
          checked_multiply(static_cast<int64_t>(regions.boxes.size()), features_.layout().dimension * 4, "features"),
          "features of " + printable(regions.image_id));
      const std::vector<float> rows = features_.read_features(images_[i]);
      // True boxes of a training file are no proposals.
      const auto first = static_cast<size_t>(
          std::count_if(regions.objects.begin(), regions.objects.end(), [](int32_t o) { return o >= 0; }));
      collector.add(images_[i], std::span(regions.boxes).subspan(first),
                    std::span(rows).subspan(first * static_cast<size_t>(features_.layout().dimension)));
      progress.update(static_cast<int64_t>(i) + 1);
    }
    return collector;
  }

  std::string row_title(int64_t unit, float largest) const {
    const int64_t own = unit % layout_.part();
    std::string text = fmt::format("{} unit {}", config_.layer, unit);
    if (layout_.positions() > 1) {
      const int64_t position = own % layout_.positions();
      text += fmt::format(": channel {}, y {}, x {}", own / layout_.positions(), position / layout_.width,
                          position % layout_.width);
    }
    if (unit >= layout_.part()) text += ", foreground";
    return text + fmt::format("; 1.00 = {:.4g}", largest);
  }

  // Where the unit looks: its receptive field in the crop.
  std::optional<eval::OverlayBox> field_box(int64_t unit) const {
    if (!layout_.field) return std::nullopt;
    const int64_t position = unit % layout_.part() % layout_.positions();
    const int64_t y = position / layout_.width, x = position % layout_.width;
    const auto edge = [&](int64_t at) { return static_cast<float>(std::clamp<int64_t>(at, 0, config_.crop - 1)); };
    const nn::ReceptiveField& field = *layout_.field;
    const Box box{edge(field.x.low + x * field.x.stride), edge(field.y.low + y * field.y.stride),
                  edge(field.x.high + x * field.x.stride), edge(field.y.high + y * field.y.stride)};
    return eval::OverlayBox{box, kFieldColor};
  }

  void add_row(eval::Sheet& sheet, const UnitCollector& found, size_t i) {
    const int64_t unit = found.units()[i], channel = unit / layout_.positions();
    // Activations are relative to the largest of all positions of the channel.
    const auto first = found.maxima().begin() + channel * layout_.positions();
    const float largest = *std::max_element(first, first + layout_.positions());
    const std::vector<UnitHit> hits = found.hits(i);
    const int64_t rows = (options_.crops + sheet.columns - 1) / sheet.columns;
    sheet.row_titles.resize(sheet.cells.size() / static_cast<size_t>(sheet.columns));
    sheet.row_titles.push_back(row_title(unit, largest));
    for (int64_t cell = 0; cell < rows * sheet.columns; ++cell) {
      eval::Overlay overlay;
      if (cell < options_.crops && cell < static_cast<int64_t>(hits.size())) {
        const UnitHit& hit = hits[static_cast<size_t>(cell)];
        const std::string& id = features_.image_ids()[static_cast<size_t>(hit.image)];
        overlay.picture = crop_of(shelf_.source().pixels(shelf_.find(id)), hit.box, preprocess_, config_.warp);
        overlay.caption = fmt::format("{:.2f}  {}", hit.activation / largest, caption_of(id));
        if (const auto field = field_box(unit)) overlay.boxes.push_back(*field);
      }
      sheet.cells.push_back(std::move(overlay));
    }
  }

  const DetectShowOptions& options_;
  io::RegionFeaturesReader features_;
  PictureShelf shelf_;
  FeatureConfig config_;
  data::Preprocess preprocess_;
  UnitLayout layout_;
  std::vector<int64_t> images_;
};

}  // namespace

int show_units(const DetectShowOptions& options, const cli::Invocation& invocation) {
  if (options.model.empty()) fail(ErrorKind::kUsage, "--what units: expected --model, found nothing");
  train::Model model = train::load_model(options.model);
  UnitSheet sheet(options, model);
  write_shown(sheet.draw(), options.shown, invocation);
  return 0;
}

}  // namespace fovea::rcnn
