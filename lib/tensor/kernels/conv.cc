#include "tensor/kernels/conv.h"

#include <cstring>

#include "tensor/kernels/dispatch.h"
#include "tensor/kernels/dnnl_conv.h"
#include "tensor/kernels/image_gradient.h"
#include "tensor/kernels/reference_conv.h"

namespace fovea::kernels {

Tensor conv_forward(const ConvGeometry& shape, const Tensor& x, const Tensor& weight, const Tensor& bias, bool relu,
                    bool inference) {
  Tensor y = Tensor::empty({shape.n, shape.oh, shape.ow, shape.o}, x.dtype());
  if (y.count() == 0) return y;
  if (is_fast(x.dtype())) {
    const float* b = bias.defined() ? bias.data<float>() : nullptr;
    dnnl_conv::forward(shape, x.data<float>(), weight, b, relu, inference && bf16_in_use(), y.data<float>());
    return y;
  }
  by_type(x.dtype(), [&]<typename T>() {
    const T* b = bias.defined() ? bias.data<T>() : nullptr;
    reference::conv_forward(shape, x.data<T>(), weight.data<T>(), b, relu, y.data<T>());
  });
  return y;
}

Tensor conv_backward_data(const ConvGeometry& shape, const Tensor& dy, const Tensor& weight) {
  Tensor dx = Tensor::empty({shape.n, shape.h, shape.w, shape.c}, dy.dtype());
  if (dx.count() == 0) return dx;
  if (is_fast(dy.dtype()) && image_gradient::is_worthwhile(shape)) {
    image_gradient::backward_data(shape, dy.data<float>(), weight.data<float>(), dx.data<float>());
    return dx;
  }
  if (is_fast(dy.dtype())) {
    dnnl_conv::backward_data(shape, dy.data<float>(), weight, dx.data<float>());
    return dx;
  }
  by_type(dy.dtype(),
          [&]<typename T>() { reference::conv_backward_data(shape, dy.data<T>(), weight.data<T>(), dx.data<T>()); });
  return dx;
}

Tensor conv_backward_weights(const ConvGeometry& shape, const Tensor& x, const Tensor& dy) {
  Tensor dw = Tensor::empty({shape.o, shape.c / shape.groups, shape.kh, shape.kw}, x.dtype());
  if (shape.n == 0) {
    dw.fill(0);
    return dw;
  }
  if (is_fast(x.dtype())) {
    dnnl_conv::backward_weights(shape, x.data<float>(), dy.data<float>(), dw.data<float>());
    return dw;
  }
  by_type(x.dtype(),
          [&]<typename T>() { reference::conv_backward_weights(shape, x.data<T>(), dy.data<T>(), dw.data<T>()); });
  return dw;
}

}  // namespace fovea::kernels
