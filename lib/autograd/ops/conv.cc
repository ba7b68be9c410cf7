#include "autograd/ops/conv.h"

#include "autograd/ops/check.h"
#include "tensor/kernels/conv.h"
#include "tensor/kernels/pointwise.h"

namespace fovea::ops {

int64_t conv_output_extent(int64_t extent, int pads, int kernel, int stride, int dilation) {
  const int64_t room = extent + pads - static_cast<int64_t>(dilation) * (kernel - 1) - 1;
  if (room < 0) {
    fail(ErrorKind::kData, "convolution: kernel {} (dilation {}) is larger than the input {} with padding {}", kernel,
         dilation, extent, pads);
  }
  return room / stride + 1;
}

namespace {

kernels::ConvGeometry geometry(const Shape& x, const Shape& w, const ConvConfig& config) {
  const bool ranks = x.rank() == 4 && w.rank() == 4 && config.groups > 0;
  detail::require_fit(ranks && x[3] == w[1] * config.groups && w[0] % config.groups == 0, "conv2d", x, w);
  FOVEA_CHECK(config.stride_y > 0 && config.stride_x > 0 && config.dilation_y > 0 && config.dilation_x > 0,
              "conv2d: stride or dilation < 1");
  kernels::ConvGeometry g;
  g.n = x[0], g.h = x[1], g.w = x[2], g.c = x[3];
  g.o = w[0], g.kh = w[2], g.kw = w[3];
  g.stride_y = config.stride_y, g.stride_x = config.stride_x;
  g.dilation_y = config.dilation_y, g.dilation_x = config.dilation_x;
  g.pad_top = config.pad_top, g.pad_bottom = config.pad_bottom;
  g.pad_left = config.pad_left, g.pad_right = config.pad_right;
  g.groups = config.groups;
  g.oh = conv_output_extent(g.h, config.pad_top + config.pad_bottom, static_cast<int>(g.kh), config.stride_y,
                            config.dilation_y);
  g.ow = conv_output_extent(g.w, config.pad_left + config.pad_right, static_cast<int>(g.kw), config.stride_x,
                            config.dilation_x);
  return g;
}

}  // namespace

// y[n,oy,ox,o] = relu(b[o] + sum_{c,ky,kx} W[o,c,ky,kx] x[n, oy s - p + ky d, ox s - p + kx d, c]).
// dz = dy [y > 0];  db = sums of dz over n, oy, ox;  dW and dx are the same sum with dz in place of y.
Var conv2d(const Var& x, const Var& weight, const Var& bias, const ConvConfig& config) {
  const kernels::ConvGeometry g = geometry(x.shape(), weight.shape(), config);
  if (bias.defined()) detail::require_fit(bias.value().count() == g.o, "conv2d: bias", bias.shape(), weight.shape());
  const bool relu = config.activation == Activation::kRelu;
  const Tensor y = kernels::conv_forward(g, x.value(), weight.value(), bias.defined() ? bias.value() : Tensor(), relu,
                                         !recording({&x, &weight, &bias}));
  const Var z = record("conv2d", y, {x, weight, bias}, [x, weight, bias, g, relu, y](const Tensor& dy) {
    const Tensor dz = relu ? kernels::unary_backward(kernels::Unary::kRelu, y, dy) : dy;
    if (bias.needs_grad()) bias.add_grad(kernels::column_sums(dz).reshape(bias.shape()));
    if (weight.needs_grad()) weight.add_grad(kernels::conv_backward_weights(g, x.value(), dz));
    if (x.needs_grad()) x.add_grad(kernels::conv_backward_data(g, dz, weight.value()));
  });
  return relu ? z : activate(z, config.activation);
}

int64_t conv_transpose_output_extent(int64_t extent, int pads, int kernel, int stride, int output_pad) {
  const int64_t out = (extent - 1) * stride + kernel - pads + output_pad;
  if (out < 1 || output_pad < 0 || output_pad >= stride) {
    fail(ErrorKind::kData,
         "transposed convolution: kernel {}, stride {}, padding {} and output padding {} do not fit the input {}",
         kernel, stride, pads, output_pad, extent);
  }
  return out;
}

namespace {

// The convolution from y [n,h,w,c] to x [n,oh,ow,o] whose adjoint is wanted.
kernels::ConvGeometry adjoint_geometry(const Shape& x, const Shape& w, const ConvTransposeConfig& config) {
  detail::require_fit(x.rank() == 4 && w.rank() == 4 && x[3] == w[0], "conv_transpose2d", x, w);
  FOVEA_CHECK(config.stride_y > 0 && config.stride_x > 0, "conv_transpose2d: stride < 1");
  kernels::ConvGeometry g;
  g.n = x[0], g.oh = x[1], g.ow = x[2], g.o = x[3];
  g.c = w[1], g.kh = w[2], g.kw = w[3];
  g.stride_y = config.stride_y, g.stride_x = config.stride_x;
  g.pad_top = config.pad_top, g.pad_left = config.pad_left;
  g.pad_bottom = config.pad_bottom, g.pad_right = config.pad_right;
  g.h = conv_transpose_output_extent(g.oh, config.pad_top + config.pad_bottom, static_cast<int>(g.kh), config.stride_y,
                                     config.output_pad_y);
  g.w = conv_transpose_output_extent(g.ow, config.pad_left + config.pad_right, static_cast<int>(g.kw), config.stride_x,
                                     config.output_pad_x);
  return g;
}

}  // namespace

// With A the matrix of the convolution from y to x:  y = A^T x + b  is its backward-data pass, dx = A dy its forward
// pass, and dW has the products of its backward-weights pass with dy as the image and x as the gradient.
Var conv_transpose2d(const Var& x, const Var& weight, const Var& bias, const ConvTransposeConfig& config) {
  const kernels::ConvGeometry g = adjoint_geometry(x.shape(), weight.shape(), config);
  if (bias.defined()) {
    detail::require_fit(bias.value().count() == g.c, "conv_transpose2d bias", weight.shape(), bias.shape());
  }
  const bool relu = config.activation == Activation::kRelu;
  Tensor y = kernels::conv_backward_data(g, x.value(), weight.value());
  kernels::add_row_into(bias.defined() ? bias.value() : Tensor(), relu, y);
  const Var z = record("conv_transpose2d", y, {x, weight, bias}, [x, weight, bias, g, relu, y](const Tensor& dy) {
    const Tensor dz = relu ? kernels::unary_backward(kernels::Unary::kRelu, y, dy) : dy;
    if (bias.needs_grad()) bias.add_grad(kernels::column_sums(dz).reshape(bias.shape()));
    if (weight.needs_grad()) weight.add_grad(kernels::conv_backward_weights(g, dz, x.value()));
    if (x.needs_grad()) x.add_grad(kernels::conv_forward(g, dz, weight.value(), Tensor(), false, false));
  });
  return relu ? z : activate(z, config.activation);
}

}  // namespace fovea::ops
