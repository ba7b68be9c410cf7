// The whole decoder against the vectors: forward, loss, all gradients; and the table of what its options combine to.
#include <doctest/doctest.h>

#include <cmath>
#include <map>

#include "autograd/grad_check.h"
#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/rng.h"
#include "caption_vectors.h"
#include "systems/caption/decoder.h"

using namespace fovea;
using namespace fovea::caption;
using fovea::testing::caption_vector;
using fovea::testing::largest_difference;
using fovea::testing::to_tensor;
using fovea::testing::transposed;

namespace {

// Where each of the paper's letters stands in our parameters.
const std::map<std::string, std::pair<std::string, std::string>> kNames{{"Winit", {"init0", "weight"}},
                                                                        {"binit", {"init0", "bias"}},
                                                                        {"Wh0", {"init_hidden", "weight"}},
                                                                        {"bh0", {"init_hidden", "bias"}},
                                                                        {"Wc0", {"init_cell", "weight"}},
                                                                        {"bc0", {"init_cell", "bias"}},
                                                                        {"W", {"lstm", "input_weight"}},
                                                                        {"b", {"lstm", "bias"}},
                                                                        {"Wa", {"attention0", "weight"}},
                                                                        {"ba", {"attention0", "bias"}},
                                                                        {"Wa1", {"attention1", "weight"}},
                                                                        {"ba1", {"attention1", "bias"}},
                                                                        {"Wh", {"attention_query", "weight"}},
                                                                        {"v", {"attention_score", "weight"}},
                                                                        {"cv", {"attention_score", "bias"}},
                                                                        {"Wb", {"gate", "weight"}},
                                                                        {"bb", {"gate", "bias"}},
                                                                        {"Lh", {"output_hidden", "weight"}},
                                                                        {"bLh", {"output_hidden", "bias"}},
                                                                        {"Lz", {"output_context", "weight"}},
                                                                        {"bLz", {"output_context", "bias"}},
                                                                        {"Lo", {"output", "weight"}},
                                                                        {"bLo", {"output", "bias"}}};

bool is_matrix(const std::string& name) { return name[0] != 'b' && name != "v" && name != "cv"; }

Decoder vector_decoder(const io::Json& json, DType dtype) {
  DecoderConfig config;
  config.vocabulary = 7, config.embedding = 4, config.hidden = 5, config.units = 3, config.annotation = 3,
  config.places = 4;
  Decoder decoder(config, dtype);
  const io::Json& params = json["params"];
  for (const auto& [name, where] : kNames) {
    const Tensor value = to_tensor(params[name], dtype);
    Tensor& target = decoder.find(where.first, where.second)->var.mutable_value();
    target.copy_from((is_matrix(name) ? transposed(value) : value).reshape(target.shape()));
  }
  decoder.find("embedding", "weight")->var.mutable_value().copy_from(to_tensor(params["E"], dtype));
  Tensor& recurrent = decoder.find("lstm", "recurrent_weight")->var.mutable_value();
  const Tensor u = to_tensor(params["U"]), c = to_tensor(params["C"]);
  for (int64_t row = 0; row < 20; ++row) {
    for (int64_t column = 0; column < 8; ++column) {
      const double value = column < 5 ? u.at(column * 20 + row) : c.at((column - 5) * 20 + row);
      if (dtype == DType::kF64)
        recurrent.data<double>()[row * 8 + column] = value;
      else
        recurrent.data<float>()[row * 8 + column] = static_cast<float>(value);
    }
  }
  return decoder;
}

CaptionBatch vector_batch(const io::Json& json, DType dtype) {
  return {to_tensor(json["annotations"], dtype), {0, 1}, {{3, 5, 2}, {4, 6}}};
}

// Rows of a step-after-step layout in the [T,B] arrays of the file; masked rows are left out.
double row_difference(const Tensor& rows, const io::Json& expected) {
  const Tensor all = to_tensor(expected);
  const int64_t width = rows.count() / 7;
  double worst = 0;
  for (int64_t i = 0; i < 7 * width; ++i)
    worst = std::max(worst, std::abs(rows.at(i) - all.at(i)));  // the 8th row is masked
  return worst;
}

void check_decoder(DType dtype, double tolerance) {
  const io::Json json = caption_vector("decoder");
  Decoder decoder = vector_decoder(json, dtype);
  DecoderPass pass;
  pass.annotations_need_gradient = true;
  const DecoderOutputs out = decoder.forward(vector_batch(json, dtype), pass);
  const io::Json& expected = json["outputs"];
  CHECK(row_difference(out.recurrent.h.value(), expected["h"]) < tolerance);
  CHECK(row_difference(out.recurrent.alpha.value(), expected["alpha"]) < tolerance);
  CHECK(row_difference(out.recurrent.gate, expected["beta"]) < tolerance);
  CHECK(row_difference(out.logits.value(), expected["logits"]) < tolerance * 10);
  const Var cost = ops::summed_cross_entropy(out.logits, out.targets, 0.5);
  const Var penalty = ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps);
  CHECK(std::abs(cost.value().item() - expected["cost"].get<double>()) < tolerance * 10);
  CHECK(std::abs(penalty.value().item() - expected["penalty"].get<double>()) < tolerance * 10);
  backward(ops::add(cost, penalty));
  const io::Json& grads = json["grads"];
  for (const auto& [name, where] : kNames) {
    const auto& name_ = name;  // clang 14 captures no structured bindings
    CAPTURE(name_);
    const Tensor value = to_tensor(grads[name]);
    const nn::Parameter& parameter = *decoder.find(where.first, where.second);
    CHECK(largest_difference(parameter.var.grad(), is_matrix(name) ? transposed(value) : value) < tolerance * 10);
  }
  CHECK(largest_difference(decoder.find("embedding", "weight")->var.grad(), to_tensor(grads["E"])) < tolerance * 10);
  CHECK(largest_difference(out.annotations.grad(), to_tensor(grads["annotations"])) < tolerance * 10);
  const Tensor& recurrent = decoder.find("lstm", "recurrent_weight")->var.grad();
  const Tensor u = to_tensor(grads["U"]), c = to_tensor(grads["C"]);
  for (int64_t row = 0; row < 20; ++row) {
    for (int64_t column = 0; column < 8; ++column) {
      const double value = column < 5 ? u.at(column * 20 + row) : c.at((column - 5) * 20 + row);
      CHECK(std::abs(recurrent.at(row * 8 + column) - value) < tolerance * 10);
    }
  }
}

