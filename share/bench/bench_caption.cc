// Caption decoders; protocol in serve.h.
//   caption-step-HIDDEN   one training step, see peer_torch_caption.py
//   caption-beam-HIDDEN   beam 5 over 64 pictures, 12 words
#include <memory>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "network_work.h"
#include "systems/caption/generate.h"

using namespace fovea;
using namespace fovea::caption;

namespace {

constexpr int64_t kBatch = 64, kWords = 11, kSteps = kWords + 1;

struct Workload {
  Decoder decoder;
  nn::Optimizer optimizer;
  CaptionBatch batch;
  int64_t step = 0;

  explicit Workload(const DecoderConfig& config) : decoder(config), optimizer(decoder.parameters(), settings()) {
    decoder.initialize(1);
    Rng rng(1, RngPurpose::kTest);
    batch.annotations = Tensor::empty({kBatch, config.places, config.annotation});
    for (float& value : batch.annotations.span<float>()) value = static_cast<float>(std::max(0.0, rng.normal()));
    for (int64_t b = 0; b < kBatch; ++b) {
      batch.image.push_back(b);
      batch.words.emplace_back();
      for (int64_t t = 0; t < kWords; ++t) batch.words.back().push_back(2 + static_cast<int32_t>(rng.below(9998)));
    }
  }

  static nn::OptimizerConfig settings() {
    nn::OptimizerConfig config;
    config.kind = nn::OptimizerKind::kAdam;
    config.clip_norm = 10;
    return config;
  }

  void train() {
    DecoderPass pass;
    pass.dropout = true;
    pass.step = static_cast<uint64_t>(step++);
    const DecoderOutputs out = decoder.forward(batch, pass);
    const Var loss = ops::add(ops::summed_cross_entropy(out.logits, out.targets, 1.0 / kBatch),
                              ops::doubly_stochastic_penalty(out.recurrent.alpha, out.steps));
    backward(loss);
    optimizer.step(2e-4);
  }

  void search() {
    GenerateOptions options;
    options.beam.max_length = kWords + 1;
    Decoder* one = &decoder;
    const std::vector<uint64_t> keys(kBatch, 0);
    generate({&one, 1}, batch.annotations, keys, options);
  }
};

// `sequences` of kSteps words over kBatch pictures, forward.
double forward_flops(const DecoderConfig& config, int64_t sequences) {
  int64_t multiply_adds = 0;
  for (const PartCost& part : decoder_costs(config))
    multiply_adds += sequences * kSteps * part.per_step + kBatch * part.per_image;
  return 2.0 * static_cast<double>(multiply_adds);
}

// Annotations and their projections are larger than a cache: each step of each sequence reads both.
double attention_bytes(const DecoderConfig& config) {
  return 2.0 * 4.0 * static_cast<double>(kBatch * config.places * config.annotation * kSteps);
}

bench::Job make_job(const bench::Request& request) {
  const std::string& name = request.workload;
  const std::string kind = name.substr(0, name.rfind('-') + 1);
  const auto hidden = parse_int(name.substr(kind.size()));
  if ((kind != "caption-step-" && kind != "caption-beam-") || !hidden || *hidden < 1) bench::no_workload(name);
  DecoderConfig config;
  config.vocabulary = 10000;
  config.hidden = *hidden;
  auto workload = std::make_shared<Workload>(config);
  const bool beam = kind == "caption-beam-";
  bench::Job job;
  job.run = [=] {
    beam ? workload->search() : workload->train();
    return 0.0;
  };
  job.parameters = workload->decoder.parameter_count();
  const int64_t beams = GenerateOptions().beam.width;
  job.flops = beam ? forward_flops(config, beams * kBatch) : 3 * forward_flops(config, kBatch);
  job.bytes = beam ? bench::weight_bytes(job.parameters) * kSteps + attention_bytes(config)
                   : bench::step_bytes(job.parameters, 2) + 2 * attention_bytes(config);
  return job;
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
