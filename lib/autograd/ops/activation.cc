#include "autograd/ops/activation.h"

#include "tensor/kernels/pointwise.h"

namespace fovea::ops {
namespace {

// Each slope is a function of the output alone, so backward keeps y and lets x go.
Var pointwise(const char* op, kernels::Unary kind, const Var& x) {
  const Tensor y = kernels::unary(kind, x.value());
  return record(op, y, {x}, [x, y, kind](const Tensor& dy) { x.add_grad(kernels::unary_backward(kind, y, dy)); });
}

}  // namespace

Var relu(const Var& x) { return pointwise("relu", kernels::Unary::kRelu, x); }
Var sigmoid(const Var& x) { return pointwise("sigmoid", kernels::Unary::kSigmoid, x); }
Var tanh(const Var& x) { return pointwise("tanh", kernels::Unary::kTanh, x); }

Var activate(const Var& x, Activation kind) {
  switch (kind) {
    case Activation::kRelu:
      return relu(x);
    case Activation::kSigmoid:
      return sigmoid(x);
    case Activation::kTanh:
      return tanh(x);
    case Activation::kNone:
      break;
  }
  return x;
}

}  // namespace fovea::ops
