// Spatial pooling over tensors, NHWC.
#pragma once

#include <memory>

#include "tensor/kernels/pool_geometry.h"
#include "tensor/tensor.h"

namespace fovea::kernels {

// `winner`, if not null, receives for each output element the cell of the window (row-major, uint16_t) that was
// largest.
Tensor max_pool_forward(const PoolGeometry& shape, const Tensor& x, std::shared_ptr<ArenaBlock>* winner);
Tensor max_pool_backward(const PoolGeometry& shape, const ArenaBlock& winner, const Tensor& dy);
Tensor average_pool_forward(const PoolGeometry& shape, const Tensor& x);
Tensor average_pool_backward(const PoolGeometry& shape, const Tensor& dy);

}  // namespace fovea::kernels
