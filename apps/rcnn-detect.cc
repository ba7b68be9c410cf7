// rcnn-detect: data about the program; the verbs live in lib/systems/rcnn.
#include "base/cpu.h"
#include "cli/program.h"
#include "systems/file_commands.h"
#include "systems/rcnn/convert.h"
#include "systems/rcnn/detect.h"
#include "systems/rcnn/eval_options.h"
#include "systems/rcnn/features.h"
#include "systems/rcnn/finetune.h"
#include "systems/rcnn/segment.h"
#include "systems/rcnn/show.h"
#include "systems/rcnn/train_detector.h"

using namespace fovea;
using cli::CommonSet;

namespace {

const char kDescription[] =
    "Detects objects with regions and convolutional features: R-CNN (Girshick, Donahue, Darrell, Malik, CVPR 2014). "
    "Region proposals are "
    "warped to a network's input, scored by one linear SVM for each class, corrected by box regression and thinned by "
    "non-maximum "
    "suppression. Files are HDF5; '-' is standard input or output.";

void add_training(cli::Program& p) {
  p.commands.push_back(cli::command<rcnn::FeaturesOptions>(
      "features", "compute region features",
      "Warps each proposal with context to the network's input and stores the activations of a layer. {opt:truth} puts "
      "the true boxes "
      "first, which training needs. Memory is bounded by one picture's regions.",
      {{"rcnn-detect features --model net.ckpt.h5 --images set.h5 --split train --proposals boxes.h5 --truth -o "
        "train.h5",
        "for training"},
       {"rcnn-detect features --model net.ckpt.h5 --images set.h5 --split test --proposals boxes.h5 --layer pool5 -o "
        "pool5.h5",
        "another layer"}},
      rcnn::declare_features, rcnn::extract_features, CommonSet::kFiles | CommonSet::kDryRun | CommonSet::kShard));
  p.commands.push_back(cli::command<rcnn::FinetuneOptions>(
      "finetune", "adapt a network to the classes",
      "Replaces the classifier by one of the set's classes and background, and trains on warped windows: 32 of objects "
      "and 96 of "
      "background in each batch. Interrupted runs continue with {opt:resume}.",
      {{"rcnn-detect finetune --model net.ckpt.h5 --images set.h5 --proposals boxes.h5 --steps 2000 -o tuned.ckpt.h5",
        "a network for features"}},
      rcnn::declare_finetune, rcnn::finetune, CommonSet::kTraining));
  p.commands.push_back(cli::command<rcnn::TrainDetectorOptions>(
      "train", "train SVMs and box regression",
      "One pass over the images with hard negative mining, all classes at once, then one ridge regression for each "
      "class. SIGTERM, SIGUSR1 "
      "and {opt:max-time} save and exit 75; {opt:resume} then continues to bit-identical results.",
      {{"rcnn-detect train --features train.h5 --images set.h5 --model net.ckpt.h5 -o detector.ckpt.h5",
        "a detector of the set's classes"}},
      rcnn::declare_train_detector, rcnn::train_detector, CommonSet::kTraining));
}

void add_use(cli::Program& p) {
  p.commands.push_back(cli::command<rcnn::DetectOptions>(
      "detect", "find objects in pictures",
      "Proposes regions (or reads {opt:proposals}), scores them, corrects and thins the boxes. Without {opt:output} a "
      "table is printed.",
      {{"rcnn-detect detect --model detector.ckpt.h5 photo.jpg --threshold 0", "objects of one photograph"},
       {"rcnn-detect detect --model detector.ckpt.h5 --images set.h5 --split test -o found.h5",
        "of the test split, for eval"},
       {"rcnn-detect detect --model detector.ckpt.h5 --features test.h5 -o found.h5", "from features computed before"},
       {"rcnn-detect detect --model detector.ckpt.h5 --features test.h5 --images set.h5 --refine 1 -o refined.h5",
        "a second look at the pictures, at what was found"}},
      rcnn::declare_detect, rcnn::detect,
      CommonSet::kSeed | CommonSet::kFiles | CommonSet::kFormat | CommonSet::kShard));
  p.commands.push_back(cli::command<rcnn::DetectEvalOptions>(
      "eval", "measure average precision",
      "Matches detections with true objects by the rules of PASCAL VOC, ILSVRC or COCO, and prints average precision, "
      "error types or "
      "sensitivity; draws precision against recall.",
      {{"rcnn-detect eval found.h5 --truth set.h5 --split test", "mean average precision, 11-point and area"},
       {"rcnn-detect eval found.h5 --truth set.h5 --report classes --draw curves.svg",
        "a row and a curve for each class"},
       {"rcnn-detect eval found.h5 --truth set.h5 --require 'map>=0.5'", "exits 1 if it is worse"}},
      rcnn::declare_detect_eval, rcnn::detect_eval, CommonSet::kFormat | CommonSet::kNoClobber));
  p.commands.push_back(cli::command<rcnn::DetectShowOptions>(
      "show", "draw detections, or what excites a unit",
      "Boxes with class and score over the pictures, or for units of a layer the regions that excite them most, as "
      "warped for the network.",
      {{"rcnn-detect show found.h5 --images set.h5 --truth --count 6 -o found.png", "six pictures, true boxes dashed"},
       {"rcnn-detect show --what units test.h5 --images set.h5 --model net.ckpt.h5 --units 3,17 -o units.png",
        "the crops that excite two units"}},
      rcnn::declare_detect_show, rcnn::detect_show, CommonSet::kNoClobber));
  p.commands.push_back(cli::command<rcnn::SegmentOptions>(
      "segment", "label pixels by scored regions",
      "Scores region proposals with masks by one regression for each class, and pastes them from the weakest to the "
      "strongest. {opt:train} "
      "learns the regressions from label images; it holds the features of all regions, 4 bytes for each number, and "
      "refuses more than "
      "{opt:max-memory}. Labelling holds those of one picture.",
      {{"rcnn-detect segment --train --model net.ckpt.h5 --features train.h5 --proposals masks.h5 --truth "
        "SegmentationClass/ -o segmenter.ckpt.h5",
        "learn"},
       {"rcnn-detect segment --model segmenter.ckpt.h5 --images set.h5 --split test --truth SegmentationClass/ -o "
        "labels/",
        "label and score"}},
      rcnn::declare_segment, rcnn::segment, CommonSet::kSeed | CommonSet::kFiles | CommonSet::kFormat));
}

void add_conversion(cli::Program& p) {
  p.commands.push_back(cli::command<rcnn::DetectConvertOptions>(
      "convert", "read and write annotations and results",
      "VOC and ILSVRC XML, COCO JSON and VOC result files, into fovea.images and fovea.detections, and back.",
      {{"rcnn-detect convert --from voc VOCdevkit/VOC2007 -o voc.h5", "pictures, boxes and splits in one file"},
       {"rcnn-detect convert --to voc-results found.h5 -o results/", "the files that the development kit reads"}},
      rcnn::declare_detect_convert, rcnn::detect_convert, CommonSet::kFiles));
  p.commands.push_back(cli::command<rcnn::SplitOptions>(
      "split", "split a set into balanced halves",
      "Assigns the images to two halves so that every class is shared as equally as can be found, as val1 and val2 of "
      "ILSVRC were made.",
      {{"rcnn-detect split set.h5 -o halves.h5", "splits val1 and val2"}}, rcnn::declare_split, rcnn::split_images,
      CommonSet::kSeed | CommonSet::kFiles | CommonSet::kFormat));
  p.commands.push_back(merge_command());
  p.commands.push_back(verify_command());
}

cli::Program program() {
  cli::Program p;
  p.name = "rcnn-detect";
  p.summary = "detect objects with region features and SVMs (R-CNN)";
  p.description = kDescription;
  p.examples = {
      {"rcnn-detect convert --from voc my-objects/ -o set.h5", "annotations become an image set"},
      {"rcnn-detect features --model net.ckpt.h5 --images set.h5 --split train --proposals boxes.h5 --truth -o "
       "train.h5",
       "region features"},
      {"rcnn-detect train --features train.h5 --images set.h5 --model net.ckpt.h5 -o detector.ckpt.h5", "a detector"},
      {"rcnn-detect detect --model detector.ckpt.h5 photo.jpg --threshold 0", "what it finds in a photograph"},
  };
  p.files = {{"*.ckpt.h5", "fovea.checkpoint: a network, and the detector that stands on it."},
             {"*.h5", "fovea.images, fovea.proposals, fovea.features, fovea.detections."}};
  p.see_also = {"fovea-files(5)", "rcnn-propose(1)", "bn-train(1)", "pose-estimate(1)"};
  p.info = print_info;
  p.version_details = [] { return cpu_summary() + "\n"; };
  add_training(p);
  add_use(p);
  add_conversion(p);
  return p;
}

}  // namespace

int main(int argc, char** argv) { return cli::run(program(), argc, argv); }
