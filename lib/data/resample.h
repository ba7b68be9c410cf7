// Resizing by convolution with a cubic kernel, as MATLAB's imresize does: selective search's fixed working width.
#pragma once

#include "data/raster.h"

namespace fovea::data {

// Cubic kernel (a = -1/2), widened by the scale when a side shrinks (antialiased), pixel centres at half-integers, the
// picture mirrored at its border, 8-bit result rounded. Serial. REQUIRES 8-bit pixels.
Raster resample_bicubic(const PixelView& pixels, int64_t height, int64_t width);

}  // namespace fovea::data
