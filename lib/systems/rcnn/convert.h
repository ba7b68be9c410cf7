// rcnn-detect convert and split, rcnn-propose convert: other programs' files of boxes <-> ours.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/common.h"
#include "cli/option.h"

namespace fovea::rcnn {

struct DetectConvertOptions {
  std::vector<std::string> inputs;
  std::string output, from = "fovea", to = "fovea";
  std::vector<std::string> sets;             // lists or splits to keep
  std::string pictures;                      // folder, where it is not beside the annotations
  std::vector<std::string> classes{"auto"};  // auto | voc | found, or names
  std::string names;                         // file of class names
  bool skip_difficult = false, skip_bad_images = false;
  bool copy_pictures = true;  // --to voc
  std::string images;         // fovea.images: ids, sizes, classes
  std::string categories;     // COCO JSON whose category ids are used
  std::string list;           // ILSVRC: "id index" lines
};
void declare_detect_convert(cli::OptionTable& table, DetectConvertOptions& options);
// Returns 0. voc, ilsvrc and coco become a fovea.images file with the pictures' bytes; the *-results a fovea.detections
// file; fovea.images becomes voc, coco or tsv, fovea.detections the *-results or tsv.
int detect_convert(const DetectConvertOptions& options, const cli::Invocation& invocation);

struct SplitOptions {
  std::string input, output;
  std::string of;  // split to divide; empty: everything
  std::vector<std::string> names{"val1", "val2"};
  std::string exclude;  // file of ids that stay out of both halves
  int64_t trials = 100;
  double share = 0;  // > 0: at random, this share into the first part
};
void declare_split(cli::OptionTable& table, SplitOptions& options);
// The set with new splits; prints the objects of each class in both halves.
int split_images(const SplitOptions& options, const cli::Invocation& invocation);

struct ProposeConvertOptions {
  std::vector<std::string> inputs;
  std::string output, from = "fovea", to = "fovea";
  std::string order = "yxyx-1";                 // yxyx-1 | xyxy-0, of .mat boxes
  std::string boxes = "boxes", ids = "images";  // variables
  std::string id;                               // of the one image of a plain matrix
  std::string images;                           // fovea.images: ids and sizes
  std::string size;                             // HxW
};
void declare_propose_convert(cli::OptionTable& table, ProposeConvertOptions& options);
int propose_convert(const ProposeConvertOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
