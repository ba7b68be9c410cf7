// Our side of the caption benchmark; protocol as in bench_bn.cc.
//   bench_caption MODELS caption-step-HIDDEN THREADS      one training step, see peer_torch_caption.py
//   bench_caption MODELS caption-beam-HIDDEN THREADS      beam 5 over 64 pictures, 12 words
#include <cstdio>
#include <string>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "nn/optimizer.h"
#include "serve.h"
#include "systems/caption/generate.h"

using namespace fovea;
using namespace fovea::caption;

namespace {

constexpr int64_t kBatch = 64, kWords = 11;

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

void run(const std::string& name) {
  const std::string kind = name.substr(0, name.rfind('-') + 1);
  const auto hidden = parse_int(name.substr(kind.size()));
  if ((kind != "caption-step-" && kind != "caption-beam-") || !hidden || *hidden < 1) {
    fail(ErrorKind::kUsage, "no workload '{}'", printable(name));
  }
  DecoderConfig config;
  config.vocabulary = 10000;
  config.hidden = *hidden;
  Workload workload(config);
  const bool beam = kind == "caption-beam-";
  bench::serve(workload.decoder.parameter_count(), [&] { beam ? workload.search() : workload.train(); });
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto threads = argc == 4 ? parse_int(argv[3]) : std::nullopt;
    if (!threads || *threads < 1 || *threads > 1024) {
      fail(ErrorKind::kUsage, "usage: bench_caption MODELS_FOLDER WORKLOAD THREADS");
    }
    set_thread_count(static_cast<int>(*threads));
    run(argv[2]);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_caption: error: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
