#include "autograd/var.h"

#include <atomic>
#include <queue>
#include <unordered_map>

#include "tensor/kernels/pointwise.h"

namespace fovea {
namespace {

thread_local bool no_grad = false;
std::atomic<uint64_t> next_order{1};
std::atomic<uint64_t> next_pass{1};

using NodePointer = std::shared_ptr<detail::Node>;

struct CreatedEarlier {
  bool operator()(const NodePointer& a, const NodePointer& b) const { return a->order < b->order; }
};

bool is_leaf(const detail::Node& node) { return node.inputs.empty(); }

// How many operations below `output` still have to add to the gradient of each leaf.
class OpenUses {
 public:
  explicit OpenUses(const NodePointer& output) {
    std::vector<const detail::Node*> open = {output.get()};
    std::unordered_map<const detail::Node*, bool> seen;
    while (!open.empty()) {
      const detail::Node* node = open.back();
      open.pop_back();
      if (seen[node]) continue;
      seen[node] = true;
      for (const NodePointer& input : node->inputs) {
        if (!input->needs_grad) continue;
        if (is_leaf(*input))
          ++uses_[input.get()];
        else
          open.push_back(input.get());
      }
    }
  }

  // An operation over `inputs` is done: tells of the leaves that wait for no other.
  void close(const std::vector<NodePointer>& inputs, const GradientReady& ready) {
    for (const NodePointer& input : inputs) {
      const auto use = uses_.find(input.get());
      if (use != uses_.end() && --use->second == 0) ready(*input);
    }
  }

 private:
  std::unordered_map<const detail::Node*, int64_t> uses_;
};

}  // namespace

Var::Var(Tensor value, bool needs_grad) : node_(std::make_shared<detail::Node>()) {
  FOVEA_CHECK(value.defined(), "Var of an undefined tensor");
  node_->value = std::move(value);
  node_->needs_grad = needs_grad;
  node_->order = next_order.fetch_add(1, std::memory_order_relaxed);
}

// Gradients of intermediate values may share storage (add() passes dy to both sides), so an addition in place needs
// sole ownership. Leaves always own theirs, because optimisers write it.
void Var::add_grad(Tensor dx) const {
  detail::Node& node = *node_;
  FOVEA_CHECK(dx.shape() == node.value.shape() && dx.dtype() == node.value.dtype(), "gradient {} for a value {} of {}",
              dx.shape().text(), node.value.shape().text(), node.op);
  if (!node.grad.defined()) {
    const bool share = dx.is_sole_owner() || !is_leaf(node);
    node.grad = share ? std::move(dx) : dx.clone();
  } else if (node.grad.is_sole_owner()) {
    kernels::add_into(dx, node.grad);
  } else {
    node.grad = kernels::add(node.grad, dx);
  }
}

bool recording(std::initializer_list<const Var*> inputs) {
  if (no_grad) return false;
  return std::any_of(inputs.begin(), inputs.end(), [](const Var* input) { return input->needs_grad(); });
}

Var record(const char* op, Tensor value, const std::vector<Var>& inputs, std::function<void(const Tensor&)> backward) {
  Var out(std::move(value));
  out.node_->op = op;
  if (no_grad) return out;
  for (const Var& input : inputs) {
    if (input.needs_grad()) out.node_->needs_grad = true;
  }
  if (!out.node_->needs_grad) return out;
  out.node_->backward = std::move(backward);
  out.node_->inputs.reserve(inputs.size());
  for (const Var& input : inputs) {
    if (input.defined()) out.node_->inputs.push_back(input.node());
  }
  return out;
}

void backward(const Var& output, Tensor dy, const GradientReady& ready) {
  FOVEA_CHECK(output.needs_grad(), "backward() from a value that needs no gradient");
  if (!dy.defined()) {
    FOVEA_CHECK(output.value().count() == 1, "backward() without an upstream gradient from {}", output.shape().text());
    dy = Tensor::full(output.shape(), 1, output.dtype());
  }
  output.add_grad(std::move(dy));
  std::optional<OpenUses> uses;
  if (ready) uses.emplace(output.node());
  const uint64_t pass = next_pass.fetch_add(1, std::memory_order_relaxed);
  std::priority_queue<NodePointer, std::vector<NodePointer>, CreatedEarlier> queue;
  output.node()->visited = pass;
  queue.push(output.node());
  while (!queue.empty()) {
    const NodePointer node = queue.top();
    queue.pop();
    if (is_leaf(*node)) continue;
    for (const NodePointer& input : node->inputs) {
      if (!input->needs_grad || input->visited == pass) continue;
      input->visited = pass;
      queue.push(input);
    }
    const Tensor grad = std::move(node->grad);
    node->grad = Tensor();
    const auto run = std::move(node->backward);
    node->backward = nullptr;
    const auto inputs = std::move(node->inputs);
    node->inputs.clear();
    if (grad.defined() && run) run(grad);
    if (uses) uses->close(inputs, ready);
  }
}

NoGrad::NoGrad() : before_(no_grad) { no_grad = true; }
NoGrad::~NoGrad() { no_grad = before_; }

}  // namespace fovea
