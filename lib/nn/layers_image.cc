// Layers that prepare and bring together maps of several resolutions: slice, upsample, lcn.
#include "autograd/ops/resample.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "nn/layer.h"
#include "tensor/kernels/contrast_norm.h"

namespace fovea::nn {
namespace {

class GridLayer : public Layer {
 public:
  explicit GridLayer(LayerReader& reader) : place_(reader.place()), name_(reader.name()) { reader.expect_inputs(1, 1); }

 protected:
  const Shape& grid(const std::vector<ItemShape>& inputs) const {
    if (!inputs[0].is_grid())
      fail_data(fmt::format("{}: {}: input", place_, name_), "a grid [H,W,C]", inputs[0].shape.text());
    return inputs[0].shape;
  }
  std::string place_, name_;
};

// The channels [from, to).
class Slice : public GridLayer {
 public:
  explicit Slice(LayerReader& reader)
      : GridLayer(reader), from_(reader.integer("from", 0, 1 << 20)), to_(reader.integer("to", 1, 1 << 20)) {}
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    const Shape& in = grid(inputs);
    if (from_ >= to_ || to_ > in[2])
      fail_data(fmt::format("{}: {}", place_, name_), fmt::format("channels inside 0..{}", in[2]),
                fmt::format("{}..{}", from_, to_));
    return {{in[0], in[1], to_ - from_}, {}};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::slice_channels(inputs[0], from_, to_);
  }

 private:
  int64_t from_, to_;
};

class Upsample : public GridLayer {
 public:
  explicit Upsample(LayerReader& reader) : GridLayer(reader), factor_(reader.integer("factor", 1, 64)) {}
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override {
    const Shape& in = grid(inputs);
    return {{in[0] * factor_, in[1] * factor_, in[2]}, {}};
  }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    return ops::upsample(inputs[0], factor_);
  }

 private:
  int64_t factor_;
};

// Local contrast normalisation of an image or of a level of its pyramid. It stands before everything that learns: no
// gradient passes through it.
class ContrastNorm : public GridLayer {
 public:
  explicit ContrastNorm(LayerReader& reader) : GridLayer(reader) {
    parameters_.size = reader.integer("size", 1, 255, 9);
    if (parameters_.size % 2 == 0) fail_data(place_ + ": size", "an odd number", std::to_string(parameters_.size));
    parameters_.sigma = reader.number("sigma", 0.1, 255, static_cast<double>(parameters_.size) / 4);
    parameters_.mean_floor = reader.choice("floor", {"mean", "constant"}, "mean") == "mean";
  }
  ItemShape configure(const std::vector<ItemShape>& inputs, DType) override { return {grid(inputs), {}}; }
  Var forward(const std::vector<Var>& inputs, const PassContext&, ops::Activation) override {
    FOVEA_CHECK(!inputs[0].needs_grad(), "lcn: an input that needs a gradient");
    return Var(kernels::contrast_norm(inputs[0].value(), parameters_));
  }

 private:
  kernels::ContrastNormParameters parameters_;
};

}  // namespace

namespace detail {
std::unique_ptr<Layer> make_slice(LayerReader& reader, int) { return std::make_unique<Slice>(reader); }
std::unique_ptr<Layer> make_upsample(LayerReader& reader, int) { return std::make_unique<Upsample>(reader); }
std::unique_ptr<Layer> make_contrast_norm(LayerReader& reader, int) { return std::make_unique<ContrastNorm>(reader); }
}  // namespace detail

}  // namespace fovea::nn
