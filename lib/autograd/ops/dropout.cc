#include "autograd/ops/dropout.h"

#include "autograd/ops/check.h"
#include "base/parallel.h"
#include "tensor/kernels/dispatch.h"
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

// y[n,i,j,c] = x[n,i,j,c] mask[n,c] / (1 - rate);  dx is dy through the same mask.
Var dropout_maps(const Var& x, double rate, const DropoutKey& key) {
  detail::require_rank(x.shape().rank() == 4, "dropout_maps", x.shape(), "[N,H,W,C]");
  if (!(rate >= 0 && rate < 1)) fail(ErrorKind::kData, "dropout_maps: expected a rate in [0,1), found {}", rate);
  if (rate == 0) return x;
  const Shape& s = x.shape();
  const Tensor mask = kernels::dropout(Tensor::full({s[0], s[3]}, 1, x.dtype()), rate, key.seed, key.layer, key.step);
  const auto drop = [mask](const Tensor& values) {
    Tensor out = Tensor::empty(values.shape(), values.dtype());
    const int64_t items = values.extent(0), cells = values.extent(1) * values.extent(2), channels = values.extent(3);
    kernels::by_type(values.dtype(), [&]<typename T>() {
      const T *from = values.data<T>(), *factors = mask.data<T>();
      T* to = out.data<T>();
      parallel_tasks(items, [&](int64_t n) {
        for (int64_t i = n * cells; i < (n + 1) * cells; ++i) {
          for (int64_t c = 0; c < channels; ++c)
            to[i * channels + c] = from[i * channels + c] * factors[n * channels + c];
        }
      });
    });
    return out;
  };
  return record("dropout_maps", drop(x.value()), {x}, [x, drop](const Tensor& dy) { x.add_grad(drop(dy)); });
}

}  // namespace fovea::ops
