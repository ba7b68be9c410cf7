// The PASCAL VOC and ILSVRC detection formats: annotations in XML, lists of ids, and result files.
//   Everingham et al., VOC development kit; ILSVRC2013 development kit; spec rcnn.md, sections 1.1 to 1.3
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/annotations.h"

namespace fovea::data {

// VOC counts pixels from 1; ILSVRC writes the same XML with pixels from 0. Both include the last pixel.
enum class VocFlavor { kVoc, kIlsvrc };

// The 20 classes in the order of the tables.
const std::vector<std::string>& voc_classes();

// One annotation. id = `filename` without a picture's suffix, path = `filename`; size 0 if not said. Flags may be
// missing (false), numbers may be decimal, the order of children is free; `part` is ignored, and so are other elements
// that we do not know. Boxes are as written (0-based), also those that repair_boxes would change. Throws Error(kData,
// "ORIGIN:LINE:COLUMN: ...").
AnnotatedImage parse_voc_xml(std::string_view text, const std::string& origin, VocFlavor flavor = VocFlavor::kVoc);
// `folder`: name of the data set. Ends with a newline.
std::string voc_xml(const AnnotatedImage& image, std::string_view folder, VocFlavor flavor = VocFlavor::kVoc);

// A line of ImageSets/Main/SET.txt ("id"), CLASS_SET.txt ("id -1|0|1": no object, only difficult ones, some), or of
// ILSVRC's det_lists ("id index").
struct ListedImage {
  std::string id;
  std::optional<int64_t> value;
};
// Throws Error(kData, "ORIGIN:LINE: ...") for a line of more words, or an id that appears twice.
std::vector<ListedImage> parse_image_list(std::string_view text, const std::string& origin);
std::vector<ListedImage> read_image_list(const std::string& path);
// CLASS_SET.txt of images: 1 if it has an object of the class that is not difficult, 0 if only difficult ones, else -1.
std::string class_list_text(const std::vector<AnnotatedImage>& images, std::string_view class_name);

// Where the parts of a data set lie.
struct VocFolders {
  std::string annotations;  // *.xml, also in folders below
  std::string pictures;
  std::string lists;  // "" if there are none
};
// FOLDER/{Annotations,JPEGImages,ImageSets/Main}; or each FOLDER/NAME that has Annotations (a VOCdevkit); or a flat
// folder of *.xml beside their pictures. Sorted by name. Throws Error(kNoInput) if it is missing, (kData) if it is none
// of these.
std::vector<VocFolders> find_voc_folders(const std::string& folder);

struct VocTree {
  std::vector<AnnotatedImage> images;  // sorted by id; path = the picture's file, "" if there is none; boxes as written
  std::vector<std::string> without_annotation;  // ids of lists that were asked for; they are images without objects
};
// The images of `sets` (names of lists in folders.lists, or paths with ".txt" at the end), whose split is the first of
// these lists that has them (lines with -1 are passed over); without `sets` all annotations, whose split is the
// shortest list that has them (ties: by name; CLASS_SET.txt are no splits). An id is the annotation's path below
// folders.annotations without ".xml". Throws Error(kUsage) for a set that does not exist, naming those that do.
VocTree read_voc_tree(const VocFolders& folders, const std::vector<std::string>& sets = {},
                      VocFlavor flavor = VocFlavor::kVoc);

}  // namespace fovea::data
