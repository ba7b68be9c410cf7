// rcnn-detect show: options, and --what boxes.
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "io/detections_file.h"
#include "systems/show_pictures.h"
#include "systems/rcnn/show_units.h"
#include "systems/rcnn/truth.h"

namespace fovea::rcnn {
namespace {

eval::Color class_color(int32_t class_index) { return eval::hue(class_index % eval::kHueCount); }

constexpr double kFoundOverlap = 0.5;  // VOC: an object that a detection overlaps by this much is found

// True boxes of one image that the detections shown miss are labelled so.
void add_truth(eval::Overlay& overlay, const io::ImageDetections& found, const Truth& truth,
               const std::vector<std::string>& classes, double threshold) {
  for (const TrueObject& object : truth.of(found.image_id)) {
    const std::string& name = truth.classes[static_cast<size_t>(object.class_index)];
    const auto at = std::find(classes.begin(), classes.end(), name);
    const auto class_index = static_cast<int32_t>(at - classes.begin());
    const bool is_found = std::any_of(found.detections.begin(), found.detections.end(), [&](const io::Detection& d) {
      return d.class_index == class_index && d.score > threshold && iou(d.box, object.box) >= kFoundOverlap;
    });
    const std::string label = is_found ? "" : name + (object.difficult ? " (difficult)" : " (missed)");
    overlay.boxes.push_back({object.box, at == classes.end() ? eval::kInk : class_color(class_index), label, true});
  }
}

eval::Overlay draw_detections(const io::ImageDetections& found, io::Picture picture,
                              const std::vector<std::string>& classes, const Truth* truth, double threshold) {
  eval::Overlay overlay{std::move(picture), {}, caption_of(found.image_id)};
  if (truth != nullptr) add_truth(overlay, found, *truth, classes, threshold);
  std::vector<const io::Detection*> shown;
  for (const io::Detection& d : found.detections) {
    if (d.score > threshold) shown.push_back(&d);
  }
  std::stable_sort(shown.begin(), shown.end(), [](const auto* a, const auto* b) { return a->score < b->score; });
  for (const io::Detection* d : shown) {
    const std::string label = fmt::format("{} {:.2f}", classes[static_cast<size_t>(d->class_index)], d->score);
    overlay.boxes.push_back({d->box, class_color(d->class_index), label});
  }
  return overlay;
}

int show_boxes(const DetectShowOptions& options, const cli::Invocation& invocation) {
  if (options.truth && options.shown.inputs.images.empty())
    fail(ErrorKind::kUsage, "--truth: needs --images with labelled objects");
  const io::DetectionSet set = io::read_detections(options.file);
  std::unordered_map<std::string, int64_t> index;
  for (size_t i = 0; i < set.images.size(); ++i) index.emplace(set.images[i].image_id, static_cast<int64_t>(i));
  const PictureShelf shelf(options.shown.inputs);
  std::optional<Truth> truth;
  if (options.truth) truth = read_truth(options.shown.inputs.images);
  std::vector<eval::Overlay> overlays;
  const auto find = [&](const std::string& id) {
    const auto found = index.find(id);
    return found == index.end() ? int64_t{-1} : found->second;
  };
  for (const ShownPicture& shown : choose_pictures(shelf, options.shown, options.file, find)) {
    const io::ImageDetections& found = set.images[static_cast<size_t>(shown.entry)];
    io::Picture picture = shelf.picture(shown.item, found.height, found.width, options.file);
    overlays.push_back(
        draw_detections(found, std::move(picture), set.class_names, truth ? &*truth : nullptr, options.threshold));
  }
  write_shown(picture_sheet(std::move(overlays), options.shown), options.shown, invocation);
  return 0;
}

}  // namespace

void declare_detect_show(cli::OptionTable& table, DetectShowOptions& options) {
  table.operand("FILE", options.file, "Detections; with --what units region features.").is_input_path();
  declare_picture_inputs(table, options.shown.inputs);
  table.group("Drawing");
  table.add("what", options.what, "KIND", "Detections, or what excites units of the network.")
      .choices({"boxes", "units"});
  declare_chosen_pictures(table, options.shown);
  for (const char* name : {"id", "count"}) table.find(name)->only_with("what", {"boxes"});
  table.add("threshold", options.threshold, "Z", "Draw detections that score above this.")
      .range(-1e9, 1e9)
      .source("[ours]")
      .only_with("what", {"boxes"});
  table.add("truth", options.truth, "Add the true boxes of --images, dashed.").only_with("what", {"boxes"});
  table.group("Units");
  table.add("model", options.model, "FILE", "The network that made the features.")
      .is_input_path()
      .only_with("what", {"units"});
  table.add("units", options.units, "LIST", "Columns of the features.")
      .at_least(0)
      .source("[ours]")
      .default_text("the most excited ones")
      .only_with("what", {"units"});
  table.add("rows", options.rows, "N", "Without --units: how many, each of another channel.")
      .range(1, 64)
      .source("[paper §3.1]")
      .only_with("what", {"units"});
  table.add("crops", options.crops, "N", "Regions drawn for each unit.")
      .range(1, 256)
      .source("[paper §3.1]")
      .only_with("what", {"units"});
  table.add("keep", options.keep, "N", "Best regions of a unit kept while reading.")
      .range(1, 1000000)
      .source("[R-CNN code]")
      .only_with("what", {"units"});
  table.add("nms", options.nms, "IOU", "Drop regions that overlap a better one by more.")
      .range(0, 1)
      .source("[R-CNN code]")
      .only_with("what", {"units"});
  declare_sheet(table, options.shown);
}

int detect_show(const DetectShowOptions& options, const cli::Invocation& invocation) {
  probe_sheet(options.shown, invocation);
  return options.what == "units" ? show_units(options, invocation) : show_boxes(options, invocation);
}

}  // namespace fovea::rcnn
