#include "autograd/ops/shape.h"

#include <algorithm>
#include <cstring>

#include "autograd/ops/check.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/reflect.h"

namespace fovea::ops {
namespace {

// Copies `rows` rows of `width` bytes between two strides.
void copy_columns(const void* from, int64_t from_stride, void* to, int64_t to_stride, int64_t rows, int64_t width) {
  const char* in = static_cast<const char*>(from);
  char* out = static_cast<char*>(to);
  if (width == 0) return;
  for (int64_t r = 0; r < rows; ++r) std::memcpy(out + r * to_stride, in + r * from_stride, static_cast<size_t>(width));
}

Shape with_channels(Shape shape, int64_t channels) {
  shape[-1] = channels;
  return shape;
}

int64_t pixels(const Shape& shape) { return shape.channels() == 0 ? 0 : shape.count() / shape.channels(); }

// The channels [begin, begin + width) of x.
Tensor take_channels(const Tensor& x, int64_t begin, int64_t width) {
  Tensor out = Tensor::empty(with_channels(x.shape(), width), x.dtype());
  const int64_t size = dtype_size(x.dtype()), channels = x.shape().channels();
  copy_columns(static_cast<const char*>(x.raw()) + begin * size, channels * size, out.raw(), width * size,
               pixels(x.shape()), width * size);
  return out;
}

// Zeros but for the channels [begin, ..) that are `part`.
Tensor put_channels(const Tensor& part, const Shape& whole, int64_t begin) {
  Tensor out = Tensor::zeros(whole, part.dtype());
  const int64_t size = dtype_size(part.dtype()), width = part.shape().channels() * size;
  copy_columns(part.raw(), width, static_cast<char*>(out.raw()) + begin * size, whole.channels() * size,
               pixels(part.shape()), width);
  return out;
}

}  // namespace

Var reshape(const Var& x, const Shape& shape) {
  detail::require_fit(x.value().count() == shape.count(), "reshape", x.shape(), shape);
  return record("reshape", x.value().reshape(shape), {x}, [x](const Tensor& dy) { x.add_grad(dy.reshape(x.shape())); });
}

Var flatten(const Var& x) {
  const Shape& shape = x.shape();
  detail::require_rank(shape.rank() >= 1, "flatten", shape, "[N,..]");
  int64_t width = 1;
  for (int axis = 1; axis < shape.rank(); ++axis) width *= shape[axis];
  return reshape(x, {shape[0], width});
}

Var pad_reflect(const Var& x, int top, int bottom, int left, int right) {
  const Shape& shape = x.shape();
  const auto fits = [](int before, int after, int64_t extent) {
    return before >= 0 && after >= 0 && before < extent && after < extent;
  };
  detail::require_rank(shape.rank() == 4 && fits(top, bottom, shape[1]) && fits(left, right, shape[2]), "pad_reflect",
                       shape,
                       fmt::format("[N,H,W,C] with H > {}, W > {}", std::max(top, bottom), std::max(left, right)));
  const kernels::Margins margins{top, bottom, left, right};
  return record("pad_reflect", kernels::reflect_pad(x.value(), margins), {x},
                [x, margins](const Tensor& dy) { x.add_grad(kernels::reflect_pad_backward(dy, margins)); });
}

Var concat(const std::vector<Var>& parts) {
  FOVEA_CHECK(!parts.empty(), "concat of nothing");
  const Shape& first = parts[0].shape();
  int64_t channels = 0;
  for (const Var& part : parts) {
    const bool fits = part.shape().rank() == first.rank() && first.rank() > 0 &&
                      with_channels(part.shape(), first.channels()) == first;
    detail::require_fit(fits, "concat", first, part.shape());
    channels += part.shape().channels();
  }
  Tensor y = Tensor::empty(with_channels(first, channels), parts[0].dtype());
  const int64_t size = dtype_size(y.dtype());
  char* out = static_cast<char*>(y.raw());
  for (const Var& part : parts) {
    const int64_t width = part.shape().channels() * size;
    copy_columns(part.value().raw(), width, out, channels * size, pixels(part.shape()), width);
    out += width;
  }
  return record("concat", std::move(y), parts, [parts](const Tensor& dy) {
    int64_t begin = 0;
    for (const Var& part : parts) {
      if (part.needs_grad()) part.add_grad(take_channels(dy, begin, part.shape().channels()));
      begin += part.shape().channels();
    }
  });
}

Var slice_rows(const Var& x, int64_t begin, int64_t end) {
  detail::require_rank(x.shape().rank() > 0 && begin >= 0 && begin <= end && end <= x.extent(0), "slice_rows",
                       x.shape(), "that has the rows");
  return record("slice_rows", x.value().rows(begin, end), {x}, [x, begin, end](const Tensor& dy) {
    Tensor dx = Tensor::zeros(x.shape(), x.dtype());
    dx.rows(begin, end).copy_from(dy);
    x.add_grad(std::move(dx));
  });
}

Var repeat_rows(const Var& x, int64_t count) {
  detail::require_rank(x.shape().rank() > 0 && x.extent(0) == 1, "repeat_rows", x.shape(), "[1,..]");
  Shape shape = x.shape();
  shape[0] = count;
  Tensor y = Tensor::empty(shape, x.dtype());
  for (int64_t i = 0; i < count; ++i) y.rows(i, i + 1).copy_from(x.value());
  return record("repeat_rows", std::move(y), {x}, [x](const Tensor& dy) {
    x.add_grad(kernels::column_sums(dy.reshape({dy.extent(0), x.value().count()})).reshape(x.shape()));
  });
}

Var slice_channels(const Var& x, int64_t begin, int64_t end) {
  const bool fits = x.shape().rank() > 0 && begin >= 0 && begin <= end && end <= x.shape().channels();
  detail::require_rank(fits, "slice_channels", x.shape(), "that has the channels");
  return record("slice_channels", take_channels(x.value(), begin, end - begin), {x},
                [x, begin](const Tensor& dy) { x.add_grad(put_channels(dy, x.shape(), begin)); });
}

}  // namespace fovea::ops