TEST_CASE("decoder: outputs, loss and all gradients of the vector, f64 and f32") {
  check_decoder(DType::kF64, 1e-11);
  check_decoder(DType::kF32, 1e-5);
}

TEST_CASE("decoder: greedy words of the vector, one step after the other") {
  const io::Json json = caption_vector("decoder");
  for (const DType dtype : {DType::kF64, DType::kF32}) {
    Decoder decoder = vector_decoder(json, dtype);
    const EncodedImages images = decoder.encode(vector_batch(json, dtype).annotations);
    CHECK(largest_difference(images.h0, to_tensor(json["outputs"]["h0"])) < 1e-6);
    for (size_t image = 0; image < 2; ++image) {
      DecoderState state = decoder.start(images, {static_cast<int64_t>(image)});
      std::vector<int32_t> words;
      double log_probability = 0;
      int32_t previous = -1;
      while (words.size() < 8 && previous != 0) {
        DecoderStep step = decoder.advance(images, state, {previous}, {});
        previous = 0;
        for (int32_t w = 0; w < 7; ++w) {
          if (step.log_probabilities.at(w) > step.log_probabilities.at(previous)) previous = w;
        }
        log_probability += step.log_probabilities.at(previous);
        words.push_back(previous);
        state = std::move(step.state);
      }
      CHECK(words == json["greedy"][image]["words"].get<std::vector<int32_t>>());
      CHECK(std::abs(log_probability - json["greedy"][image]["log_prob"].get<double>()) <
            (dtype == DType::kF64 ? 1e-10 : 1e-4));
    }
  }
}

DecoderConfig small_config() {
  DecoderConfig config;
  config.vocabulary = 6, config.embedding = 3, config.hidden = 4, config.units = 3, config.annotation = 5,
  config.places = 4, config.dropout = 0;
  return config;
}

void fill_randomly(Decoder& decoder) {
  for (nn::Parameter* parameter : decoder.parameters()) {
    Rng rng(7, RngPurpose::kTest, 1,
            static_cast<uint64_t>(parameter->var.value().count() + static_cast<int64_t>(parameter->layer.size())));
    for (double& value : parameter->var.mutable_value().span<double>()) value = rng.uniform(-0.8, 0.8);
  }
}

