// The caption decoder: annotation vectors in, a distribution over words out at every step (Xu et al. 2015,
// section 3.1).
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "autograd/ops/recurrent.h"
#include "autograd/var.h"
#include "nn/layer.h"
#include "systems/caption/decoder_config.h"

namespace fovea::caption {

// Captions to be predicted word by word. Sequences come by falling length.
struct CaptionBatch {
  Tensor annotations;                       // [I,L,D]
  std::vector<int64_t> image;               // of each sequence: 0..I-1
  std::vector<std::vector<int32_t>> words;  // without the end word; may be empty
};

// Everything about one pass that is not the data.
struct DecoderPass {
  bool dropout = false;
  uint64_t seed = 1, step = 0, mask_stream = 0;  // of dropout masks
  std::vector<bool> sampled;                     // hard attention: which sequences draw places; empty: none
  std::function<double(int64_t sequence, int64_t step)> uniform;
  bool argmax = false;                     // hard attention, decoding: the likeliest place
  bool annotations_need_gradient = false;  // to train a backbone, and for tests
};

struct DecoderOutputs {
  ops::PackedSteps steps;        // lengths + 1: the end word is a target
  std::vector<int32_t> targets;  // [R]
  Var logits;                    // [R,V]
  ops::AttentionLstmOutputs recurrent;
  Var annotations;  // the leaf made of the batch's
};

// What images give before the first word: computed once, whatever the number of hypotheses.
struct EncodedImages {
  Var annotations, projected;  // undefined where the decoder has none
  Tensor h0, c0;               // [I,n]
};

// Hypotheses side by side.
struct DecoderState {
  std::vector<int64_t> image;  // [B]
  Tensor h, c;                 // [B,n]
};

struct DecoderStep {
  Tensor log_probabilities;  // [B,V]
  Tensor alpha;              // [B,L] or undefined
  Tensor gate;               // [B,1] or [B,D] or undefined
  DecoderState state;        // after the step
};

class Decoder {
 public:
  explicit Decoder(const DecoderConfig& config, DType dtype = DType::kF32);  // throws Error(kUsage) as check_config()
  Decoder(Decoder&&) noexcept;
  Decoder& operator=(Decoder&&) noexcept;
  ~Decoder();

  const DecoderConfig& config() const;
  // Matrices as config().weights says, Gaussian(0, 0.01^2) by default; square ones orthogonal but the first attention
  // layer; the four blocks of U orthogonal each; biases 0 (arctic-captions). Keyed by (seed, name): none, soft and hard
  // start from the same numbers.
  void initialize(uint64_t seed);
  std::vector<nn::Parameter*> parameters();
  nn::Parameter* find(const std::string& layer, const std::string& name);  // null if absent
  int64_t parameter_count() const;

  // Throws Error(kData) for shapes that do not fit the configuration.
  DecoderOutputs forward(const CaptionBatch& batch, const DecoderPass& pass);

  // Nothing is recorded, and each image's results depend on that image alone.
  EncodedImages encode(const Tensor& annotations);
  DecoderState start(const EncodedImages& images, std::vector<int64_t> image);
  // `previous`: the word before, -1 at first.
  DecoderStep advance(const EncodedImages& images, const DecoderState& state, const std::vector<int32_t>& previous,
                      const DecoderPass& pass);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace fovea::caption
