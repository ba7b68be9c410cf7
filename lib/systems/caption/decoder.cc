#include "systems/caption/decoder.h"

#include <algorithm>
#include <deque>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/check.h"
#include "autograd/ops/dropout.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/linear.h"
#include "autograd/ops/shape.h"
#include "base/error.h"
#include "systems/caption/decoder_init.h"
#include "tensor/kernels/packed_product.h"
#include "tensor/kernels/pointwise.h"
#include "tensor/kernels/softmax.h"

namespace fovea::caption {
namespace {

// A weight and its bias.
struct Dense {
  nn::Parameter *weight = nullptr, *bias = nullptr;
};

// Layers of dropout masks: numbers that stay.
constexpr uint64_t kInitDropout = 100, kHiddenDropout = 200, kOutputDropout = 300;

// y = x W^T + b. While nothing is recorded each row of y is computed from its row of x alone, whatever the batch.
Var dense(const Var& x, const Dense& layer, ops::Activation activation = ops::Activation::kNone) {
  const Var &weight = layer.weight->var, bias = layer.bias != nullptr ? layer.bias->var : Var();
  if (recording({&x, &weight, &bias})) return ops::linear(x, weight, bias, activation);
  const int64_t rows = x.extent(0), in = weight.extent(1), out = weight.extent(0);
  ops::detail::require_fit(x.shape().rank() == 2 && x.extent(1) == in, "dense", x.shape(), weight.shape());
  Tensor y = Tensor::empty({rows, out}, x.dtype());
  if (x.dtype() == DType::kF32)
    kernels::multiply_rows<float>({x.value().data<float>(), rows, in}, weight.value(), {y.data<float>(), rows, out},
                                  false);
  else
    kernels::multiply_rows<double>({x.value().data<double>(), rows, in}, weight.value(), {y.data<double>(), rows, out},
                                   false);
  kernels::add_row_into(bias.defined() ? bias.value() : Tensor(), activation == ops::Activation::kRelu, y);
  const Var z{std::move(y)};
  return activation == ops::Activation::kRelu ? z : ops::activate(z, activation);
}

}  // namespace

struct Decoder::State {
  DecoderConfig config;
  DType dtype;
  std::deque<nn::Parameter> parameters;  // addresses stay
  nn::Parameter *embedding = nullptr, *input_weight = nullptr, *recurrent_weight = nullptr, *lstm_bias = nullptr,
                *query = nullptr;
  std::vector<Dense> init, attention, extra_output;
  Dense init_hidden, init_cell, score, gate, output_hidden, output_context, output;

  nn::Parameter* add(const std::string& layer, const std::string& name, const Shape& shape) {
    nn::Parameter parameter;
    parameter.layer = layer;
    parameter.name = name;
    parameter.var = Var(Tensor::zeros(shape, dtype), true);
    parameters.push_back(std::move(parameter));
    return &parameters.back();
  }
  Dense add_dense(const std::string& layer, int64_t out, int64_t in) {
    return {add(layer, "weight", {out, in}), add(layer, "bias", {out})};
  }

