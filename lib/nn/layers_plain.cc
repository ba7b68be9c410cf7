// Layers without parameters: pooling, padding, activations, dropout, concat, add, flatten.
#include <algorithm>
#include <array>

#include "autograd/ops/activation.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/pool.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "nn/layer.h"

namespace fovea::nn {
namespace {

[[noreturn]] void fail_input(const std::string& place, const std::string& name, const std::string& expected,
                             const Shape& found) {
  fail_data(fmt::format("{}: {}: input", place, name), expected, found.text());
}

class Pool : public Layer {
 public:
  Pool(LayerReader& reader, bool average) : place_(reader.place()), name_(reader.name()), average_(average) {
    reader.expect_inputs(1, 1);
    std::tie(config_.kernel_y, config_.kernel_x) = reader.extents("kernel", 1, 1024, 0);
    std::tie(config_.stride_y, config_.stride_x) = reader.extents("stride", 1, 1024, 1);
    const int pad = static_cast<int>(reader.integer("pad", 0, 1024, 0));
    if (pad >= config_.kernel_y || pad >= config_.kernel_x)
      fail_data(place_ + ": pad", "less than the kernel", std::to_string(pad));
    config_.pad_top = config_.pad_bottom = config_.pad_left = config_.pad_right = pad;
    config_.ceil_mode = reader.choice("round", {"down", "up"}, "down") == "up";
    if (average) config_.count_padding = reader.choice("count", {"inside", "all"}, "inside") == "all";
  }

  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    const Shape& in = inputs[0].shape;
    if (in.rank() != 3) fail_input(place_, name_, "a grid [H,W,C]", in);
    const auto& c = config_;
    return {{ops::pool_output_extent(in[0], c.pad_top, c.pad_bottom, c.kernel_y, c.stride_y, c.ceil_mode),
             ops::pool_output_extent(in[1], c.pad_left, c.pad_right, c.kernel_x, c.stride_x, c.ceil_mode), in[2]},
            {}};
  }

  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return average_ ? ops::average_pool(inputs[0], config_) : ops::max_pool(inputs[0], config_);
  }

 private:
  std::string place_, name_;
  bool average_;
  ops::PoolConfig config_;
};

class ReflectPad : public Layer {
 public:
  explicit ReflectPad(LayerReader& reader)
      : place_(reader.place()), name_(reader.name()), margins_(reader.margins("pad")) {
    reader.expect_inputs(1, 1);
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    const Shape& in = inputs[0].shape;
    const auto [top, bottom, left, right] = margins_;
    const bool fits = in.rank() == 3 && std::max(top, bottom) < in[0] && std::max(left, right) < in[1];
    if (!fits) fail_input(place_, name_, "a grid [H,W,C] with sides above the margins", in);
    return {{in[0] + top + bottom, in[1] + left + right, in[2]}, {}};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::pad_reflect(inputs[0], margins_[0], margins_[1], margins_[2], margins_[3]);
  }

 private:
  std::string place_, name_;
  std::array<int, 4> margins_;
};

class GlobalAveragePool : public Layer {
 public:
  explicit GlobalAveragePool(LayerReader& reader) : place_(reader.place()), name_(reader.name()) {
    reader.expect_inputs(1, 1);
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    if (!inputs[0].is_grid()) fail_input(place_, name_, "a grid [H,W,C]", inputs[0].shape);
    return {{inputs[0].shape[2]}, {}};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::global_average_pool(inputs[0]);
  }

 private:
  std::string place_, name_;
};

class Activate : public Layer {
 public:
  Activate(LayerReader& reader, ops::Activation kind) : kind_(kind) { reader.expect_inputs(1, 1); }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override { return inputs[0]; }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::activate(inputs[0], kind_);
  }

 private:
  ops::Activation kind_;
};

