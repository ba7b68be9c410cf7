// Our side of the caption benchmark; protocol as in bench_bn.cc.
//   bench_caption MODELS caption-step-HIDDEN THREADS      one training step, see peer_torch_caption.py
//   bench_caption MODELS caption-beam-HIDDEN THREADS      beam 5 over 64 pictures, 12 words
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <numeric>
#include <string>

#include "autograd/ops/arithmetic.h"
#include "autograd/ops/attention.h"
#include "autograd/ops/softmax_loss.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "nn/optimizer.h"
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

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const std::string name = argv[2];
  set_thread_count(std::atoi(argv[3]));
  DecoderConfig config;
  config.vocabulary = 10000;
  config.hidden = std::atoi(name.substr(name.rfind('-') + 1).c_str());
  Workload workload(config);
  const bool beam = name.starts_with("caption-beam");
  std::printf("ready %lld\n", static_cast<long long>(workload.decoder.parameter_count()));
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = std::atoi(line.c_str() + 3); i > 0; --i) beam ? workload.search() : workload.train();
    std::printf("%.9f\n", std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
    std::fflush(stdout);
  }
}
