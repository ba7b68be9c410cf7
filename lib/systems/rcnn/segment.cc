// rcnn-detect segment: the options, and which of the two halves is meant.
#include "systems/rcnn/segment.h"

#include "base/error.h"
#include "systems/rcnn/segment_parts.h"

namespace fovea::rcnn {

void declare_segment(cli::OptionTable& table, SegmentOptions& options) {
  declare_picture_inputs(table, options.inputs);
  table.group("Regions");
  table.add("train", options.train, "Learn from regions with known labels.");
  table.add("model", options.model, "FILE", "The segmenter; with --train the features' network.")
      .required()
      .is_input_path();
  table.add("features", options.features, "FILE", "Region features instead of pictures.").is_input_path();
  table.add("proposals", options.proposals, "FILE", "Proposals with masks; without: selective search.").is_input_path();
  table.add("truth", options.truth, "FOLDER", "Label maps (ID.png) to learn from or compare with.")
      .completes(cli::Completion::kDirectory);
  table.add("precision", options.precision, "TYPE", "Arithmetic of conv and dense layers; bf16 needs a CPU with AMX.")
      .choices({"f32", "bf16"});
  table.add("batch", options.batch, "N", "Crops per network call.").range(1, 4096).source("[ours]");
  table.group("Training");
  table.add("classes", options.classes, "FILE", "Names of labels 0, 1, ..., one on each line.")
      .is_input_path()
      .only_with("train")
      .default_text("VOC's 20");
  table.add("cost", options.cost, "C", "Weight of the loss.").above(0).at_most(1e6).source("[ours]").only_with("train");
  table.add("epsilon", options.epsilon, "E", "Errors below this cost nothing.")
      .range(0, 1)
      .source("[ours]")
      .only_with("train");
  table.add("bias-feature", options.bias_feature, "B", "Value of the feature that stands for the bias.")
      .above(0)
      .at_most(1e6)
      .source("[R-CNN code]")
      .only_with("train");
  table.add("tolerance", options.tolerance, "T", "Relative duality gap at which a class is trained.")
      .above(0)
      .at_most(1)
      .source("[ours]")
      .only_with("train");
  table.add("max-epochs", options.max_epochs, "N", "Passes over the regions, at most.")
      .range(1, 1e6)
      .source("[ours]")
      .only_with("train");
  table.group("Label maps");
  table.add("background", options.background, "Z", "Paste regions whose predicted overlap is above.")
      .range(0, 1)
      .source("[ours]");
  declare_search(table, options.search, {"train", "proposals", "features"});
  for (const char* name : {"split", "limit", "skip-bad-images", "precision", "batch", "background"})
    table.find(name)->not_with("train");
  table.group("Output");
  table.output(options.output, "Folder for label maps; with --train the segmenter.");
}

int segment(const SegmentOptions& options, const cli::Invocation& invocation) {
  if (!options.train) return apply_segmenter(options, invocation);
  const PictureInputs& inputs = options.inputs;
  if (!inputs.pictures.empty() || !inputs.images.empty() || !inputs.list.empty()) {
    fail(ErrorKind::kUsage, "--train: expected no pictures beside --features");
  }
  return train_segmenter(options, invocation);
}

}  // namespace fovea::rcnn
