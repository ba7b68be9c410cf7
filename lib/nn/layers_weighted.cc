// conv, deconv and dense: the layers with weights.
#include <algorithm>
#include <tuple>

#include "autograd/ops/conv.h"
#include "autograd/ops/linear.h"
#include "base/error.h"
#include "base/memory.h"
#include "nn/initialize.h"
#include "nn/layer.h"

namespace fovea::nn {
namespace {

constexpr int64_t kMaxChannels = 1 << 20, kMaxKernel = 1024;

// The keys that conv and dense share.
struct WeightedKeys {
  int64_t out;
  bool bias;
  Initializer initializer;
  double learning_rate_scale, decay_scale;

  explicit WeightedKeys(LayerReader& reader)
      : out(reader.integer("out", 1, kMaxChannels)),
        bias(reader.yes_no("bias", true)),
        initializer(parse_initializer(reader.text("init", "he"), reader.place() + ": init")),
        learning_rate_scale(reader.number("lr", 0, 1e6, 1)),
        decay_scale(reader.number("decay", 0, 1e6, 1)) {}
};

class WeightedLayer : public Layer {
 public:
  WeightedLayer(LayerReader& reader) : name_(reader.name()), place_(reader.place()), keys_(reader) {
    reader.expect_inputs(1, 1);
  }

  bool can_fuse_relu() const override { return true; }

  void initialize(uint64_t seed) override {
    initialize_weight(parameters_[0].var.mutable_value(), keys_.initializer, fan_in_, fan_out_, seed,
                      name_ + "/weight");
    if (keys_.bias) parameters_[1].var.mutable_value().fill(0);
  }

  LayerCost cost() const override {
    const int64_t weights = parameters_[0].var.value().count();
    return {weights * positions_, weights + (keys_.bias ? keys_.out : 0)};
  }

 protected:
  void create(const Shape& weight, int64_t fan_in, int64_t fan_out, int64_t positions, DType dtype) {
    fan_in_ = fan_in;
    fan_out_ = fan_out;
    positions_ = positions;
    // In double: extents of a hostile text may overflow.
    double bytes = static_cast<double>(dtype_size(dtype));
    for (const int64_t extent : weight.extents()) bytes *= static_cast<double>(extent);
    require_memory(bytes < 0x1p62 ? static_cast<int64_t>(bytes) : int64_t{1} << 62, place_ + ": " + name_);
    parameters_.push_back(
        {name_, "weight", Var(Tensor::zeros(weight, dtype), true), keys_.learning_rate_scale, keys_.decay_scale});
    if (keys_.bias)
      parameters_.push_back(
          {name_, "bias", Var(Tensor::zeros({keys_.out}, dtype), true), keys_.learning_rate_scale, 0});
  }

  const Var& weight() const { return parameters_[0].var; }
  Var bias() const { return keys_.bias ? parameters_[1].var : Var(); }

  std::string name_, place_;
  WeightedKeys keys_;

 private:
  int64_t fan_in_ = 1, fan_out_ = 1, positions_ = 1;
};

// pad = same | N | T,B,L,R
void read_padding(LayerReader& reader, int kernel_y, int kernel_x, ops::ConvConfig& config) {
  if (reader.text("pad", "0") == "same") {
    if (kernel_y % 2 == 0 || kernel_x % 2 == 0) {
      fail_data(reader.place() + ": " + reader.name() + ": pad", "an odd kernel for 'same'",
                fmt::format("{}x{}", kernel_y, kernel_x));
    }
    config.pad_top = config.pad_bottom = config.dilation_y * (kernel_y - 1) / 2;
    config.pad_left = config.pad_right = config.dilation_x * (kernel_x - 1) / 2;
    return;
  }
  std::tie(config.pad_top, config.pad_bottom, config.pad_left, config.pad_right) =
      std::tuple_cat(reader.margins("pad"));
}

class Conv : public WeightedLayer {
 public:
  explicit Conv(LayerReader& reader) : WeightedLayer(reader) {
    std::tie(kernel_y_, kernel_x_) = reader.extents("kernel", 1, kMaxKernel, 0);
    std::tie(config_.stride_y, config_.stride_x) = reader.extents("stride", 1, kMaxKernel, 1);
    std::tie(config_.dilation_y, config_.dilation_x) = reader.extents("dilation", 1, kMaxKernel, 1);
    config_.groups = static_cast<int>(reader.integer("groups", 1, kMaxChannels, 1));
    read_padding(reader, kernel_y_, kernel_x_, config_);
  }

  ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) override {
    if (!inputs[0].is_grid())
      fail_data(fmt::format("{}: {}: input", place_, name_), "a grid [H,W,C]", inputs[0].shape.text());
    const int64_t channels = inputs[0].shape[2], groups = config_.groups;
    if (channels % groups != 0 || keys_.out % groups != 0) {
      fail_data(fmt::format("{}: {}: groups", place_, name_),
                fmt::format("a divisor of {} and {}", channels, keys_.out), std::to_string(groups));
    }
    const Shape out{ops::conv_output_extent(inputs[0].shape[0], config_.pad_top + config_.pad_bottom, kernel_y_,
                                            config_.stride_y, config_.dilation_y),
                    ops::conv_output_extent(inputs[0].shape[1], config_.pad_left + config_.pad_right, kernel_x_,
                                            config_.stride_x, config_.dilation_x),
                    keys_.out};
    const int64_t area = int64_t{kernel_y_} * kernel_x_;
    create({keys_.out, channels / groups, kernel_y_, kernel_x_}, area * channels / groups, area * keys_.out / groups,
           out[0] * out[1], dtype);
    return {out, {}};
  }

  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation fused) override {
    ops::ConvConfig config = config_;
    config.activation = fused;
    return ops::conv2d(inputs[0], weight(), bias(), config);
  }

