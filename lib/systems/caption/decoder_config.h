// What a caption decoder is made of (Xu et al. 2015, section 3.1; names as in specs: V, m, n, K, D).
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "autograd/ops/activation.h"
#include "nn/initialize.h"

namespace fovea::caption {

enum class AttentionMode {
  kSoft,      // z = sum_i alpha_i a_i
  kHard,      // z = a_s, s drawn from alpha in training
  kNone,      // z = the mean annotation at every step
  kNoneInit,  // the picture enters h_0 and c_0 only
  kBlind,     // no picture at all: a language model, h_0 = tanh(bh0), c_0 = tanh(bc0)
};
enum class GateKind { kNone, kScalar, kVector };

struct DecoderConfig {
  AttentionMode attention = AttentionMode::kSoft;
  GateKind gate = GateKind::kScalar;
  ops::Activation attention_activation = ops::Activation::kTanh;  // kTanh or kRelu
  bool deep_output_tanh = true;                                   // false: the paper's linear form
  bool previous_to_output = true, context_to_output = true;       // prev2out, ctx2out
  int64_t vocabulary = 0, embedding = 512, hidden = 1800, units = 512, annotation = 512, places = 196;
  int64_t attention_layers = 2, init_layers = 2, output_layers = 1;
  double temperature = 1;  // of the softmax over places
  double dropout = 0.5;
  double forget_bias = 0;
  nn::Initializer weights{nn::Initializer::Kind::kGaussian, 0.01};  // of a fresh decoder; not part of its JSON

  bool attends() const { return attention == AttentionMode::kSoft || attention == AttentionMode::kHard; }
  bool has_context() const { return attends() || attention == AttentionMode::kNone; }
};

// Names of the command line: "soft", ...; "none", "scalar", "vector". The parsers throw Error(kData) naming `place`.
const std::vector<std::string>& attention_names();
const std::vector<std::string>& gate_names();
AttentionMode parse_attention(const std::string& name, const std::string& place);
GateKind parse_gate(const std::string& name, const std::string& place);

// Throws Error(kUsage) for sizes and counts out of range or that do not go together.
void check_config(const DecoderConfig& config);

// Canonical JSON, as a checkpoint stores it.
std::string config_json(const DecoderConfig& config);
DecoderConfig parse_config(const std::string& json, const std::string& place);

// Parameters and multiply-adds by part (spec section 11).
struct PartCost {
  std::string part;
  int64_t parameters = 0;
  int64_t per_step = 0, per_image = 0;  // multiply-adds
};
std::vector<PartCost> decoder_costs(const DecoderConfig& config);

}  // namespace fovea::caption