// The gradient of every parameter of any combination of options, by central differences.
double worst_gradient(const DecoderConfig& config) {
  Decoder decoder(config, DType::kF64);
  fill_randomly(decoder);
  Rng rng(3, RngPurpose::kTest);
  Tensor annotations = Tensor::empty({2, config.places, config.annotation}, DType::kF64);
  for (double& value : annotations.span<double>()) value = rng.uniform(0, 1.5);
  const CaptionBatch batch{annotations, {1, 0, 1}, {{3, 2, 4}, {5}, {}}};
  DecoderPass pass;
  if (config.attention == AttentionMode::kHard) {
    pass.sampled = {true, false, true};
    pass.uniform = [](int64_t b, int64_t t) {
      return 0.13 + 0.2 * static_cast<double>(b) + 0.19 * static_cast<double>(t);
    };
  }
  const auto loss = [&] {
    const DecoderOutputs out = decoder.forward(batch, pass);
    Var total = ops::summed_cross_entropy(out.logits, out.targets, 1.0 / 3);
    if (config.attends())
      total = ops::add(total, ops::scale(ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps), 0.7));
    if (config.attention == AttentionMode::kHard) {
      total = ops::add(total, ops::hard_attention_loss(out.recurrent.scores, out.steps, out.recurrent.places,
                                                       {{0.3, -0.5, 1.1}, 1, 0.05}));
    }
    return total;
  };
  backward(loss());
  double worst = 0;
  for (nn::Parameter* parameter : decoder.parameters()) {
    const Tensor gradient = parameter->var.grad();
    REQUIRE(gradient.defined());
    for (int64_t i = 0; i < gradient.count(); ++i) {
      const double before = parameter->var.value().at(i), step = 1e-6;
      parameter->var.mutable_value().data<double>()[i] = before + step;
      const double up = loss().value().item();
      parameter->var.mutable_value().data<double>()[i] = before - step;
      const double down = loss().value().item();
      parameter->var.mutable_value().data<double>()[i] = before;
      worst = std::max(worst, std::abs((up - down) / (2 * step) - gradient.at(i)));
    }
  }
  return worst;
}

TEST_CASE("decoder: options combine freely, with right gradients") {
  for (const AttentionMode mode : {AttentionMode::kSoft, AttentionMode::kHard, AttentionMode::kNone,
                                   AttentionMode::kNoneInit, AttentionMode::kBlind}) {
    for (const GateKind gate : {GateKind::kNone, GateKind::kScalar, GateKind::kVector}) {
      DecoderConfig config = small_config();
      config.attention = mode, config.gate = gate;
      CAPTURE(attention_names()[static_cast<size_t>(mode)]);
      CAPTURE(gate_names()[static_cast<size_t>(gate)]);
      CHECK(worst_gradient(config) < 1e-7);
    }
  }
  for (const int64_t layers : {1, 3}) {
    DecoderConfig config = small_config();
    config.attention_layers = layers, config.init_layers = layers, config.output_layers = layers;
    config.deep_output_tanh = layers == 1, config.previous_to_output = layers == 1,
    config.context_to_output = layers == 1;
    CHECK(worst_gradient(config) < 1e-7);
    config.attention_activation = ops::Activation::kRelu;
    config.temperature = 1.7;
    CHECK(worst_gradient(config) < 1e-7);
  }
}

TEST_CASE("decoder: the parameter table agrees with the parameters, and with the specification for COCO") {
  for (const AttentionMode mode :
       {AttentionMode::kSoft, AttentionMode::kNone, AttentionMode::kNoneInit, AttentionMode::kBlind}) {
    for (const GateKind gate : {GateKind::kNone, GateKind::kScalar, GateKind::kVector}) {
      DecoderConfig config = small_config();
      config.attention = mode, config.gate = gate, config.output_layers = 2;
      int64_t sum = 0;
      for (const PartCost& part : decoder_costs(config)) sum += part.parameters;
      CHECK(sum == Decoder(config).parameter_count());
    }
  }
  DecoderConfig coco;
  coco.vocabulary = 10000;
  std::map<std::string, PartCost> parts;
  for (const PartCost& part : decoder_costs(coco)) parts[part.part] = part;
  CHECK(parts["lstm"].parameters == 20340000);
  CHECK(parts["embedding and output"].parameters == 11434768);
  CHECK(parts["init"].parameters == 2109456);
  CHECK(parts["attention"].parameters == 1447425);
  CHECK(parts["gate"].parameters == 1801);
}

TEST_CASE("decoder: square matrices start orthogonal, the others small, biases at zero") {
  DecoderConfig config = small_config();
  config.hidden = 12, config.annotation = 12, config.units = 12;
  Decoder decoder(config);
  decoder.initialize(3);
  const auto off = [&](const std::string& layer, const std::string& name, int64_t first, int64_t n) {
    const Tensor& w = decoder.find(layer, name)->var.value();
    double worst = 0;
    for (int64_t i = 0; i < n; ++i) {
      for (int64_t j = 0; j < n; ++j) {
        double dot = 0;
        for (int64_t k = 0; k < n; ++k)
          dot += w.at((first + i) * w.extent(1) + k) * w.at((first + j) * w.extent(1) + k);
        worst = std::max(worst, std::abs(dot - (i == j ? 1 : 0)));
      }
    }
    return worst;
  };
  for (int64_t gate = 0; gate < 4; ++gate) CHECK(off("lstm", "recurrent_weight", gate * 12, 12) < 1e-5);
  CHECK(off("attention1", "weight", 0, 12) < 1e-5);
  CHECK(off("attention_query", "weight", 0, 12) < 1e-5);
  CHECK(off("attention0", "weight", 0, 12) > 0.9);  // Gaussian of deviation 0.01
  CHECK(decoder.find("lstm", "bias")->var.value().at(13) == 0);
}

}  // namespace
