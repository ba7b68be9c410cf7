// The recurrent part of an attention decoder as one operation over all steps of a batch (Xu et al. 2015, section 3.1).
//
// Shapes: B sequences, R = sum of their lengths, I images of L places, m input, n hidden, D annotation, K attention
// units. Rows of a batch stand step after step; within a step sequence 0, 1, .., so that sequences must come by falling
// length and step t holds the first active[t] of them. Nothing is computed for a sequence after its end.
#pragma once

#include <cstdint>
#include <functional>
#include <vector>

#include "autograd/ops/activation.h"
#include "autograd/var.h"

namespace fovea::ops {

struct PackedSteps {
  std::vector<int64_t> active;  // sequences still running at each step, not increasing
  // Throws Error(kData) unless the lengths are positive and do not increase.
  static PackedSteps of_lengths(const std::vector<int64_t>& lengths);

  int64_t steps() const { return static_cast<int64_t>(active.size()); }
  int64_t sequences() const { return active.empty() ? 0 : active[0]; }
  int64_t rows() const;
  std::vector<int64_t> offsets() const;  // steps + 1: the first row of each step
};

struct AttentionLstmInputs {
  Var x;                 // [R,m]
  Var h0, c0;            // [B,n]
  Var input_weight;      // W^T [4n,m]; blocks of rows: input, forget, output gate, candidate
  Var recurrent_weight;  // [4n,n+D]: U^T, then C^T; [4n,n] without annotations
  Var bias;              // [4n]
  Var annotations;       // a [I,L,D]; undefined: no context. L must be 1 if `projected` is undefined
  Var projected;         // p [I,L,K]
  Var query_weight;      // Wh^T [K,n]
  Var score_weight;      // v [K]
  Var score_bias;        // cv [1]
  Var gate_weight;       // Wb^T [1,n] or [D,n]; undefined: z = zhat
  Var gate_bias;         // bb [1] or [D]
};

struct AttentionLstmConfig {
  Activation activation = Activation::kTanh;  // kTanh or kRelu, of the attention units
  double temperature = 1;                     // alpha = softmax(temperature e)
  // Hard attention: sequence b looks at one place only, drawn from alpha by inverting its cumulative sum at
  // uniform(b, t) in [0,1). `sampled` empty: none does.
  std::vector<bool> sampled;
  std::function<double(int64_t sequence, int64_t step)> uniform;
  bool argmax = false;         // every sequence looks at its likeliest place (decoding)
  std::vector<int64_t> image;  // of each sequence; empty: sequence b looks at image b
};

struct AttentionLstmOutputs {
  Var h;                        // [R,n]
  Var context;                  // z [R,D], gated; undefined without annotations
  Var alpha;                    // [R,L]; undefined without `projected`, as are the next two
  Var scores;                   // temperature e [R,L], for the gradient of log alpha (hard_attention_loss)
  std::vector<int32_t> places;  // [R] the place looked at; -1: all of them
  Tensor gate;                  // beta [R,1] or [R,D], or undefined
  Tensor c;                     // [B,n] after the last step of each sequence; no gradient flows into it
};

// With h, c of the step before (h0, c0 at first) and f = the activation, for each sequence and step:
//   e_l = f(p_l + h Wh) v + cv;  alpha = softmax(temperature e);  zhat = sum_l alpha_l a_l, or a_s of the place drawn
//   beta = sigmoid(h Wb + bb);  z = beta zhat;  q = x W + [h z] [U; C] + b;  then the step of kernels/lstm.h.
// In a sampled step the gradient of z reaches a_s and beta, and none reaches alpha.
// Throws Error(kData) for shapes that do not fit.
AttentionLstmOutputs attention_lstm(const AttentionLstmInputs& inputs, const PackedSteps& steps,
                                    const AttentionLstmConfig& config = {});

// p = a (Wa Wb ..) + .., the chain of linear layers before the first non-linearity of the attention projection, then
// tanh, then further layers:  y = x W0^T + b0;  and for each further layer  y = tanh(y Wi^T + bi).
// The first two layers have no non-linearity between them, so they are multiplied out once (K^3) instead of being
// applied one after the other to every place. x [..,D], W0 [K,D], Wi [K,K].
Var attention_projection(const Var& x, const std::vector<Var>& weights, const std::vector<Var>& biases);

}  // namespace fovea::ops