 private:
  int kernel_y_ = 1, kernel_x_ = 1;
  ops::ConvConfig config_;
};

// The transposed convolution. On disk its weights are (in, out, kh, kw): do not change.
class Deconv : public WeightedLayer {
 public:
  explicit Deconv(LayerReader& reader) : WeightedLayer(reader) {
    std::tie(kernel_y_, kernel_x_) = reader.extents("kernel", 1, kMaxKernel, 0);
    std::tie(config_.stride_y, config_.stride_x) = reader.extents("stride", 1, kMaxKernel, 1);
    std::tie(config_.output_pad_y, config_.output_pad_x) = output_pads(reader);
    std::tie(config_.pad_top, config_.pad_bottom, config_.pad_left, config_.pad_right) =
        std::tuple_cat(reader.margins("pad"));
  }

  ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) override {
    if (!inputs[0].is_grid())
      fail_data(fmt::format("{}: {}: input", place_, name_), "a grid [H,W,C]", inputs[0].shape.text());
    const Shape& in = inputs[0].shape;
    const auto& c = config_;
    const Shape out{
        ops::conv_transpose_output_extent(in[0], c.pad_top + c.pad_bottom, kernel_y_, c.stride_y, c.output_pad_y),
        ops::conv_transpose_output_extent(in[1], c.pad_left + c.pad_right, kernel_x_, c.stride_x, c.output_pad_x),
        keys_.out};
    // A value of y sums area / stride^2 of the kernel's places on average.
    const int64_t area = int64_t{kernel_y_} * kernel_x_,
                  places = std::max<int64_t>(1, area / (int64_t{c.stride_y} * c.stride_x));
    create({in[2], keys_.out, kernel_y_, kernel_x_}, places * in[2], area * keys_.out, in[0] * in[1], dtype);
    return {out, {}};
  }

  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation fused) override {
    ops::ConvTransposeConfig config = config_;
    config.activation = fused;
    return ops::conv_transpose2d(inputs[0], weight(), bias(), config);
  }

 private:
  // 0 or N or HxW, each below the stride.
  std::pair<int, int> output_pads(LayerReader& reader) {
    if (reader.text("output_pad", "0") == "0") return {0, 0};
    return reader.extents("output_pad", 0, std::min(config_.stride_y, config_.stride_x) - 1, 0);
  }

  int kernel_y_ = 1, kernel_x_ = 1;
  ops::ConvTransposeConfig config_;
};

class Dense : public WeightedLayer {
 public:
  using WeightedLayer::WeightedLayer;

  ItemShape configure(const std::vector<ItemShape>& inputs, DType dtype) override {
    const int64_t in = inputs[0].shape.count();
    grid_ = inputs[0].is_grid() ? inputs[0].shape : inputs[0].grid;
    if (grid_.rank() == 3 && (grid_[0] * grid_[1] == 1 || grid_[2] == 1)) grid_ = {};  // the two orders are the same
    create({keys_.out, in}, in, keys_.out, 1, dtype);
    return {{keys_.out}, {}};
  }

  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation fused) override {
    return ops::linear(inputs[0], weight(), bias(), fused);
  }

  Shape disk_grid() const override { return grid_; }

 private:
  Shape grid_;
};

}  // namespace

namespace detail {
std::unique_ptr<Layer> make_conv(LayerReader& reader, int) { return std::make_unique<Conv>(reader); }
std::unique_ptr<Layer> make_deconv(LayerReader& reader, int) { return std::make_unique<Deconv>(reader); }
std::unique_ptr<Layer> make_dense(LayerReader& reader, int) { return std::make_unique<Dense>(reader); }
}  // namespace detail

}  // namespace fovea::nn
