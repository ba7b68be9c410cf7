// The gradient of a convolution with respect to a narrow input, an image of few channels: what an attack asks for at
// every step. oneDNN's backward-data fills its vectors with input channels, and three of them leave most lanes empty.
#pragma once

#include "tensor/kernels/conv_geometry.h"

namespace fovea::kernels::image_gradient {

// A function of the shape alone.
bool is_worthwhile(const ConvGeometry& shape);

// dx [n,h,w,c] from dy [n,oh,ow,o] and weight [o,c,kh,kw]. Image by image: a batch has the bits of its single images.
// REQUIRES groups == 1.
void backward_data(const ConvGeometry& shape, const float* dy, const float* weight, float* dx);

}  // namespace fovea::kernels::image_gradient
