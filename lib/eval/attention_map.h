// Attention weights of a grid, put back on the picture that the grid was computed from.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "base/box.h"
#include "data/dataset.h"

namespace fovea::eval {

// The part of a picture that a network saw, in pixels of the picture (real-valued, may be less than the whole).
struct SeenArea {
  double left = 0, top = 0, width = 0, height = 0;
};
// Of a centre crop or a stretch, as data/augment.h makes them for evaluation. Without a preprocess: the whole picture.
SeenArea seen_area(const std::optional<data::Preprocess>& preprocess, int64_t height, int64_t width);

// The weights [rows,columns] as a map [height,width]: bilinear between the cells' centres, then a Gaussian of sigma
// 1.25 * (height/rows, width/columns) (20 pixels for 14 x 14 over 224), both reflected at the border. Keeps the mean.
//   Xu et al. 2015, section 5.4: upsampling by 2^4 and a Gaussian filter
std::vector<float> upsample_attention(std::span<const float> weights, std::array<int32_t, 2> grid, int64_t height,
                                      int64_t width);

// Share of the weight that lies inside the union of the boxes: a cell's weight is spread evenly over its area. The
// weights are taken as they are (they sum to 1 where they come from a softmax).
double mass_inside(std::span<const float> weights, std::array<int32_t, 2> grid, const SeenArea& area,
                   std::span<const fovea::Box> boxes);
// Whether the centre of the cell of the greatest weight (the first of equals) lies inside a box.
bool peak_inside(std::span<const float> weights, std::array<int32_t, 2> grid, const SeenArea& area,
                 std::span<const fovea::Box> boxes);
// What attention is measured against: 1/L everywhere; and a Gaussian in the middle, sigma a quarter of each side.
std::vector<float> uniform_attention(std::array<int32_t, 2> grid);
std::vector<float> centre_attention(std::array<int32_t, 2> grid);

// -sum alpha ln alpha, in nats; ln L for uniform weights.
double attention_entropy(std::span<const float> weights);

}  // namespace fovea::eval
