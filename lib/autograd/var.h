// Reverse-mode differentiation. A Var is a handle to a value and, while gradients are recorded, to the operation that
// made it. backward() walks the operations in reverse order of creation and ADDS into each input's gradient.
#pragma once

#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace fovea {

class Var;

namespace detail {
struct Node {
  Tensor value;
  Tensor grad;  // undefined = zero
  bool needs_grad = false;
  uint64_t order = 0;    // creation order; inputs always precede outputs
  uint64_t visited = 0;  // number of the backward pass that queued this node
  const char* op = "leaf";
  std::vector<std::shared_ptr<Node>> inputs;
  std::function<void(const Tensor& dy)> backward;  // adds into the inputs' gradients; empty for leaves
};
}  // namespace detail

class Var {
 public:
  Var() = default;
  explicit Var(Tensor value, bool needs_grad = false);  // a leaf: data (false) or parameter (true)

  bool defined() const { return node_ != nullptr; }
  const Tensor& value() const { return node_->value; }
  Tensor& mutable_value() { return node_->value; }  // leaves only: optimisers, loading
  const Shape& shape() const { return node_->value.shape(); }
  int64_t extent(int axis) const { return node_->value.extent(axis); }
  DType dtype() const { return node_->value.dtype(); }
  bool needs_grad() const { return node_ != nullptr && node_->needs_grad; }
  void set_needs_grad(bool needs) { node_->needs_grad = needs; }  // leaves only: freezing

  const Tensor& grad() const { return node_->grad; }  // undefined while nothing was added
  Tensor& mutable_grad() { return node_->grad; }
  void clear_grad() { node_->grad = Tensor(); }
  void add_grad(
      Tensor dx) const;  // takes over dx if the gradient is still undefined, else adds elementwise; shape-checked

  const std::shared_ptr<detail::Node>& node() const { return node_; }

 private:
  friend Var record(const char*, Tensor, const std::vector<Var>&, std::function<void(const Tensor&)>);
  std::shared_ptr<detail::Node> node_;
};

// The output of an operation. `backward` is kept only if recording is on and an input needs a gradient; it must capture
// exactly what it needs (Tensors and Vars by value) and call add_grad() on those inputs that need it.
Var record(const char* op, Tensor value, const std::vector<Var>& inputs,
           std::function<void(const Tensor& dy)> backward);

// True if an op over these inputs must keep what its backward needs.
bool recording(std::initializer_list<const Var*> inputs);

// Told of each leaf whose gradient is complete, while the pass goes on below it.
using GradientReady = std::function<void(const detail::Node& leaf)>;

// Runs the backward pass from `output` with upstream gradient `dy` (default: 1 for a scalar). Closures and the
// gradients of intermediate values are dropped as soon as they were used, so memory falls as the pass goes down.
void backward(const Var& output, Tensor dy = {}, const GradientReady& ready = nullptr);

// While alive, nothing is recorded (inference).
class NoGrad {
 public:
  NoGrad();
  ~NoGrad();
  NoGrad(const NoGrad&) = delete;
  NoGrad& operator=(const NoGrad&) = delete;

 private:
  bool before_;
};

}  // namespace fovea
