// From a picture to one float sample [H,W,C] of the net's size, with augmentation that depends on (seed, epoch, item)
// only.
#pragma once

#include <cstdint>
#include <vector>

#include "data/dataset.h"

namespace fovea::data {

// The default changes nothing: resize and centre crop of Preprocess, as in evaluation.
struct AugmentConfig {
  bool flip = false;         // mirror left-right with probability 1/2
  int64_t pad = 0;           // black border of this many pixels around the resized picture, then a crop at random
  bool random_crop = false;  // crop at random instead of at the centre (of the resize_side picture)
  // A window of random area and aspect ratio, resized to the net's input; replaces resize_side, pad and random_crop.
  bool random_resized_crop = false;
  double area_min = 0.08, area_max = 1.0;  // share of the picture   [Szegedy et al. 2015, section 6]
  double ratio_min = 3.0 / 4, ratio_max = 4.0 / 3;
  // Photometric distortion [after Howard 2013]: everything below is multiplied by this one scale (--photometric-scale).
  double photometric_scale = 0;
  double brightness = 0.4, contrast = 0.4, saturation = 0.4;  // factor uniform in [1 - s, 1 + s], s < 1
  double hue = 0.05;                                          // rotation of the chroma plane, uniform in +-hue turns
  double lighting = 0.1;  // deviation of the noise along the colour axes [Krizhevsky et al. 2012, section 4.1]

  bool none() const { return !flip && pad == 0 && !random_crop && !random_resized_crop && photometric_scale == 0; }
};
// Throws Error(kUsage) for values out of range.
void check_augment(const AugmentConfig& config);

struct SampleKey {
  uint64_t seed = 1;
  uint64_t epoch = 0;
};

// Writes sample `item` to out [height,width,channels] of `preprocess`. Thread-safe; the result depends on nothing else.
// Grey pictures are repeated for a 3-channel net; RGB becomes luma for a 1-channel net.
// Throws Error(kData) if the picture is corrupt.
void load_sample(const ImageSource& source, int64_t item, const Preprocess& preprocess, const AugmentConfig& augment,
                 const SampleKey& key, float* out);
// The same for pixels at hand; `item` only keys the random stream.
void load_sample(const PixelView& pixels, int64_t item, const Preprocess& preprocess, const AugmentConfig& augment,
                 const SampleKey& key, float* out);
// A batch in parallel: out [items.size(),height,width,channels].
void load_batch(const ImageSource& source, const std::vector<int64_t>& items, const Preprocess& preprocess,
                const AugmentConfig& augment, const SampleKey& key, float* out);

}  // namespace fovea::data
