// Which pixels a region covers: from the label image and the merges, so that no bitmap need be kept for each region.
#pragma once

#include <cstdint>
#include <vector>

#include "base/box.h"
#include "io/proposals_file.h"
#include "systems/rcnn/region_grouping.h"

namespace fovea::rcnn {

// Nearest neighbour, pixel centres; the same size is a copy.
Segmentation resize_labels(const Segmentation& segmentation, int64_t height, int64_t width);

struct RegionMask {
  Box box;  // whole-numbered tight bounds
  io::MaskRuns runs;
};
// Region `region` of a hierarchy over the labels (perhaps resized). Looks for pixels inside `near` only, widened by
// `margin` pixels, which must contain the region. A region that lost all its pixels to resizing becomes one pixel.
RegionMask region_mask(const Segmentation& labels, const Hierarchy& hierarchy, int32_t region, const Box& near,
                       int64_t margin);

// Runs -> one byte (0 or 1) for each pixel of the box, row-major.
std::vector<uint8_t> expand_mask(const io::MaskRuns& runs);

}  // namespace fovea::rcnn
