// Rows of the operations of attention decoders.
#include "autograd/op_cases.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/embedding.h"
#include "autograd/ops/recurrent.h"
#include "autograd/ops/shape.h"
#include "autograd/ops/softmax_loss.h"

namespace fovea::testing {
namespace {

using Vars = std::vector<Var>;

OpInput fixed(Shape shape) { return {.shape = shape, .batched = false}; }

// The outputs of attention_lstm side by side, so that one upstream gradient reaches all of them.
struct Recurrence {
  int64_t m, n, images, places, d, k, gates;
  std::vector<int64_t> lengths, image;

  std::vector<OpInput> inputs() const {
    const int64_t b = static_cast<int64_t>(lengths.size()), r = ops::PackedSteps::of_lengths(lengths).rows();
    std::vector<OpInput> out{fixed({r, m}),
                             fixed({b, n}),
                             fixed({b, n}),
                             fixed({4 * n, m}),
                             fixed({4 * n, n + d}),
                             fixed({4 * n}),
                             fixed({images, places, d}),
                             fixed({images, places, k}),
                             fixed({k, n}),
                             fixed({k}),
                             fixed({1})};
    if (gates > 0) out.push_back(fixed({gates, n})), out.push_back(fixed({gates}));
    return out;
  }

  std::function<Var(const Vars&)> build(ops::Activation activation, double temperature,
                                        const std::vector<bool>& sampled) const {
    return [self = *this, activation, temperature, sampled](const Vars& v) {
      ops::AttentionLstmInputs in{v[0], v[1], v[2], v[3], v[4], v[5], v[6], v[7], v[8], v[9], v[10], {}, {}};
      if (self.gates > 0) in.gate_weight = v[11], in.gate_bias = v[12];
      ops::AttentionLstmConfig config;
      config.activation = activation;
      config.temperature = temperature;
      config.sampled = sampled;
      config.uniform = [](int64_t b, int64_t t) { return 0.05 + 0.31 * static_cast<double>((b + 2 * t) % 3); };
      config.image = self.image;
      const auto out = ops::attention_lstm(in, ops::PackedSteps::of_lengths(self.lengths), config);
      return ops::concat({out.h, out.context, out.alpha, out.scores});
    };
  }
};

void add_recurrence(std::vector<OpCase>& out) {
  const Recurrence small{2, 3, 2, 3, 4, 2, 0, {3, 2, 1}, {1, 0, 1}};
  Recurrence scalar = small, vector = small;
  scalar.gates = 1;
  vector.gates = 4;
  const auto add = [&](const char* variant, const Recurrence& r, ops::Activation activation, double temperature,
                       const std::vector<bool>& sampled) {
    out.push_back({.op = "attention_lstm",
                   .variant = variant,
                   .inputs = r.inputs(),
                   .build = r.build(activation, temperature, sampled),
                   .tolerance = 5e-6});
  };
  add("soft, no gate", small, ops::Activation::kTanh, 1, {});
  add("soft, scalar gate, temperature", scalar, ops::Activation::kTanh, 1.8, {});
  add("soft, vector gate, relu", vector, ops::Activation::kRelu, 1, {});
  add("two of three sampled", scalar, ops::Activation::kTanh, 1, {true, false, true});
  const Recurrence large{37, 83, 20, 49, 131, 67, 1, std::vector<int64_t>(20, 5), {}};
  std::vector<OpInput> inputs = large.inputs();
  for (OpInput& input : inputs) input.low = -0.2, input.high = 0.2;  // no gate saturates, nothing grows over the steps
  out.push_back({.op = "attention_lstm",
                 .variant = "large",
                 .inputs = inputs,
                 .build = large.build(ops::Activation::kTanh, 1, {}),
                 .tolerance = 2e-5,
                 .small = false});
}

}  // namespace

void add_attention_cases(std::vector<OpCase>& out) {
  add_recurrence(out);
  const ops::PackedSteps steps = ops::PackedSteps::of_lengths({3, 1});
  out.push_back({.op = "attention_projection",
                 .variant = "one layer",
                 .inputs = {{.shape = {4, 3}}, fixed({5, 3}), fixed({5})},
                 .build = [](const Vars& v) { return ops::attention_projection(v[0], {v[1]}, {v[2]}); }});
  out.push_back(
      {.op = "attention_projection",
       .variant = "three layers",
       .inputs = {{.shape = {4, 3}}, fixed({5, 3}), fixed({5}), fixed({5, 5}), fixed({5}), fixed({5, 5}), fixed({5})},
       .build =
           [](const Vars& v) {
             return ops::attention_projection(v[0], {v[1], v[3], v[5]}, {v[2], v[4], v[6]});
           },
       .tolerance = 5e-6});
  out.push_back({.op = "embedding",
                 .variant = "zero vector, repeated words",
                 .inputs = {fixed({4, 3})},
                 .build = [](const Vars& v) {
                   return ops::embedding(v[0], std::vector<int32_t>{2, -1, 0, 2});
                 }});
  out.push_back({.op = "mean_places", .variant = "small", .inputs = {{.shape = {2, 3, 4}}}, .build = [](const Vars& v) {
                   return ops::mean_places(v[0]);
                 }});
  out.push_back({.op = "gather_rows", .variant = "repeated", .inputs = {fixed({3, 4})}, .build = [](const Vars& v) {
                   return ops::gather_rows(v[0], {2, 0, 2});
                 }});
  out.push_back({.op = "doubly_stochastic_penalty",
                 .variant = "two lengths",
                 .inputs = {fixed({4, 3})},
                 .build = [steps](const Vars& v) { return ops::doubly_stochastic_penalty(v[0], steps, 0.9); }});
  out.push_back({.op = "hard_attention_loss",
                 .variant = "one of two sampled",
                 .inputs = {fixed({4, 3})},
                 .build = [steps](const Vars& v) {
                   return ops::hard_attention_loss(v[0], steps, {1, -1, 0, 2}, {{0.7, -0.4}, 1.3, 0.2});
                 }});
  out.push_back(
      {.op = "summed_cross_entropy", .variant = "small", .inputs = {fixed({4, 5})}, .build = [](const Vars& v) {
         return ops::summed_cross_entropy(v[0], std::vector<int32_t>{1, 4, 0, 1}, 0.3);
       }});
}

}  // namespace fovea::testing
