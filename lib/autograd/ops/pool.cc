#include "autograd/ops/pool.h"

#include "autograd/ops/check.h"
#include "tensor/kernels/pool.h"

namespace fovea::ops {

int64_t pool_output_extent(int64_t extent, int pad_before, int pad_after, int kernel, int stride, bool ceil_mode) {
  const int64_t room = extent + pad_before + pad_after - kernel;
  if (room < 0) {
    fail(ErrorKind::kData, "pooling: kernel {} is larger than the input {} with padding {}", kernel, extent,
         pad_before + pad_after);
  }
  int64_t out = (room + (ceil_mode ? stride - 1 : 0)) / stride + 1;
  if (ceil_mode && (out - 1) * stride >= extent + pad_before) --out;  // Caffe: no window may start in the padding
  return out;
}

namespace {

kernels::PoolGeometry geometry(const char* op, const Shape& x, const PoolConfig& config) {
  detail::require_rank(x.rank() == 4, op, x, "[N,H,W,C]");
  FOVEA_CHECK(config.kernel_y > 0 && config.kernel_x > 0 && config.stride_y > 0 && config.stride_x > 0,
              "{}: kernel or stride < 1", op);
  if (config.pad_top >= config.kernel_y || config.pad_bottom >= config.kernel_y || config.pad_left >= config.kernel_x ||
      config.pad_right >= config.kernel_x) {
    fail(ErrorKind::kData, "{}: padding must be smaller than the kernel {}x{}", op, config.kernel_y, config.kernel_x);
  }
  kernels::PoolGeometry g;
  g.n = x[0], g.h = x[1], g.w = x[2], g.c = x[3];
  g.kh = config.kernel_y, g.kw = config.kernel_x;
  g.stride_y = config.stride_y, g.stride_x = config.stride_x;
  g.pad_top = config.pad_top, g.pad_left = config.pad_left, g.pad_bottom = config.pad_bottom,
  g.pad_right = config.pad_right;
  g.count_padding = config.count_padding;
  g.oh = pool_output_extent(g.h, config.pad_top, config.pad_bottom, config.kernel_y, config.stride_y, config.ceil_mode);
  g.ow = pool_output_extent(g.w, config.pad_left, config.pad_right, config.kernel_x, config.stride_x, config.ceil_mode);
  return g;
}

Var average(const char* op, const Var& x, const kernels::PoolGeometry& g, const Shape& out) {
  return record(op, kernels::average_pool_forward(g, x.value()).reshape(out), {x},
                [x, g](const Tensor& dy) { x.add_grad(kernels::average_pool_backward(g, dy)); });
}

}  // namespace

// dx = dy at the winner of each window, 0 elsewhere; windows that overlap add up.
Var max_pool(const Var& x, const PoolConfig& config) {
  const kernels::PoolGeometry g = geometry("max_pool", x.shape(), config);
  FOVEA_CHECK(g.kh * g.kw <= 65536, "max_pool: window {}x{}", g.kh, g.kw);
  std::shared_ptr<ArenaBlock> winner;
  Tensor y = kernels::max_pool_forward(g, x.value(), recording({&x}) ? &winner : nullptr);
  return record("max_pool", std::move(y), {x},
                [x, g, winner](const Tensor& dy) { x.add_grad(kernels::max_pool_backward(g, *winner, dy)); });
}

Var average_pool(const Var& x, const PoolConfig& config) {
  const kernels::PoolGeometry g = geometry("average_pool", x.shape(), config);
  return average("average_pool", x, g, {g.n, g.oh, g.ow, g.c});
}

Var global_average_pool(const Var& x) {
  detail::require_rank(x.shape().rank() == 4 && x.extent(1) > 0 && x.extent(2) > 0, "global_average_pool", x.shape(),
                       "[N,H,W,C]");
  PoolConfig config;
  config.kernel_y = config.stride_y = static_cast<int>(x.extent(1));
  config.kernel_x = config.stride_x = static_cast<int>(x.extent(2));
  return average("global_average_pool", x, geometry("global_average_pool", x.shape(), config),
                 {x.extent(0), x.extent(3)});
}

}  // namespace fovea::ops
