#include "systems/rcnn/eval_options.h"

namespace fovea::rcnn {
namespace {

template <typename Options>
void declare_truth(cli::OptionTable& table, Options& options) {
  table.group("Truth");
  table.add("truth", options.truth, "FILE", "Objects: a fovea.images file.").required().is_input_path();
  table.add("split", options.split, "NAME", "Which split, if the file has splits; empty: all.");
  table.add("count-difficult", options.count_difficult, "Difficult objects count like others.");
  table.add("listed-only", options.listed_only, "Leave out images that the measured file does not list.")
      .text("Otherwise the objects of such images count as missed, with a warning. For shards and partial runs.");
}

template <typename Options>
void declare_results(cli::OptionTable& table, Options& options, const char* require) {
  table.add("draw", options.draw, "FILE", "Draw what the report holds (.svg or .png).")
      .is_output_path()
      .no_effect_on_content();
  table.add("require", options.require, "TEST", require);
}

}  // namespace

void declare_detect_eval(cli::OptionTable& table, DetectEvalOptions& options) {
  table.operand("DETECTIONS", options.detections, "A fovea.detections file.");
  declare_truth(table, options);
  table.group("Matching");
  table.add("rule", options.rule, "RULE", "Whose rule matches detections with objects.")
      .choices({"voc", "ilsvrc", "coco"})
      .text(
          "voc: the object of largest IoU, taken or not; boxes on difficult objects are ignored. ilsvrc: free objects "
          "only, small ones with a lower threshold; no difficult objects. coco: free objects only, and the twelve "
          "COCO numbers besides the two APs at --iou.");
  table.add("iou", options.iou, "X", "Least IoU of a right detection.").range(0, 1).above(0).source("[paper §3]");
  table.add("blacklist", options.blacklist, "FILE", "Pairs of image and class to leave out, one a line.")
      .text("IMAGE is an id, or where there is no such id the place of the image in the truth file, from 1.")
      .is_input_path()
      .only_with("rule", {"ilsvrc"});
  table.group("Report");
  table.add("report", options.report, "KIND", "What is printed, and drawn by --draw.")
      .choices({"summary", "classes", "curves", "errors", "sensitivity"})
      .text(
          "summary: mean APs. classes: the APs of each class. curves: recall and precision at each detection. errors: "
          "shares of localisation, similar, other and background among the best false positives. sensitivity: "
          "normalised AP by size and aspect ratio of the objects.");
  declare_results(table, options, "Exit 1 unless the summary fulfils this, e.g. 'map>=0.75'.");
  table.add("similar", options.similar, "A+B", "Sets of classes that are taken for each other.")
      .default_text("those of VOC")
      .only_with("report", {"errors"});
  table.add("normal-positives", options.normal_positives, "N", "Positives of the normalised precision.")
      .range(0, 1e9)
      .above(0)
      .default_text("0.15 for each image")
      .source("[paper §3.4]")
      .only_with("report", {"sensitivity"});
}

void declare_propose_eval(cli::OptionTable& table, ProposeEvalOptions& options) {
  table.operand("PROPOSALS", options.proposals, "A fovea.proposals file.");
  declare_truth(table, options);
  table.group("Report");
  table.add("iou", options.iou, "X", "An object is covered if the IoU is above this.").range(0, 1).source("[ours]");
  table.add("counts", options.counts, "N", "How many of the best boxes of an image are taken.")
      .range(1, 1e9)
      .source("[ours]");
  table.add("report", options.report, "KIND", "What is printed, and drawn by --draw.")
      .choices({"summary", "classes", "curve"})
      .text(
          "summary: MABO and recall with all boxes. classes: the average best overlap and recall of each class. curve: "
          "the summary for each of --counts. Drawings of summary and curve show both.");
  declare_results(table, options, "Exit 1 unless the summary fulfils this, e.g. 'mabo>=0.8'.");
}

}  // namespace fovea::rcnn
