// The crops that an evaluation averages over: one, ten, or the 144 of GoogLeNet (spec bn section 9).
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "data/dataset.h"
#include "data/raster.h"

namespace fovea::data {

enum class CropScheme {
  kCenter,   // resize as in Preprocess, centre window
  kStretch,  // whole picture to the net's size
  kTen,      // 4 corners and centre of the resize_side picture (0: 256/224 of the net's size), and mirrors
  k144,  // shorter side 256, 288, 320, 352 (/224 of the net's size) x left, centre, right (top, centre, bottom) square
         // x (4 corners, centre, the square resized) x mirror
};
// "center", "stretch", "10", "144"; throws Error(kUsage).
CropScheme parse_crop_scheme(std::string_view name);
int crop_count(CropScheme scheme);  // 1, 1, 10, 144

// Resize the picture to (picture_height, picture_width), take the window, resize it to the net's size if it differs,
// mirror.
struct Crop {
  int64_t picture_height = 0, picture_width = 0;
  int64_t top = 0, left = 0, height = 0, width = 0;
  bool mirror = false;
  bool operator==(const Crop&) const = default;
};

// The crops of a picture of the given size, always crop_count() of them (equal ones are kept: they carry weight).
// Order of k144: scale, square, (top-left, top-right, bottom-left, bottom-right, centre, whole), plain before mirror.
std::vector<Crop> list_crops(CropScheme scheme, const Preprocess& preprocess, int64_t height, int64_t width);

// Renders crops of one picture; keeps the last resized picture, so that calls in list order resize once per scale.
class CropRenderer {
 public:
  CropRenderer(PixelView pixels, const Preprocess& preprocess);
  // out [height,width,channels] of the preprocess.
  void render(const Crop& crop, float* out);

 private:
  PixelView pixels_;
  Preprocess preprocess_;
  Raster resized_;
};

}  // namespace fovea::data
