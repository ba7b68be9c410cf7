#include "nn/network.h"

#include <algorithm>
#include <map>
#include <set>

#include "base/error.h"
#include "base/memory.h"
#include "base/text.h"
#include "tensor/kernels/layout.h"

namespace fovea::nn {
namespace {

struct Step {
  std::unique_ptr<Layer> layer;  // null for the input
  std::vector<size_t> inputs;    // indices of earlier steps
  ItemShape shape;
  int users = 0;
  size_t fused_relu = 0;  // index of the only user, a relu that this layer can apply itself; 0 = none
};

std::vector<float> channel_values(LayerReader& reader, const std::string& key, int64_t channels, float fallback) {
  const auto numbers = reader.numbers(key);
  std::vector<float> out(numbers.begin(), numbers.end());
  if (out.empty()) out = {fallback};
  if (out.size() == 1) out.resize(static_cast<size_t>(channels), out[0]);
  if (static_cast<int64_t>(out.size()) != channels) {
    fail_data(reader.place() + ": " + key, fmt::format("1 or {} values", channels), std::to_string(out.size()));
  }
  return out;
}

InputSpec read_input(const NetText& net) {
  LayerReader reader(net, net.layers.front());
  InputSpec spec;
  spec.height = reader.integer("height", 1, 1 << 14);
  spec.width = reader.integer("width", 1, 1 << 14);
  spec.channels = reader.integer("channels", 1, 1 << 14);
  spec.mean = channel_values(reader, "mean", spec.channels, 0);
  spec.stddev = channel_values(reader, "std", spec.channels, 1);
  for (const float value : spec.stddev) {
    if (value <= 0) fail_data(reader.place() + ": std", "values above 0", format_number(value));
  }
  spec.bgr = reader.choice("order", {"rgb", "bgr"}, "rgb") == "bgr";
  spec.threshold = static_cast<int>(reader.integer("threshold", 0, 254, -1));
  reader.expect_inputs(0, 0);
  reader.finish();
  return spec;
}

// Dense weight columns between memory (HWC) and file (CHW) order.
Array to_array(const std::string& layer, const std::string& name, const Tensor& value, const Shape& grid) {
  Array array{layer, name, value.shape(), std::vector<float>(static_cast<size_t>(value.count()))};
  const Tensor single = value.to(DType::kF32);
  if (grid.rank() == 3 && name == "weight") {
    kernels::columns_hwc_to_chw(single.data<float>(), array.values.data(), value.extent(0), grid[0], grid[1], grid[2]);
  } else {
    std::copy_n(single.data<float>(), value.count(), array.values.data());
  }
  return array;
}

void from_array(const Array& array, Tensor& value, const Shape& grid) {
  Tensor single = Tensor::empty(value.shape());
  if (grid.rank() == 3 && array.name == "weight") {
    kernels::columns_chw_to_hwc(array.values.data(), single.data<float>(), value.extent(0), grid[0], grid[1], grid[2]);
  } else {
    std::copy_n(array.values.data(), value.count(), single.data<float>());
  }
  value.copy_from(single);
}

}  // namespace

struct Network::State {
  NetText text;
  InputSpec input;
  DType dtype;
  std::vector<Step> steps;

  size_t index_of(const std::string& name) const {
    for (size_t i = 0; i < text.layers.size(); ++i) {
      if (text.layers[i].name == name) return i;
    }
    std::vector<std::string> names;
    for (const auto& layer : text.layers) names.push_back(layer.name);
    const std::string near = nearest(name, names);
    throw Error(ErrorKind::kUsage, fmt::format("{}: no layer '{}'", text.origin, printable(name)),
                near.empty() ? "layers: " + join(names, " ") : fmt::format("did you mean '{}'?", near));
  }

