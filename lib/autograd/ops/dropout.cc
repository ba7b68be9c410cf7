#include "autograd/ops/dropout.h"

#include "tensor/kernels/dropout.h"

namespace fovea::ops {

// y = x * mask / (1 - rate);  dx = dy * mask / (1 - rate): the same map, so the mask is drawn again and not kept.
Var dropout(const Var& x, double rate, const DropoutKey& key) {
  if (!(rate >= 0 && rate < 1)) fail(ErrorKind::kData, "dropout: expected a rate in [0,1), found {}", rate);
  if (rate == 0) return x;
  const auto drop = [rate, key](const Tensor& values) {
    return kernels::dropout(values, rate, key.seed, key.layer, key.step);
  };
  return record("dropout", drop(x.value()), {x}, [x, drop](const Tensor& dy) { x.add_grad(drop(dy)); });
}

}  // namespace fovea::ops
