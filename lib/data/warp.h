// Cutting a proposal out of a picture and fitting it to a network's input, exactly as R-CNN does: training, testing and
// fine-tuning use this one function.   Girshick et al. 2014, appendix A and section 2.1; spec rcnn.md section 3
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/box.h"
#include "data/dataset.h"

namespace fovea::data {

enum class WarpMode {
  kWarp,             // the box, stretched anisotropically
  kSquare,           // the tightest square around it: context where the box is shorter
  kSquareNoContext,  // the box alone, scaled isotropically and centred
};
WarpMode parse_warp_mode(std::string_view name);  // "warp", "square", "square-nocontext"; throws Error(kUsage)

struct WarpConfig {
  WarpMode mode = WarpMode::kWarp;
  int64_t padding = 16;  // pixels of context at the net's input
};
// Throws Error(kUsage) unless 0 <= padding and some input is left inside it.
void check_warp(const WarpConfig& config, int64_t crop);

// Where pixels come from and go to. Source is clipped to the picture; both are empty (sizes 0) if the box lies outside.
struct WarpGeometry {
  int64_t unclipped[4] = {0, 0, -1, -1};  // X1, Y1, X2, Y2 with context, inclusive
  int64_t source[4] = {0, 0, -1, -1};     // the part inside the picture, inclusive
  double scale_x = 0, scale_y = 0;
  int64_t offset_x = 0, offset_y = 0;  // top left of the destination inside the crop
  int64_t width = 0, height = 0;       // of the destination
};
// `crop`: side of the square network input. Mirrored: the source is as before, the destination starts from the other
// side.
WarpGeometry warp_geometry(const Box& box, int64_t picture_width, int64_t picture_height, int64_t crop,
                           const WarpConfig& config, bool mirror);

// out [crop,crop,C] of `preprocess` (crop = its height = its width): bilinear with pixel centres at half-integers and
// no antialiasing, mirrored if asked, mean subtracted; what the picture does not cover is 0 after that. `mask`, if not
// empty, has one byte for each pixel of the box (whole-numbered corners): pixels outside it become 0 too, looked up by
// nearest neighbour through the same geometry. Serial and thread-safe.
void warp_region(const PixelView& picture, const Box& box, const Preprocess& preprocess, const WarpConfig& config,
                 bool mirror, float* out, std::span<const uint8_t> mask = {});

}  // namespace fovea::data
