// The options of rcnn-detect convert, rcnn-detect split and rcnn-propose convert.
#include "systems/rcnn/convert.h"

namespace fovea::rcnn {

void declare_detect_convert(cli::OptionTable& table, DetectConvertOptions& options) {
  table.operand("INPUT", options.inputs, "What to read; see --from.", 1, -1);
  table.output(options.output, "File to write; for VOC formats an existing folder.").required();
  table.group("Conversion");
  table.add("from", options.from, "FORMAT", "Kind of the input.")
      .choices({"fovea", "voc", "ilsvrc", "coco", "voc-results", "ilsvrc-results", "coco-results"})
      .text(
          "voc: folders with Annotations/, JPEGImages/ and perhaps ImageSets/Main/, a VOCdevkit with several of these, "
          "or a flat folder of .xml files and pictures. ilsvrc: a folder of .xml files whose boxes count from 0, with "
          "--pictures. coco: an instances JSON file, with --pictures. These become a fovea.images file. voc-results: "
          "comp4_det_SET_CLASS.txt files; ilsvrc-results: 'index class score x1 y1 x2 y2' lines, with --list; "
          "coco-results: a JSON list. These become a fovea.detections file. fovea: one of the two, with --to.");
  table.add("to", options.to, "FORMAT", "Kind of the output.")
      .choices({"fovea", "voc", "coco", "voc-results", "ilsvrc-results", "coco-results", "tsv"})
      .text(
          "From fovea.images: voc (Annotations/, ImageSets/Main/ and JPEGImages/ in the folder -o), coco, tsv. From "
          "fovea.detections: voc-results (one file a class in the folder -o), ilsvrc-results, coco-results, tsv. Boxes "
          "in tsv count from 0 and include their last pixel.");
  table.add("set", options.sets, "NAME", "Keep the images of these lists or splits.")
      .default_text("all")
      .text(
          "--from voc: names of ImageSets/Main lists, or .txt files; the list becomes the split. Otherwise: splits of "
          "--images, or of the input. --to voc-results: the SET in the file names, one word.");
  table.add("pictures", options.pictures, "DIR", "Where the pictures lie.")
      .completes(cli::Completion::kDirectory)
      .default_text("as the format has it")
      .only_with("from", {"voc", "ilsvrc", "coco"});
  table.add("skip-bad-images", options.skip_bad_images, "Leave out pictures that can't be decoded, and say so.")
      .only_with("from", {"voc", "ilsvrc", "coco"});
  table.add("skip-difficult", options.skip_difficult, "Leave out objects marked as difficult, and crowds.");
  table.add("copy-pictures", options.copy_pictures, "Write JPEGImages/ too.").only_with("to", {"voc"});
  table.group("Names");
  table.add("classes", options.classes, "WORD|NAME", "Classes in order: auto, voc, found, or their names.")
      .text(
          "voc: the 20 of PASCAL VOC in the order of its tables. found: those that occur, sorted. auto: voc if all "
          "that "
          "occur are among them, else found; COCO files and --images bring their own list. Objects of classes that "
          "are not named are left out, and counted.");
  table.add("names", options.names, "FILE", "Class names, one a line; instead of --classes.")
      .is_input_path()
      .excludes("classes");
  table.add("images", options.images, "FILE", "A fovea.images file: ids, sizes and classes of detections.")
      .is_input_path();
  table.add("categories", options.categories, "FILE", "COCO JSON whose category ids are used.")
      .is_input_path()
      .default_text("1, 2, ... in the order of the classes");
  table.add("list", options.list, "FILE", "ILSVRC list of 'id index' lines.").is_input_path();
}

void declare_split(cli::OptionTable& table, SplitOptions& options) {
  table.operand("SET", options.input, "A fovea.images file with objects.");
  table.output(options.output, "The same set with new splits.").required();
  table.group("Split");
  table.add("of", options.of, "NAME", "Divide the images of this split only.").default_text("all images");
  table.add("into", options.names, "NAME,NAME", "Names of the two halves.").source("[paper §4.2]");
  table.add("share", options.share, "F", "Put this share into the first part, at random.")
      .default_text("balanced halves")
      .range(0, 1)
      .source("[ours]");
  table.add("exclude", options.exclude, "FILE", "Ids that stay out of both halves, one a line.").is_input_path();
  table.add("trials", options.trials, "N", "Random starts, of which the best is taken.").range(1, 1e6).source("[ours]");
}

void declare_propose_convert(cli::OptionTable& table, ProposeConvertOptions& options) {
  table.operand("INPUT", options.inputs, "What to read; see --from.", 1, -1);
  table.output(options.output, "File to write.").required();
  table.group("Conversion");
  table.add("from", options.from, "FORMAT", "Kind of the input.")
      .choices({"fovea", "mat", "tsv"})
      .text(
          "mat: MATLAB files of boxes, as published for selective search: a cell array 'boxes' beside a cell array of "
          "ids 'images', or one matrix of N x 4. tsv: lines of image_id x1 y1 x2 y2 and perhaps a score, best first, "
          "counted from 0, last pixel included. fovea: a fovea.proposals file, with --to tsv.");
  table.add("to", options.to, "FORMAT", "Kind of the output.").choices({"fovea", "tsv"});
  table.add("order", options.order, "ORDER", "Columns of .mat boxes, and the number of the first pixel.")
      .choices({"yxyx-1", "xyxy-0", "xyxy-1", "yxyx-0"})
      .only_with("from", {"mat"})
      .text("yxyx-1: y1 x1 y2 x2 from 1, as published; xyxy-0: as in the demo of Fast R-CNN.");
  table.add("boxes", options.boxes, "NAME", "Variable of the boxes.").only_with("from", {"mat"});
  table.add("ids", options.ids, "NAME", "Variable of the image ids.").only_with("from", {"mat"});
  table.add("id", options.id, "ID", "Image of a single matrix.")
      .default_text("the file's name up to _boxes")
      .only_with("from", {"mat"});
  table.group("Images");
  table.add("images", options.images, "FILE", "A fovea.images file: sizes, and ids where there are none.")
      .is_input_path();
  table.add("size", options.size, "HxW", "Height and width of all pictures, instead of --images.").excludes("images");
}

}  // namespace fovea::rcnn
