// rcnn-propose show
#include <algorithm>

#include "base/error.h"
#include "base/text.h"
#include "io/images_file.h"
#include "io/proposals_file.h"
#include "systems/rcnn/region_masks.h"
#include "systems/rcnn/region_pixels.h"
#include "systems/rcnn/show.h"
#include "systems/show_pictures.h"
#include "systems/rcnn/truth.h"

namespace fovea::rcnn {
namespace {

bool has_objects(const std::string& images) { return !images.empty() && io::ImagesReader(images).set().has_objects; }

std::vector<uint8_t> mask_of(const io::ImageProposals& proposals, size_t i) {
  return proposals.masks.empty() ? std::vector<uint8_t>{} : expand_mask(proposals.masks[i]);
}

// The best boxes, the first on top.
void add_top(eval::Overlay& overlay, const io::ImageProposals& proposals, int64_t top) {
  const size_t count = std::min(proposals.boxes.size(), static_cast<size_t>(top));
  for (size_t i = count; i-- > 0;) {
    eval::OverlayBox box{proposals.boxes[i], eval::hue(static_cast<int>(i % eval::kHueCount))};
    if (i < 9) box.label = std::to_string(i + 1);
    box.mask = mask_of(proposals, i);
    overlay.boxes.push_back(std::move(box));
  }
  overlay.caption += fmt::format(": {} of {} boxes", count, proposals.boxes.size());
}

// Each object (dashed) with the proposal that overlaps it best.
void add_objects(eval::Overlay& overlay, const io::ImageProposals& proposals, const Truth& truth) {
  const auto& objects = truth.of(proposals.image_id);
  double sum = 0;
  for (size_t o = 0; o < objects.size(); ++o) {
    const eval::Color color = eval::hue(static_cast<int>(o % eval::kHueCount));
    overlay.boxes.push_back({objects[o].box, color, "", true});
    double best = 0;
    size_t best_at = 0;
    for (size_t i = 0; i < proposals.boxes.size(); ++i) {
      const double overlap = iou(proposals.boxes[i], objects[o].box);
      if (overlap > best) best = overlap, best_at = i;
    }
    const std::string& name = truth.classes[static_cast<size_t>(objects[o].class_index)];
    sum += best;
    if (best == 0) {
      overlay.boxes.back().label = name + " missed";
      continue;
    }
    eval::OverlayBox found{proposals.boxes[best_at], color, fmt::format("{} {:.2f}", name, best)};
    found.mask = mask_of(proposals, best_at);
    overlay.boxes.push_back(std::move(found));
  }
  if (objects.empty()) {
    overlay.caption += ": no objects";
  } else {
    overlay.caption += fmt::format(": best of {} boxes, mean IoU {:.3f}", proposals.boxes.size(),
                                   sum / static_cast<double>(objects.size()));
  }
}

}  // namespace

void declare_propose_show(cli::OptionTable& table, ProposeShowOptions& options) {
  table.operand("PROPOSALS", options.proposals, "A file of rcnn-propose run.").is_input_path();
  declare_picture_inputs(table, options.shown.inputs);
  table.group("Drawing");
  declare_chosen_pictures(table, options.shown);
  table.add("what", options.what, "KIND", "The top boxes, or the best one of each object.")
      .choices({"auto", "top", "objects"})
      .text(
          "auto: objects if --images has labelled objects, else top. Objects are dashed; the label is the overlap "
          "(IoU).");
  table.add("top", options.top, "N", "How many boxes of an image are drawn.")
      .range(1, 10000)
      .source("[ours]")
      .only_with("what", {"auto", "top"});
  table.add("masks", options.masks, "Fill the regions; needs a file made with masks.");
  declare_sheet(table, options.shown);
}

int propose_show(const ProposeShowOptions& options, const cli::Invocation& invocation) {
  probe_sheet(options.shown, invocation);
  const std::string& images = options.shown.inputs.images;
  if (options.what == "objects" && images.empty())
    fail(ErrorKind::kUsage, "--what objects: needs --images with labelled objects");
  const io::ProposalsReader proposals(options.proposals);
  if (options.masks && !proposals.has_masks()) {
    throw Error(ErrorKind::kData, options.proposals + ": masks: expected region masks, found none",
                "rcnn-propose run --masks stores them");
  }
  const PictureShelf shelf(options.shown.inputs);
  std::optional<Truth> truth;
  if (options.what == "objects" || (options.what == "auto" && has_objects(images))) truth = read_truth(images);
  std::vector<eval::Overlay> overlays;
  const auto find = [&](const std::string& id) { return proposals.find(id); };
  for (const ShownPicture& shown : choose_pictures(shelf, options.shown, options.proposals, find)) {
    const io::ImageProposals found = proposals.read(shown.entry, options.masks);
    for (size_t i = 0; i < found.masks.size(); ++i) {
      check_mask_box(found.boxes[i], found.height, found.width,
                     options.proposals + ": regions/box of " + printable(found.image_id));
    }
    eval::Overlay overlay{
        shelf.picture(shown.item, found.height, found.width, options.proposals), {}, caption_of(found.image_id)};
    if (truth) {
      add_objects(overlay, found, *truth);
    } else {
      add_top(overlay, found, options.top);
    }
    overlays.push_back(std::move(overlay));
  }
  write_shown(picture_sheet(std::move(overlays), options.shown), options.shown, invocation);
  return 0;
}

}  // namespace fovea::rcnn