  void build();
  Var initial(const Var& mean, const Dense& layer, const std::vector<int64_t>& image) const;
  Var projected(const Var& annotations) const;
  ops::AttentionLstmInputs inputs(const Var& x, const Var& annotations, const Var& projected, const Var& mean) const;
  Var logits(const Var& x, const ops::AttentionLstmOutputs& steps, const DecoderPass& pass) const;
  std::pair<Var, Var> start(const Var& mean, const std::vector<int64_t>& image, const DecoderPass& pass) const;
  Var drop(const Var& x, uint64_t layer, const DecoderPass& pass) const {
    return pass.dropout ? ops::dropout(x, config.dropout, {pass.seed, layer | pass.mask_stream << 32U, pass.step}) : x;
  }
};

void Decoder::State::build() {
  const DecoderConfig& c = config;
  const int64_t n = c.hidden, m = c.embedding, d = c.annotation, k = c.units, context = c.has_context() ? d : 0;
  embedding = add("embedding", "weight", {c.vocabulary, m});
  if (c.attention == AttentionMode::kBlind) {
    init_hidden.bias = add("init_hidden", "bias", {n});
    init_cell.bias = add("init_cell", "bias", {n});
  } else {
    for (int64_t i = 0; i + 1 < c.init_layers; ++i) init.push_back(add_dense(fmt::format("init{}", i), d, d));
    init_hidden = add_dense("init_hidden", n, d);
    init_cell = add_dense("init_cell", n, d);
  }
  input_weight = add("lstm", "input_weight", {4 * n, m});
  recurrent_weight = add("lstm", "recurrent_weight", {4 * n, n + context});
  lstm_bias = add("lstm", "bias", {4 * n});
  if (c.attends()) {
    for (int64_t i = 0; i < c.attention_layers; ++i)
      attention.push_back(add_dense(fmt::format("attention{}", i), k, i == 0 ? d : k));
    query = add("attention_query", "weight", {k, n});
    score = {add("attention_score", "weight", {k}), add("attention_score", "bias", {1})};
  }
  if (context > 0 && c.gate != GateKind::kNone) gate = add_dense("gate", c.gate == GateKind::kScalar ? 1 : d, n);
  output_hidden = add_dense("output_hidden", m, n);
  if (context > 0 && c.context_to_output) output_context = add_dense("output_context", m, d);
  for (int64_t i = 0; i + 1 < c.output_layers; ++i)
    extra_output.push_back(add_dense(fmt::format("output_extra{}", i), m, m));
  output = add_dense("output", c.vocabulary, m);
  for (nn::Parameter& parameter : parameters) {
    if (parameter.name == "bias") parameter.decay_scale = 0;
  }
}

// tanh(abar W + b) for each sequence; without a picture tanh(b).
Var Decoder::State::initial(const Var& mean, const Dense& layer, const std::vector<int64_t>& image) const {
  const auto rows = static_cast<int64_t>(image.size());
  if (!mean.defined()) {
    const Var zeros{Tensor::zeros({rows, config.hidden}, dtype)};
    return ops::tanh(ops::add_bias(zeros, layer.bias->var));
  }
  return ops::gather_rows(dense(mean, layer, ops::Activation::kTanh), image);
}

std::pair<Var, Var> Decoder::State::start(const Var& mean, const std::vector<int64_t>& image,
                                          const DecoderPass& pass) const {
  Var x = mean;
  for (size_t i = 0; i < init.size(); ++i) x = drop(dense(x, init[i], ops::Activation::kRelu), kInitDropout + i, pass);
  return {initial(x, init_hidden, image), initial(x, init_cell, image)};
}

Var Decoder::State::projected(const Var& annotations) const {
  const int64_t images = annotations.extent(0), places = annotations.extent(1);
  const Var rows = ops::reshape(annotations, {images * places, annotations.extent(2)});
  std::vector<Var> weights, biases;
  for (const Dense& layer : attention) {
    weights.push_back(layer.weight->var);
    biases.push_back(layer.bias->var);
  }
  Var p;
  if (recording({&annotations, &weights[0]})) {
    p = ops::attention_projection(rows, weights, biases);
  } else {
    p = rows;
    for (size_t i = 0; i < attention.size(); ++i)
      p = dense(p, attention[i], i == 0 ? ops::Activation::kNone : ops::Activation::kTanh);
  }
  return ops::reshape(p, {images, places, config.units});
}

ops::AttentionLstmInputs Decoder::State::inputs(const Var& x, const Var& annotations, const Var& p,
                                                const Var& mean) const {
  ops::AttentionLstmInputs in;
  in.x = x;
  in.input_weight = input_weight->var;
  in.recurrent_weight = recurrent_weight->var;
  in.bias = lstm_bias->var;
  if (config.attends()) {
    in.annotations = annotations;
    in.projected = p;
    in.query_weight = query->var;
    in.score_weight = score.weight->var;
    in.score_bias = score.bias->var;
  } else if (config.has_context()) {
    in.annotations = ops::reshape(mean, {mean.extent(0), 1, mean.extent(1)});
  }
  if (gate.weight != nullptr) {
    in.gate_weight = gate.weight->var;
    in.gate_bias = gate.bias->var;
  }
  return in;
}

// r = tanh(h Lh + bLh [+ E y] [+ z Lz + bLz]), logits = r Lo + bLo; dropout on h and on r.
Var Decoder::State::logits(const Var& x, const ops::AttentionLstmOutputs& steps, const DecoderPass& pass) const {
  Var r = dense(drop(steps.h, kHiddenDropout, pass), output_hidden);
  if (config.previous_to_output) r = ops::add(r, x);
  if (output_context.weight != nullptr) r = ops::add(r, dense(steps.context, output_context));
  if (config.deep_output_tanh) r = ops::tanh(r);
  r = drop(r, kOutputDropout, pass);
  for (size_t i = 0; i < extra_output.size(); ++i)
    r = drop(dense(r, extra_output[i], ops::Activation::kRelu), kOutputDropout + 1 + i, pass);
  return dense(r, output);
}

Decoder::Decoder(const DecoderConfig& config, DType dtype) : state_(std::make_unique<State>()) {
  check_config(config);
  state_->config = config;
  state_->dtype = dtype;
  state_->build();
}
Decoder::Decoder(Decoder&&) noexcept = default;
Decoder& Decoder::operator=(Decoder&&) noexcept = default;
Decoder::~Decoder() = default;

const DecoderConfig& Decoder::config() const { return state_->config; }

void Decoder::initialize(uint64_t seed) {
  for (nn::Parameter& parameter : state_->parameters) initialize_parameter(parameter, state_->config, seed);
}

std::vector<nn::Parameter*> Decoder::parameters() {
  std::vector<nn::Parameter*> out;
  for (nn::Parameter& parameter : state_->parameters) out.push_back(&parameter);
  return out;
}

nn::Parameter* Decoder::find(const std::string& layer, const std::string& name) {
  for (nn::Parameter& parameter : state_->parameters) {
    if (parameter.layer == layer && parameter.name == name) return &parameter;
  }
  return nullptr;
}

int64_t Decoder::parameter_count() const {
  int64_t count = 0;
  for (const nn::Parameter& parameter : state_->parameters) count += parameter.var.value().count();
  return count;
}

namespace {

void check_annotations(const Tensor& annotations, const DecoderConfig& config) {
  if (config.attention == AttentionMode::kBlind && !annotations.defined()) return;
  const bool fits = annotations.defined() && annotations.rank() == 3 && annotations.extent(1) == config.places &&
                    annotations.extent(2) == config.annotation;
  if (!fits) {
    fail(ErrorKind::kData, "decoder: expected annotations [I,{},{}], found {}", config.places, config.annotation,
         annotations.defined() ? annotations.shape().text() : "none");
  }
}

// For each row the word before and the word to be predicted; -1 before the first, 0 (the end) after the last.
void lay_out(const CaptionBatch& batch, DecoderOutputs& out, std::vector<int32_t>& previous) {
  std::vector<int64_t> lengths;
  for (const auto& words : batch.words) lengths.push_back(static_cast<int64_t>(words.size()) + 1);
  out.steps = ops::PackedSteps::of_lengths(lengths);
  for (size_t t = 0; t < out.steps.active.size(); ++t) {
    for (int64_t b = 0; b < out.steps.active[t]; ++b) {
      const auto& words = batch.words[static_cast<size_t>(b)];
      previous.push_back(t == 0 ? -1 : words[t - 1]);
      out.targets.push_back(t < words.size() ? words[t] : 0);
    }
  }
}

}  // namespace

DecoderOutputs Decoder::forward(const CaptionBatch& batch, const DecoderPass& pass) {
  const State& s = *state_;
  check_annotations(batch.annotations, s.config);
  DecoderOutputs out;
  std::vector<int32_t> previous;
  lay_out(batch, out, previous);
  Var mean, p;
  if (s.config.attention != AttentionMode::kBlind) {
    out.annotations = Var(batch.annotations, pass.annotations_need_gradient);
    mean = ops::mean_places(out.annotations);
  }
  if (s.config.attends()) p = s.projected(out.annotations);
  const Var x = ops::embedding(s.embedding->var, previous);
  ops::AttentionLstmInputs in = s.inputs(x, out.annotations, p, mean);
  std::tie(in.h0, in.c0) = s.start(mean, batch.image, pass);
  ops::AttentionLstmConfig config{
      s.config.attention_activation, s.config.temperature, pass.sampled, pass.uniform, pass.argmax, batch.image};
  out.recurrent = ops::attention_lstm(in, out.steps, config);
  out.logits = s.logits(x, out.recurrent, pass);
  return out;
}

EncodedImages Decoder::encode(const Tensor& annotations) {
  const NoGrad no_grad;
  const State& s = *state_;
  check_annotations(annotations, s.config);
  EncodedImages out;
  Var mean;
  std::vector<int64_t> all(static_cast<size_t>(annotations.defined() ? annotations.extent(0) : 1));
  for (size_t i = 0; i < all.size(); ++i) all[i] = static_cast<int64_t>(i);
  if (s.config.attention != AttentionMode::kBlind) mean = ops::mean_places(Var(annotations));
  if (s.config.attends()) {
    out.annotations = Var(annotations);
    out.projected = s.projected(out.annotations);
  } else if (s.config.has_context()) {
    out.annotations = mean;
  }
  const auto [h0, c0] = s.start(mean, all, {});
  out.h0 = h0.value();
  out.c0 = c0.value();
  return out;
}

DecoderState Decoder::start(const EncodedImages& images, std::vector<int64_t> image) {
  const NoGrad no_grad;
  DecoderState state;
  state.h = ops::gather_rows(Var(images.h0), image).value();
  state.c = ops::gather_rows(Var(images.c0), image).value();
  state.image = std::move(image);
  return state;
}

DecoderStep Decoder::advance(const EncodedImages& images, const DecoderState& state,
                             const std::vector<int32_t>& previous, const DecoderPass& pass) {
  const NoGrad no_grad;
  const State& s = *state_;
  const Var x = ops::embedding(s.embedding->var, previous);
  ops::AttentionLstmInputs in = s.inputs(x, images.annotations, images.projected, images.annotations);
  in.h0 = Var(state.h);
  in.c0 = Var(state.c);
  ops::PackedSteps one;
  one.active = {static_cast<int64_t>(previous.size())};
  const ops::AttentionLstmOutputs steps = ops::attention_lstm(
      in, one,
      {s.config.attention_activation, s.config.temperature, pass.sampled, pass.uniform, pass.argmax, state.image});
  DecoderStep out;
  out.log_probabilities = kernels::softmax(s.logits(x, steps, {}).value(), true);
  if (steps.alpha.defined()) out.alpha = steps.alpha.value();
  out.gate = steps.gate;
  out.state = {state.image, steps.h.value(), steps.c};
  return out;
}

}  // namespace fovea::caption
