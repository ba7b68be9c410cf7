// batch_norm, lrn and scale.
#include <algorithm>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "nn/layer.h"

namespace fovea::nn {
namespace {

// r <- (1 - a) r + a batch, the variance with m/(m-1)   (spec section 3; a = 0.1 [ours], as in PyTorch)
template <typename T>
void move_average(Tensor& running, const Tensor& batch, double momentum, double factor) {
  const auto values = batch.span<T>();
  auto averages = running.span<T>();
  for (size_t i = 0; i < averages.size(); ++i) {
    averages[i] = static_cast<T>((1 - momentum) * averages[i] + momentum * factor * values[i]);
  }
}

class BatchNorm : public Layer {
 public:
  explicit BatchNorm(LayerReader& reader)
      : name_(reader.name()),
        eps_(reader.number("eps", 0, 1, 1e-5)),
        momentum_(reader.number("momentum", 0, 1, 0.1)),
        per_activation_(reader.choice("per", {"channel", "activation"}, "channel") == "activation") {
    reader.expect_inputs(1, 1);
  }

  ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) override {
    const int64_t features = per_activation_ ? inputs[0].shape.count() : inputs[0].shape.channels();
    const Shape shape{features};
    parameters_.push_back({name_, "gamma", Var(Tensor::full(shape, 1, dtype), true), 1, 0});
    parameters_.push_back({name_, "beta", Var(Tensor::zeros(shape, dtype), true), 1, 0});
    buffers_.push_back({name_, "running_mean", Tensor::zeros(shape, dtype)});
    buffers_.push_back({name_, "running_var", Tensor::full(shape, 1, dtype)});
    return inputs[0];
  }

  bool can_fuse_relu() const override { return true; }

  void initialize(uint64_t) override {
    parameters_[0].var.mutable_value().fill(1);
    parameters_[1].var.mutable_value().fill(0);
    buffers_[0].value.fill(0);
    buffers_[1].value.fill(1);
  }

  Var forward(const std::vector<Var>& inputs, const PassContext& context, ops::Activation fused) override {
    const ops::BatchNormConfig config{eps_, context.norm, fused, context.sum_statistics};
    const bool frozen = context.norm == ops::BatchNormMode::kFrozen;
    const Var x = per_activation_ ? ops::flatten(inputs[0]) : inputs[0];
    ops::BatchStatistics statistics;
    Var y = ops::batch_norm(x, parameters_[0].var, parameters_[1].var, buffers_[0].value, buffers_[1].value, config,
                            frozen ? nullptr : &statistics);
    if (!frozen && context.update_running) update(statistics);
    if (!frozen && context.on_statistics) context.on_statistics(name_, statistics);
    return per_activation_ ? ops::reshape(y, inputs[0].shape()) : y;
  }

  LayerCost cost() const override { return {0, 2 * parameters_[0].var.value().count()}; }

 private:
  void update(const ops::BatchStatistics& statistics) {
    const double m = static_cast<double>(statistics.samples);
    const bool single = statistics.mean.dtype() == DType::kF32;
    const auto move = single ? move_average<float> : move_average<double>;
    move(buffers_[0].value, statistics.mean, momentum_, 1);
    move(buffers_[1].value, statistics.variance, momentum_, m / (m - 1));
  }

  std::string name_;
  double eps_, momentum_;
  bool per_activation_;
};

class Lrn : public Layer {
 public:
  explicit Lrn(LayerReader& reader) {
    reader.expect_inputs(1, 1);
    config_.size = static_cast<int>(reader.integer("size", 1, 255, 5));
    if (config_.size % 2 == 0) fail_data(reader.place() + ": size", "an odd window", std::to_string(config_.size));
    config_.alpha = reader.number("alpha", 0, 1e6, 1e-4);
    config_.beta = reader.number("beta", 0, 100, 0.75);
    config_.k = reader.number("k", 1e-6, 1e6, 1);
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override { return inputs[0]; }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::local_response_norm(inputs[0], config_);
  }

 private:
  ops::LrnConfig config_;
};

// y = factor x with one learned factor: how steep the tanh behind a generator is (spec adversarial-trainer.md, section
// 3).
class Scale : public Layer {
 public:
  explicit Scale(LayerReader& reader) : name_(reader.name()), start_(reader.number("value", -1e6, 1e6, 1)) {
    reader.expect_inputs(1, 1);
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) override {
    parameters_.push_back({name_, "factor", Var(Tensor::full({1}, start_, dtype), true), 1, 0});
    return inputs[0];
  }
  void initialize(uint64_t) override { parameters_[0].var.mutable_value().fill(start_); }
  LayerCost cost() const override { return {0, 1}; }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::scale_by(inputs[0], parameters_[0].var);
  }

 private:
  std::string name_;
  double start_;
};

}  // namespace

namespace detail {
std::unique_ptr<Layer> make_batch_norm(LayerReader& reader, int) { return std::make_unique<BatchNorm>(reader); }
std::unique_ptr<Layer> make_lrn(LayerReader& reader, int) { return std::make_unique<Lrn>(reader); }
std::unique_ptr<Layer> make_scale(LayerReader& reader, int) { return std::make_unique<Scale>(reader); }
}  // namespace detail

}  // namespace fovea::nn
