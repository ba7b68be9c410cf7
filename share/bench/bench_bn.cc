// Our side of a side-by-side run: one workload, timed in rounds that the driver asks for on stdin.
//
//   bench_bn MODELS_FOLDER WORKLOAD THREADS
//   "go N" -> runs N iterations, answers with their seconds; end of input -> ends
//
// The first line out is "ready PARAMETERS", so that the driver can check that both sides run the same network.
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "serve.h"
#include "tensor/kernels/dispatch.h"

using namespace fovea;

namespace {

struct Workload {
  const char* name;
  const char* net;
  int64_t batch;
  bool is_training;
  bool is_bf16;
  double learning_rate, momentum;
};

constexpr Workload kWorkloads[] = {
    {"mlp-step", "mnist-mlp-bn", 60, true, false, 0.1, 0},  {"cifar-step", "cifar-conv-bn", 64, true, false, 0.01, 0.9},
    {"alexnet-forward", "alexnet", 64, false, false, 0, 0}, {"alexnet-forward-bf16", "alexnet", 64, false, true, 0, 0},
    {"vgg16-forward", "vgg16", 8, false, false, 0, 0},      {"vgg16-forward-bf16", "vgg16", 8, false, true, 0, 0},
};

const Workload& find_workload(const std::string& name) {
  for (const Workload& workload : kWorkloads) {
    if (name == workload.name) return workload;
  }
  fail(ErrorKind::kUsage, "no workload '{}'", printable(name));
}

Tensor random_batch(const nn::InputSpec& input, int64_t batch) {
  Tensor x = Tensor::empty({batch, input.height, input.width, input.channels});
  Rng rng(1, RngPurpose::kTest);
  for (float& value : x.span<float>()) value = rng.uniform() - 0.5F;
  return x;
}

// One iteration of the workload as a function; everything it needs lives in the network and the closure.
std::function<void()> make_iteration(const Workload& workload, nn::Network& network) {
  const Tensor x = random_batch(network.input(), workload.batch);
  if (!workload.is_training) {
    return [&network, x] {
      const NoGrad no_grad;
      network.forward(Var(x), nn::PassContext::inference());
    };
  }
  std::vector<int32_t> labels;
  const int64_t classes = network.output_shape().shape.count();
  for (int64_t i = 0; i < workload.batch; ++i) labels.push_back(static_cast<int32_t>(i % classes));
  nn::OptimizerConfig config;
  config.momentum = workload.momentum;
  auto optimizer = std::make_shared<nn::Optimizer>(network.parameters(), config);
  return [&network, x, labels, optimizer, step = uint64_t{0}, rate = workload.learning_rate]() mutable {
    const Var logits = network.forward(Var(x), nn::PassContext::training(1, step++));
    const Var loss = ops::softmax_cross_entropy(logits, labels);
    backward(loss);
    optimizer->step(rate);
  };
}

void run(const std::string& models, const std::string& name, int threads) {
  set_thread_count(threads);
  const Workload& workload = find_workload(name);
  const std::string path = models + "/" + workload.net + ".net";
  nn::Network network(nn::parse_net(read_text_file(path, 1 << 20), path));
  network.initialize(1);
  kernels::use_bf16(workload.is_bf16);
  bench::serve(network.parameter_count(), make_iteration(workload, network));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto threads = argc == 4 ? parse_int(argv[3]) : std::nullopt;
    if (!threads || *threads < 1 || *threads > 1024)
      fail(ErrorKind::kUsage, "usage: bench_bn MODELS_FOLDER WORKLOAD THREADS");
    run(argv[1], argv[2], static_cast<int>(*threads));
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_bn: error: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
