// Efficient graph-based segmentation: the initial regions of selective search.
//   Felzenszwalb & Huttenlocher, "Efficient graph-based image segmentation", IJCV 2004
#pragma once

#include <cstdint>
#include <vector>

#include "systems/rcnn/color_space.h"

namespace fovea::rcnn {

// The 8-neighbour graph of a smoothed picture, edges by increasing weight (ties: by pixel, then E, S, SE, NE). One
// graph serves all values of k.
struct PixelGraph {
  int64_t height = 0, width = 0;
  std::vector<uint32_t> edges;  // pixel * 4 + direction
  std::vector<float> weights;   // Euclidean distance of the smoothed colours, 0..255 per channel
};

// Smooths by a Gaussian of deviation `sigma` first (border clamped; 0 = not). At most 2^30 pixels.
PixelGraph build_pixel_graph(const ColorPlanes& picture, double sigma);

// labels [H,W] in 0..regions-1, numbered in the order of their first pixel.
struct Segmentation {
  int64_t height = 0, width = 0;
  int32_t regions = 0;
  std::vector<int32_t> labels = {};
};

// Joins components along the edges where the weight is at most both thresholds (w + k / size of the component since its
// last join), then joins components below `min_size` pixels.
Segmentation segment(const PixelGraph& graph, double k, int64_t min_size);

}  // namespace fovea::rcnn
