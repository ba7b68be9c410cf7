// Training steps and forward passes of classifiers; protocol in serve.h.
#include <memory>

#include "autograd/ops/softmax_loss.h"
#include "network_work.h"
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
    {"mlp-step", "mnist-mlp-bn", 60, true, false, 0.1, 0},
    {"cifar-step", "cifar-conv-bn", 64, true, false, 0.01, 0.9},
    {"alexnet-forward", "alexnet", 64, false, false, 0, 0},
    {"alexnet-forward-bf16", "alexnet", 64, false, true, 0, 0},
    {"vgg16-forward", "vgg16", 8, false, false, 0, 0},
    {"vgg16-forward-bf16", "vgg16", 8, false, true, 0, 0},
    {"alexnet-images-1", "alexnet", 1, false, false, 0, 0},
    {"alexnet-images-8", "alexnet", 8, false, false, 0, 0},
    {"alexnet-images-64", "alexnet", 64, false, false, 0, 0},
};

const Workload& find_workload(const std::string& name) {
  for (const Workload& workload : kWorkloads) {
    if (name == workload.name) return workload;
  }
  bench::no_workload(name);
}

bench::Job step_job(const std::shared_ptr<nn::Network>& network, const Tensor& x, const Workload& workload) {
  std::vector<int32_t> labels;
  const int64_t classes = network->output_shape().shape.count();
  for (int64_t i = 0; i < workload.batch; ++i) labels.push_back(static_cast<int32_t>(i % classes));
  nn::OptimizerConfig config;
  config.momentum = workload.momentum;
  auto optimizer = std::make_shared<nn::Optimizer>(network->parameters(), config);
  bench::Job job;
  job.run = [=, step = uint64_t{0}, rate = workload.learning_rate]() mutable {
    const Var logits = network->forward(Var(x), nn::PassContext::training(1, step++));
    const Var loss = ops::softmax_cross_entropy(logits, labels);
    backward(loss);
    optimizer->step(rate);
    return 0.0;
  };
  job.parameters = network->parameter_count();
  job.flops = bench::step_flops(*network, workload.batch);
  job.bytes = bench::step_bytes(job.parameters, workload.momentum > 0 ? 1 : 0);
  return job;
}

bench::Job make_job(const bench::Request& request) {
  const Workload& workload = find_workload(request.workload);
  auto network = std::make_shared<nn::Network>(bench::read_net(request.models, workload.net));
  network->initialize(1);
  kernels::use_bf16(workload.is_bf16);
  const nn::InputSpec& input = network->input();
  const Tensor x = bench::random_tensor({workload.batch, input.height, input.width, input.channels}, -0.5, 0.5);
  return workload.is_training ? step_job(network, x, workload) : bench::forward_job(network, x);
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
