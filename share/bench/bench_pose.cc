// Part detectors and spatial models; protocol in serve.h.
//   spatial-forward, spatial-step           14 joints, batch 4, 60x90 maps, 129x129 kernels
//   pose-step, pose-forward, ...-bf16       two banks, 240x360; a quarter of the channels for training
#include <cmath>
#include <memory>

#include "autograd/ops/heat_map_loss.h"
#include "autograd/ops/spatial.h"
#include "network_work.h"
#include "systems/pose/detector_net.h"
#include "tensor/kernels/dispatch.h"

using namespace fovea;

namespace {

constexpr int64_t kMaps = 4, kJoints = 14, kHeight = 60, kWidth = 90, kKernel = 129;

// By Fourier transforms: the maps, the kernels and each message once, and the products between; N log2 N 5/2 for a real
// transform of N values. Backward the same again.
double spatial_flops(bool with_gradients) {
  const double values = static_cast<double>((kHeight + kKernel - 1) * (kWidth + kKernel - 1)),
               transforms = kMaps * kJoints + kJoints * kJoints + kMaps * kJoints * kJoints,
               products = kMaps * kJoints * kJoints, product_flops = 3 * values;
  const double forward = transforms * 2.5 * values * std::log2(values) + products * product_flops;
  return with_gradients ? 2 * forward + products * product_flops : forward;
}

bench::Job spatial(bool with_gradients) {
  const Var evidence(bench::random_tensor({kMaps, kHeight, kWidth, kJoints}, -0.2, 1), with_gradients);
  const Var kernel(bench::random_tensor({kJoints, kJoints, kKernel, kKernel}, -9, -7), with_gradients),
      bias(bench::random_tensor({kJoints, kJoints}, -3, -2), with_gradients);
  const Tensor upstream = bench::random_tensor({kMaps, kHeight, kWidth, kJoints}, -1, 1);
  bench::Job job;
  job.run = [=] {
    Var e = evidence, k = kernel, b = bias;
    k.mutable_value().raw();  // as after an update: the kernels' spectra are made anew
    const Var y = ops::spatial_model(e, k, b, {});
    if (!with_gradients) return 0.0;
    backward(y, upstream);
    for (Var* leaf : {&e, &k, &b}) leaf->clear_grad();
    return 0.0;
  };
  job.parameters = kernel.value().count() + bias.value().count();
  job.flops = spatial_flops(with_gradients);
  job.bytes = bench::weight_bytes(job.parameters) * (with_gradients ? 2 : 1);
  return job;
}

std::shared_ptr<nn::Network> detector_network(const std::string& models, double width, bool training) {
  pose::DetectorVariant variant;
  variant.channel_share = width;
  variant.dropout = training ? 0.5 : 0;
  auto network = std::make_shared<nn::Network>(pose::detector_net(bench::read_net(models, "pose-detector"), variant));
  network->initialize(1);
  return network;
}

bench::Job step_job(const std::string& models) {
  auto network = detector_network(models, 0.25, true);
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kNesterov;
  config.momentum = 0.9;
  config.weight_decay = 1e-4;
  auto optimizer = std::make_shared<nn::Optimizer>(network->parameters(), config);
  const Tensor x = bench::random_tensor({kMaps, 240, 360, 3}, 0, 1),
               target = bench::random_tensor({kMaps, kHeight, kWidth, 4}, 0, 1), weight = Tensor::full({kMaps, 4}, 1);
  bench::Job job;
  job.run = [=, step = uint64_t{0}]() mutable {
    const Var maps = network->forward(Var(x), nn::PassContext::training(1, step++));
    backward(ops::map_squared_error(maps, target, weight));
    optimizer->step(1e-6);
    return 0.0;
  };
  job.parameters = network->parameter_count();
  job.flops = bench::step_flops(*network, kMaps);
  job.bytes = bench::step_bytes(job.parameters, 1);
  return job;
}

bench::Job make_job(const bench::Request& request) {
  const std::string& name = request.workload;
  if (name == "spatial-forward") return spatial(false);
  if (name == "spatial-step") return spatial(true);
  if (name == "pose-step") return step_job(request.models);
  kernels::use_bf16(name == "pose-forward-bf16");
  if (name.starts_with("pose-forward")) {
    return bench::forward_job(detector_network(request.models, 1, false), bench::random_tensor({1, 240, 360, 3}, 0, 1));
  }
  bench::no_workload(name);
}

}  // namespace

int main(int argc, char** argv) { return bench::serve_main(argc, argv, make_job); }
