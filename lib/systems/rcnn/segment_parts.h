// What training and applying a segmenter share. Internal to segment.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "eval/segmentation.h"
#include "io/checkpoint_file.h"
#include "io/features_file.h"
#include "io/label_png.h"
#include "io/proposals_file.h"
#include "systems/rcnn/detector.h"
#include "systems/rcnn/region_pixels.h"
#include "systems/rcnn/segment.h"

namespace fovea::rcnn {

// One picture's regions with masks and features [boxes, dimension].
struct SegmentRegions {
  io::RegionList list;
  std::vector<io::MaskRuns> masks;
  std::vector<float> features;
  RegionPixels pixels() const { return {list.height, list.width, list.boxes, masks}; }
};

// Region features beside the proposals that they came from, for the masks.
class SegmentFiles {
 public:
  // Throws Error(kData) for proposals without masks.
  SegmentFiles(const std::string& features, const std::string& proposals);
  const io::RegionFeaturesReader& features() const { return features_; }
  const io::ProposalsReader& proposals() const { return proposals_; }
  // Rows of true boxes, which have no masks, are left out. Throws Error(kData) if the boxes are not the first
  // proposals.
  SegmentRegions read(int64_t image, bool with_features = true) const;

 private:
  io::RegionFeaturesReader features_;
  io::ProposalsReader proposals_;
};

// Linear regressors of region quality, one for each class: a Detector without box regression whose arrays are called
// svr/weight and svr/bias. load throws Error(kData).
void store_segmenter(const Detector& segmenter, io::CheckpointData& data);
Detector load_segmenter(const std::string& path);

// Label maps by picture: FOLDER/STEM.png, where STEM is the last part of the id without a picture's suffix.
std::string label_file(const std::string& folder, const std::string& image_id);
// The truth of an image, of its size, with labels 0..classes and 255. Throws Error(kNoInput), Error(kData).
io::LabelMap read_truth_map(const std::string& folder, const io::RegionList& regions, int64_t classes);
// Throws Error(kData) if two images would share a file.
void check_label_files(const std::vector<std::string>& image_ids, const std::string& origin);

int train_segmenter(const SegmentOptions& options, const cli::Invocation& invocation);
int apply_segmenter(const SegmentOptions& options, const cli::Invocation& invocation);

}  // namespace fovea::rcnn
