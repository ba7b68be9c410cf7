// A layer of a feed-forward network: parameters, buffers, and one call of an op.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "autograd/ops/norm.h"
#include "autograd/var.h"
#include "nn/layer_reader.h"

namespace fovea::nn {

// One trainable array. `value` in memory may differ from the file's order only for dense weights over a grid (see
// DiskOrder).
struct Parameter {
  std::string layer, name;  // "conv1", "weight"
  Var var;
  double learning_rate_scale = 1;
  double decay_scale = 1;  // 0 for gamma, beta, bias  // [ours] spec section 11
};

// State that is not trained by gradients: running_mean, running_var.
struct Buffer {
  std::string layer, name;
  Tensor value;
};

// What flows between layers, without the batch axis: [H,W,C] or [K]. A flattened grid remembers where it came from, so
// that dense weights can be stored in Caffe's CHW order while activations are HWC.
struct ItemShape {
  Shape shape;
  Shape grid;  // [H,W,C] behind a flatten; rank 0 otherwise
  bool is_grid() const { return shape.rank() == 3; }
};

// Everything about one pass that is not the data. Training or inference is said here, never guessed.
struct PassContext {
  ops::BatchNormMode norm = ops::BatchNormMode::kFrozen;
  bool update_running = false;  // moving averages
  bool dropout = false;
  uint64_t seed = 1;
  uint64_t step = 0;
  uint64_t mask_stream = 0;  // processes that share a batch draw masks of their own (train/data_parallel.h)
  // Sums batch statistics over processes, so that batch_norm sees the whole batch; empty: those of this process.
  ops::SumOverProcesses sum_statistics;
  // Sees the batch statistics of every BN layer (population pass).
  std::function<void(const std::string& layer, const ops::BatchStatistics&)> on_statistics;
  // Sees the outputs of the layers named in `watch`.
  std::vector<std::string> watch;
  std::function<void(const std::string& layer, const Var&)> on_output;

  static PassContext inference() { return {}; }
  static PassContext training(uint64_t seed, uint64_t step) {
    PassContext context;
    context.norm = ops::BatchNormMode::kBatch;
    context.update_running = true;
    context.dropout = true;
    context.seed = seed;
    context.step = step;
    return context;
  }
};

// Multiply-adds and sizes of one item, for --dry-run.
struct LayerCost {
  int64_t multiply_adds = 0;
  int64_t parameters = 0;
};

class Layer {
 public:
  virtual ~Layer() = default;

  // Infers the output; creates parameters (unset) of the given dtype. Called once.
  virtual ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) = 0;
  // `fused` is an activation that the layer was asked to apply itself (only if can_fuse()).
  virtual Var forward(const std::vector<Var>& inputs, const PassContext& context, ops::Activation fused) = 0;
  virtual bool can_fuse_relu() const { return false; }
  virtual void initialize(uint64_t /*seed*/) {}
  virtual LayerCost cost() const { return {}; }

  std::vector<Parameter>& parameters() { return parameters_; }
  const std::vector<Parameter>& parameters() const { return parameters_; }
  std::vector<Buffer>& buffers() { return buffers_; }
  const std::vector<Buffer>& buffers() const { return buffers_; }

  // [H,W,C] if the columns of `weight` must be permuted to [C,H,W] on disk; rank 0 otherwise.
  virtual Shape disk_grid() const { return {}; }

 protected:
  std::vector<Parameter> parameters_;
  std::vector<Buffer> buffers_;
};

// Reads the line's keys; throws Error(kData) for an unknown kind or key. `index` seeds dropout.
std::unique_ptr<Layer> make_layer(const NetText& net, const LayerLine& line, int index);

// The names of all kinds, for messages and tests.
const std::vector<std::string>& layer_kinds();

namespace detail {
using Factory = std::unique_ptr<Layer> (*)(LayerReader&, int index);
std::unique_ptr<Layer> make_conv(LayerReader&, int);
std::unique_ptr<Layer> make_deconv(LayerReader&, int);
std::unique_ptr<Layer> make_dense(LayerReader&, int);
std::unique_ptr<Layer> make_batch_norm(LayerReader&, int);
std::unique_ptr<Layer> make_lrn(LayerReader&, int);
std::unique_ptr<Layer> make_scale(LayerReader&, int);
std::unique_ptr<Layer> make_reflect_pad(LayerReader&, int);
std::unique_ptr<Layer> make_max_pool(LayerReader&, int);
std::unique_ptr<Layer> make_average_pool(LayerReader&, int);
std::unique_ptr<Layer> make_global_average_pool(LayerReader&, int);
std::unique_ptr<Layer> make_relu(LayerReader&, int);
std::unique_ptr<Layer> make_sigmoid(LayerReader&, int);
std::unique_ptr<Layer> make_tanh(LayerReader&, int);
std::unique_ptr<Layer> make_dropout(LayerReader&, int);
std::unique_ptr<Layer> make_concat(LayerReader&, int);
std::unique_ptr<Layer> make_add(LayerReader&, int);
std::unique_ptr<Layer> make_flatten(LayerReader&, int);
std::unique_ptr<Layer> make_slice(LayerReader&, int);
std::unique_ptr<Layer> make_upsample(LayerReader&, int);
std::unique_ptr<Layer> make_contrast_norm(LayerReader&, int);
}  // namespace detail

}  // namespace fovea::nn
