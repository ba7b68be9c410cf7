// Pixel geometry under load_sample and the crops: resize, cut a window into floats, normalise.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "data/dataset.h"

namespace fovea::data {

// Pixels that own their memory; like PixelView, bytes or floats.
struct Raster {
  int64_t height = 0, width = 0, channels = 0;
  std::vector<uint8_t> bytes = {};
  std::vector<float> floats = {};
  PixelView view() const;
};

struct Window {
  int64_t top = 0, left = 0, height = 0, width = 0;
};

// Box average when both sides shrink, else bilinear (pixel centres at half-integers). Serial.
Raster resize(const PixelView& pixels, int64_t height, int64_t width);
Raster cut(const PixelView& pixels, const Window& window);  // the window must lie inside

// The size (height, width) to which a picture is resized before cropping: see Preprocess::resize_side. `side` replaces
// preprocess.resize_side; it is the size for the net's shorter side, 0 = cover exactly. Never below the net's size.
std::pair<int64_t, int64_t> resized_size(const Preprocess& preprocess, double side, int64_t height, int64_t width);

// The window as floats 0..255 with `channels` channels (RGB or BT.601 luma), mirrored if asked. Parts outside are 0.
void copy_window(const PixelView& pixels, const Window& window, bool mirror, int64_t channels, float* out);

// In place, [height,width,channels] of the preprocess: RGB -> BGR, threshold, (x - mean) / stddev.
void normalize(const Preprocess& preprocess, float* sample);

}  // namespace fovea::data