class Dropout : public Layer {
 public:
  Dropout(LayerReader& reader, int index)
      : rate_(reader.number("rate", 0, 0.999)),
        index_(index),
        maps_(reader.choice("kind", {"element", "map"}, "element") == "map"),
        place_(reader.place()),
        name_(reader.name()) {
    reader.expect_inputs(1, 1);
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    if (maps_ && !inputs[0].is_grid()) fail_input(place_, name_, "a grid [H,W,C]", inputs[0].shape);
    return inputs[0];
  }
  Var forward(const std::vector<Var>& inputs, const PassContext& context, ops::Activation) override {
    if (!context.dropout) return inputs[0];
    const ops::DropoutKey key{context.seed, static_cast<uint64_t>(index_) | context.mask_stream << 32U, context.step};
    return maps_ ? ops::dropout_maps(inputs[0], rate_, key) : ops::dropout(inputs[0], rate_, key);
  }

 private:
  double rate_;
  int index_;
  bool maps_;
  std::string place_, name_;
};

class Concat : public Layer {
 public:
  explicit Concat(LayerReader& reader) : place_(reader.place()), name_(reader.name()) { reader.expect_inputs(1, 64); }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    Shape out = inputs[0].shape;
    for (size_t i = 1; i < inputs.size(); ++i) {
      Shape same = inputs[i].shape;
      if (same.rank() == out.rank()) same[-1] = out[-1];
      if (!(same == out))
        fail_input(place_, name_, fmt::format("shapes like {} but for the channels", out.text()), inputs[i].shape);
      out[-1] += inputs[i].shape[-1];
    }
    return {out, {}};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::concat(inputs);
  }

 private:
  std::string place_, name_;
};

class Add : public Layer {
 public:
  explicit Add(LayerReader& reader) : place_(reader.place()), name_(reader.name()) { reader.expect_inputs(2, 64); }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    for (const auto& input : inputs) {
      if (!(input.shape == inputs[0].shape)) fail_input(place_, name_, inputs[0].shape.text(), input.shape);
    }
    return inputs[0];
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    Var total = inputs[0];
    for (size_t i = 1; i < inputs.size(); ++i) total = ops::add(total, inputs[i]);
    return total;
  }

 private:
  std::string place_, name_;
};

class Flatten : public Layer {
 public:
  explicit Flatten(LayerReader& reader) { reader.expect_inputs(1, 1); }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    return {{inputs[0].shape.count()}, inputs[0].is_grid() ? inputs[0].shape : inputs[0].grid};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::flatten(inputs[0]);
  }
};

}  // namespace

namespace detail {
std::unique_ptr<Layer> make_max_pool(LayerReader& reader, int) { return std::make_unique<Pool>(reader, false); }
std::unique_ptr<Layer> make_average_pool(LayerReader& reader, int) { return std::make_unique<Pool>(reader, true); }
std::unique_ptr<Layer> make_reflect_pad(LayerReader& reader, int) { return std::make_unique<ReflectPad>(reader); }
std::unique_ptr<Layer> make_global_average_pool(LayerReader& reader, int) {
  return std::make_unique<GlobalAveragePool>(reader);
}
std::unique_ptr<Layer> make_relu(LayerReader& reader, int) {
  return std::make_unique<Activate>(reader, ops::Activation::kRelu);
}
std::unique_ptr<Layer> make_sigmoid(LayerReader& reader, int) {
  return std::make_unique<Activate>(reader, ops::Activation::kSigmoid);
}
std::unique_ptr<Layer> make_tanh(LayerReader& reader, int) {
  return std::make_unique<Activate>(reader, ops::Activation::kTanh);
}
std::unique_ptr<Layer> make_dropout(LayerReader& reader, int index) { return std::make_unique<Dropout>(reader, index); }
std::unique_ptr<Layer> make_concat(LayerReader& reader, int) { return std::make_unique<Concat>(reader); }
std::unique_ptr<Layer> make_add(LayerReader& reader, int) { return std::make_unique<Add>(reader); }
std::unique_ptr<Layer> make_flatten(LayerReader& reader, int) { return std::make_unique<Flatten>(reader); }
}  // namespace detail

}  // namespace fovea::nn