  void build();
  void plan_fusion();
  Var run(size_t last, const Var& x, const PassContext& context) const;
  void check_input(const Var& x) const;
};

Network::Network(NetText text, DType dtype) : state_(std::make_unique<State>()) {
  state_->text = std::move(text);
  state_->dtype = dtype;
  state_->input = read_input(state_->text);
  state_->build();
  state_->plan_fusion();
}

Network::Network(Network&&) noexcept = default;
Network& Network::operator=(Network&&) noexcept = default;
Network::~Network() = default;

void Network::State::build() {
  const Shape in{input.height, input.width, input.channels};
  steps.push_back({nullptr, {}, {in, {}}, 0, 0});
  int64_t bytes = 0;  // of all parameters and buffers
  for (size_t i = 1; i < text.layers.size(); ++i) {
    const LayerLine& line = text.layers[i];
    Step step;
    step.layer = make_layer(text, line, static_cast<int>(i));
    std::vector<ItemShape> shapes;
    for (const auto& name : line.inputs) {
      step.inputs.push_back(index_of(name));
      shapes.push_back(steps[step.inputs.back()].shape);
      ++steps[step.inputs.back()].users;
    }
    try {
      step.shape = step.layer->configure(shapes, dtype);
    } catch (const Error& error) {  // the ops know no line numbers
      const std::string place = fmt::format("{}:{}: ", text.origin, line.line);
      if (std::string_view(error.what()).starts_with(text.origin)) throw;
      throw Error(error.kind(), fmt::format("{}{}: {}", place, line.name, error.what()), error.hint());
    }
    for (const Parameter& parameter : step.layer->parameters()) bytes += parameter.var.value().bytes();
    for (const Buffer& buffer : step.layer->buffers()) bytes += buffer.value.bytes();
    require_memory(bytes, text.origin + ": parameters");
    steps.push_back(std::move(step));
  }
}

void Network::State::plan_fusion() {
  for (size_t i = 1; i < steps.size(); ++i) {
    if (text.layers[i].kind != "relu") continue;
    Step& source = steps[steps[i].inputs[0]];
    if (source.layer != nullptr && source.users == 1 && source.layer->can_fuse_relu()) source.fused_relu = i;
  }
}

void Network::State::check_input(const Var& x) const {
  const bool fits = x.shape().rank() == 4 && x.extent(3) == input.channels;
  if (!fits)
    fail_data(text.origin + ": input", fmt::format("[N,{},{},{}]", input.height, input.width, input.channels),
              x.shape().text());
  FOVEA_CHECK(x.dtype() == dtype, "input of another type than the network");
}

Var Network::State::run(size_t last, const Var& x, const PassContext& context) const {
  check_input(x);
  std::vector<Var> outputs(steps.size());
  std::vector<int> left(steps.size());
  for (size_t i = 0; i < steps.size(); ++i) left[i] = steps[i].users;
  const auto watched = [&](size_t i) {
    return std::find(context.watch.begin(), context.watch.end(), text.layers[i].name) != context.watch.end();
  };
  outputs[0] = x;
  for (size_t i = 1; i <= last; ++i) {
    const Step& step = steps[i];
    if (outputs[i].defined()) continue;  // a relu that its source already applied
    std::vector<Var> inputs;
    for (const size_t from : step.inputs) inputs.push_back(outputs[from]);
    const bool fuse = step.fused_relu != 0 && i != last && !watched(i);
    Var y = step.layer->forward(inputs, context, fuse ? ops::Activation::kRelu : ops::Activation::kNone);
    for (const size_t from : step.inputs) {
      if (--left[from] == 0) outputs[from] = Var();  // memory falls as soon as the last user is done
    }
    const size_t made = fuse ? step.fused_relu : i;
    if (watched(made) && context.on_output) context.on_output(text.layers[made].name, y);
    outputs[made] = std::move(y);
  }
  return outputs[last];
}

Var Network::forward(const Var& x, const PassContext& context) {
  return state_->run(state_->steps.size() - 1, x, context);
}

Var Network::forward_to(const std::string& layer, const Var& x, const PassContext& context) {
  return state_->run(state_->index_of(layer), x, context);
}

const NetText& Network::text() const { return state_->text; }
const InputSpec& Network::input() const { return state_->input; }
DType Network::dtype() const { return state_->dtype; }
const ItemShape& Network::output_shape() const { return state_->steps.back().shape; }
const ItemShape& Network::shape_of(const std::string& layer) const {
  return state_->steps[state_->index_of(layer)].shape;
}

void Network::initialize(uint64_t seed) {
  for (auto& step : state_->steps) {
    if (step.layer) step.layer->initialize(seed);
  }
}

std::vector<Parameter*> Network::parameters() {
  std::vector<Parameter*> out;
  for (auto& step : state_->steps) {
    if (!step.layer) continue;
    for (auto& parameter : step.layer->parameters()) out.push_back(&parameter);
  }
  return out;
}

std::vector<Buffer*> Network::buffers() {
  std::vector<Buffer*> out;
  for (auto& step : state_->steps) {
    if (!step.layer) continue;
    for (auto& buffer : step.layer->buffers()) out.push_back(&buffer);
  }
  return out;
}

void Network::clear_gradients() {
  for (Parameter* parameter : parameters()) parameter->var.clear_grad();
}

Layer* Network::find_layer(const std::string& name) {
  for (size_t i = 1; i < state_->steps.size(); ++i) {
    if (state_->text.layers[i].name == name) return state_->steps[i].layer.get();
  }
  return nullptr;
}

std::vector<Array> Network::export_arrays() const {
  std::vector<Array> out;
  for (const auto& step : state_->steps) {
    if (!step.layer) continue;
    const Shape grid = step.layer->disk_grid();
    for (const auto& parameter : step.layer->parameters())
      out.push_back(to_array(parameter.layer, parameter.name, parameter.var.value(), grid));
    for (const auto& buffer : step.layer->buffers())
      out.push_back(to_array(buffer.layer, buffer.name, buffer.value, {}));
  }
  return out;
}

void Network::import_arrays(const std::vector<Array>& arrays, const std::string& origin) {
  std::map<std::string, const Array*> by_name;
  for (const auto& array : arrays) by_name[array.layer + "/" + array.name] = &array;
  const auto take = [&](const std::string& layer, const std::string& name, Tensor& value, const Shape& grid) {
    const std::string key = layer + "/" + name;
    const auto it = by_name.find(key);
    if (it == by_name.end())
      fail_data(fmt::format("{}: model/{}", origin, key), "an array " + value.shape().text(), "nothing");
    if (!(it->second->shape == value.shape())) {
      fail_data(fmt::format("{}: model/{}", origin, key), value.shape().text(), it->second->shape.text());
    }
    from_array(*it->second, value, grid);
    by_name.erase(it);
  };
  for (auto& step : state_->steps) {
    if (!step.layer) continue;
    for (auto& parameter : step.layer->parameters())
      take(parameter.layer, parameter.name, parameter.var.mutable_value(), step.layer->disk_grid());
    for (auto& buffer : step.layer->buffers()) take(buffer.layer, buffer.name, buffer.value, {});
  }
  if (!by_name.empty())
    fail_data(fmt::format("{}: model/{}", origin, by_name.begin()->first), "no such array in this network", "one");
}

int64_t Network::parameter_count() const {
  int64_t total = 0;
  for (const auto& step : state_->steps) total += step.layer ? step.layer->cost().parameters : 0;
  return total;
}

int64_t Network::multiply_adds() const {
  int64_t total = 0;
  for (const auto& step : state_->steps) total += step.layer ? step.layer->cost().multiply_adds : 0;
  return total;
}

std::string Network::describe() const {
  std::string out =
      fmt::format("{:<32} {:<16} {:<16} {:>12} {:>14}\n", "layer", "kind", "output", "parameters", "multiply-adds");
  for (size_t i = 0; i < state_->steps.size(); ++i) {
    const auto& line = state_->text.layers[i];
    const LayerCost cost = state_->steps[i].layer ? state_->steps[i].layer->cost() : LayerCost{};
    out += fmt::format("{:<32} {:<16} {:<16} {:>12} {:>14}\n", line.name, line.kind,
                       state_->steps[i].shape.shape.text(), cost.parameters, cost.multiply_adds);
  }
  out += fmt::format("{:<32} {:<16} {:<16} {:>12} {:>14}\n", "total", "", "", parameter_count(), multiply_adds());
  return out;
}

}  // namespace fovea::nn
