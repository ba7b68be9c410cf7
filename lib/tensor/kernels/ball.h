// Norm balls around the images of a batch: the geometry of adversarial perturbations. All images are rows of d numbers,
// d = all extents but the first; norms are taken over a whole row, or over `groups` equal parts of it, never over the
// batch.
#pragma once

#include <cstdint>

#include "tensor/tensor.h"

namespace fovea::kernels {

enum class Norm { kLinf, kL2 };

// The norm of each row, in double. x [N,...] -> [N].
Tensor row_norms(const Tensor& x, Norm norm);

// r min(1, epsilon / ||r||): only ever shrinks. With `by_channel` the norm is taken over each channel of an image on
// its own (the innermost axis), as the code of Poursaeed et al. (2018) does. r [N,H,W,C].
Tensor shrink_to_ball(const Tensor& r, Norm norm, double epsilon, bool by_channel);
// dr for the derivative dy of that.
Tensor shrink_to_ball_backward(const Tensor& r, const Tensor& dy, Norm norm, double epsilon, bool by_channel);

// The nearest point of the ball around `center` (Euclidean for L2, per element for Linf), then of the range [0,1], in
// this order (spec adversarial-trainer section 7). In place.
void project(Tensor& x, const Tensor& center, Norm norm, double epsilon);

// x + size * direction, in place: sign(g) for Linf (sign(0) = 0), g / sqrt(max(sum g^2, 1e-12)) for L2.
void step_along(Tensor& x, const Tensor& gradient, Norm norm, double size);

}  // namespace fovea::kernels
