// The options of all verbs but train.
#include "systems/bn/options.h"

namespace fovea::bn {
namespace {

void declare_images(cli::OptionTable& table, DataOptions& options, const char* split) {
  options.split = split;
  table.group("Data");
  table.add("data", options.data, "FILE", "Images: a fovea.images or fovea.adversarial file.")
      .required()
      .is_input_path();
  table.add("split", options.split, "NAME", "Which split, if the file has splits; empty: all.");
  table.add("limit", options.limit, "N", "Only the first N images; 0: all.").at_least(0).source("[ours]");
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
}

void declare_crops(cli::OptionTable& table, std::string& crops, int64_t& side, int64_t& batch, std::string& precision) {
  table.group("Network");
  table.add("crops", crops, "SCHEME", "Crops whose probabilities are averaged.")
      .choices({"center", "stretch", "10", "144"})
      .source("[paper §4.2.3]");
  table.add("resize-side", side, "N", "Shorter side before cropping; 0: the smallest that covers the input.")
      .range(0, 16384)
      .source("[ours]");
  table.add("batch", batch, "N", "Crops per network call.").range(1, 65536).no_effect_on_content().source("[ours]");
  table.add("precision", precision, "TYPE", "Arithmetic of conv and dense layers; bf16 needs a CPU with AMX.")
      .choices({"f32", "bf16"});
}

}  // namespace

void declare_eval(cli::OptionTable& table, EvalOptions& options) {
  table.operand("MODEL", options.models, "Checkpoints; several make an ensemble (mean of probabilities).", 1, -1);
  declare_images(table, options.data, "test");
  declare_crops(table, options.crops, options.resize_side, options.batch, options.precision);
  table.group("Report");
  table.add("require", options.require, "TEST", "Exit 1 unless the last row fulfils this, e.g. 'accuracy>=0.97'.");
  table.add("per-class", options.per_class, "Print precision and recall of each class instead.");
  table.add("confusion", options.confusion, "FILE", "Draw the confusion matrix (.svg or .png).").is_output_path();
}

void declare_predict(cli::OptionTable& table, PredictOptions& options) {
  table.operand("PICTURE", options.pictures, "JPEG or PNG files.", 0, -1);
  table.group("Data");
  table.add("model", options.models, "FILE", "Checkpoint; repeat for an ensemble.").required().is_input_path();
  table.add("data", options.data, "FILE", "A fovea.images file instead of pictures.").is_input_path();
  table.add("split", options.split, "NAME", "Which split of --data; empty: all.").only_with("data");
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.")
      .only_with("data");
  declare_crops(table, options.crops, options.resize_side, options.batch, options.precision);
  table.add("top", options.top, "N", "Classes to print for each picture.").range(1, 1000).source("[ours]");
}

void declare_recalibrate(cli::OptionTable& table, RecalibrateOptions& options) {
  table.operand("MODEL", options.model, "Checkpoint.");
  table.output(options.output, "Checkpoint with population statistics.").required();
  declare_images(table, options.data, "train");
  table.group("Statistics");
  table.add("batch", options.batch, "N", "Images per mini-batch: the training size.")
      .range(2, 65536)
      .source("[paper §4.1]");
  table.add("batches", options.batches, "N", "Mini-batches.")
      .range(0, 1e9)
      .default_text("one epoch, at most 1000")
      .source("[ours]");
}

void declare_fold(cli::OptionTable& table, FoldOptions& options) {
  table.operand("MODEL", options.model, "Checkpoint.");
  table.output(options.output, "Checkpoint without batch_norm layers, for inference.").required();
}

void declare_import(cli::OptionTable& table, ImportOptions& options) {
  table.operand("WEIGHTS", options.weights, "Caffe, Keras, ONNX, NumPy or HDF5 weights.");
  table.output(options.output, "Checkpoint to write.").required();
  table.group("Import");
  table.add("net", options.net, "NAME|FILE", "Network text whose layers the weights belong to.")
      .required()
      .completes(cli::Completion::kFile);
  table.add("labels", options.labels, "FILE", "Class names, one a line; a leading WordNet id is dropped.")
      .is_input_path();
  table.add("from", options.format, "FORMAT", "Format of the weights.")
      .choices({"auto", "caffe", "keras", "onnx", "npz", "h5"});
  table.add("rename", options.rename, "OLD=NEW,...",
            "Array names of the file, and what they are in the network (layer/weight).");
  table.add("resize", options.resize, "HOW", "How the model's pictures are fitted.").choices({"crop", "stretch"});
}

void declare_convert(cli::OptionTable& table, ConvertOptions& options) {
  table.operand("INPUT", options.inputs, "What to read; see --from.", 0, -1);
  table.output(options.output, "The fovea.images file; .npz or .ckpt.h5 for --from checkpoint.").required();
  table.group("Conversion");
  table.add("from", options.from, "FORMAT", "Kind of the input.")
      .choices({"mnist", "cifar10", "cifar100", "cifar100-coarse", "folder", "scenes", "checkpoint", "log"})
      .required()
      .text(
          "mnist: a folder with the four idx files, or an image file and its label file. cifar10, cifar100: record "
          "files. folder: FOLDER/<class>/*.jpg|png, or several such folders named after splits. scenes: generated "
          "pictures, no input. checkpoint: weights as .npz, or a model without training state as .h5. log: the "
          "training log of a checkpoint of any tool, or a --metrics file, as fovea.log.");
  table.add("split", options.split, "NAME", "Split of all images read.")
      .default_text("from the file names where they tell (train, t10k, test)");
  table.add("names", options.names, "FILE", "Class names, one a line.")
      .is_input_path()
      .only_with("from", {"mnist", "cifar10", "cifar100", "cifar100-coarse"});
  table
      .add("test-fraction", options.test_fraction, "X",
           "Share of folder pictures and scenes that becomes the test split.")
      .range(0, 1)
      .below(1)
      .source("[ours]");
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.");
  table.group("Scenes");
  table.add("kind", options.kind, "KIND", "What is drawn.")
      .choices({"digits", "shapes", "fragile", "captions"})
      .only_with("from", {"scenes"})
      .text(
          "digits: grey digit-like glyphs. shapes: coloured shapes with boxes and captions. fragile: grey pictures of "
          "four classes for experiments on robustness; a faint pattern of amplitude 4/255 always tells the class, a "
          "strong shape in nine of ten pictures. captions: one to three coloured shapes whose caption is a function of "
          "the picture.");
  table.add("count", options.count, "N", "How many pictures.")
      .range(1, 1e8)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table
      .add("side", options.side, "N",
           "Side of the pictures; 0: 28 for digits, 32 for shapes, 16 for fragile, 64 for captions.")
      .range(0, 4096)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("noise", options.noise, "X", "Scale of noise and clutter.")
      .range(0, 10)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table.add("max-objects", options.max_objects, "N", "Most objects in a picture of shapes (8) or captions (3).")
      .range(1, 8)
      .only_with("from", {"scenes"})
      .source("[ours]");
  table
      .add("label-maps", options.label_maps, "FOLDER",
           "Write the pixels of objects, ID.png as VOC's SegmentationClass.")
      .completes(cli::Completion::kDirectory)
      .no_effect_on_content()
      .only_with("from", {"scenes"})
      .text(
          "An existing folder. The number of a pixel is 0 on the ground and 1 + its class on an object; "
          "class_names.txt names the numbers, as rcnn-detect segment --classes wants it.");
}

void declare_show(cli::OptionTable& table, ShowOptions& options) {
  table.operand("FILE", options.inputs, "Checkpoints or --metrics files.", 1, -1);
  table.output(options.output, "Picture to write, .svg or .png; summary needs none.");
  table.group("Picture");
  table.add("what", options.what, "KIND", "What to draw.")
      .choices({"curves", "summary", "percentiles", "bias", "confusion"})
      .text(
          "curves: --metric over steps; summary: a table of the last and best --metric, the steps to --targets, how "
          "many times fewer they are than those of the last file, and the drift of the typical unit's median; "
          "percentiles: the 15th, 50th and 85th of a unit's input; bias: |b| over steps; confusion: the confusion "
          "matrix on --data.");
  table.add("metric", options.metric, "NAME", "Column of the training log.").only_with("what", {"curves", "summary"});
  table.add("targets", options.targets, "X,...", "Values of the metric whose first steps are printed.")
      .only_with("what", {"summary"})
      .source("[ours]");
  table.add("names", options.names, "NAME,...", "Legend, one name a file.").default_text("the file names");
  table.add("title", options.title, "TEXT", "Title of the picture.");
  table.add("log-steps", options.log_steps, "Logarithmic step axis.");
  table.add("layer", options.layer, "NAME", "Layer whose percentiles are drawn.")
      .default_text("the last one recorded")
      .only_with("what", {"percentiles"});
  table.add("unit", options.unit, "K", "Unit whose percentiles are drawn.")
      .at_least(0)
      .default_text("the typical one of the last file")
      .source("[ours]")
      .only_with("what", {"percentiles"});
  table.add("data", options.data, "FILE", "Images of the confusion matrix.")
      .is_input_path()
      .only_with("what", {"confusion"});
  table.add("split", options.split, "NAME", "Split of --data.").only_with("what", {"confusion"});
}

}  // namespace fovea::bn
