// Our side of the pose workloads of share/bench/run; protocol as in bench_bn.cc.
//
//   bench_pose MODELS_FOLDER WORKLOAD THREADS
//
// spatial-*: 14 joints, batch 4, 60x90 maps, 129x129 kernels. detector-*: two banks, 240x360, as the name says.
#include <cstdio>
#include <functional>
#include <memory>
#include <string>

#include "autograd/ops/heat_map_loss.h"
#include "autograd/ops/spatial.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/rng.h"
#include "base/text.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "serve.h"
#include "systems/pose/detector_net.h"
#include "tensor/kernels/dispatch.h"

using namespace fovea;

namespace {

Tensor random_tensor(const Shape& shape, double low, double high) {
  Tensor x = Tensor::empty(shape);
  Rng rng(1, RngPurpose::kTest);
  for (float& value : x.span<float>()) value = static_cast<float>(rng.uniform(low, high));
  return x;
}

struct Job {
  std::function<void()> run;
  int64_t parameters = 0;
};

Job spatial(bool with_gradients) {
  const Var evidence(random_tensor({4, 60, 90, 14}, -0.2, 1), with_gradients);
  const Var kernel(random_tensor({14, 14, 129, 129}, -9, -7), with_gradients),
      bias(random_tensor({14, 14}, -3, -2), with_gradients);
  const Tensor upstream = random_tensor({4, 60, 90, 14}, -1, 1);
  const int64_t parameters = kernel.value().count() + bias.value().count();
  return {[=] {
            Var e = evidence, k = kernel, b = bias;
            k.mutable_value().raw();  // as after an update: the kernels' spectra are made anew
            const Var y = ops::spatial_model(e, k, b, {});
            if (!with_gradients) return;
            backward(y, upstream);
            for (Var* leaf : {&e, &k, &b}) leaf->clear_grad();
          },
          parameters};
}

Job detector(const std::string& models, double width, int64_t batch, bool training) {
  const std::string path = models + "/pose-detector.net";
  pose::DetectorVariant variant;
  variant.channel_share = width;
  variant.dropout = training ? 0.5 : 0;
  auto network =
      std::make_shared<nn::Network>(pose::detector_net(nn::parse_net(read_text_file(path, 1 << 20), path), variant));
  network->initialize(1);
  const Tensor x = random_tensor({batch, 240, 360, 3}, 0, 1);
  if (!training) {
    return {[network, x] {
              const NoGrad no_grad;
              network->forward(Var(x), nn::PassContext::inference());
            },
            network->parameter_count()};
  }
  nn::OptimizerConfig config;
  config.kind = nn::OptimizerKind::kNesterov;
  config.momentum = 0.9;
  config.weight_decay = 1e-4;
  auto optimizer = std::make_shared<nn::Optimizer>(network->parameters(), config);
  const Tensor target = random_tensor({batch, 60, 90, 4}, 0, 1), weight = Tensor::full({batch, 4}, 1);
  return {[=, step = uint64_t{0}]() mutable {
            const Var maps = network->forward(Var(x), nn::PassContext::training(1, step++));
            backward(ops::map_squared_error(maps, target, weight));
            optimizer->step(1e-6);
          },
          network->parameter_count()};
}

Job make_job(const std::string& models, const std::string& name) {
  if (name == "spatial-forward") return spatial(false);
  if (name == "spatial-step") return spatial(true);
  if (name == "pose-step") return detector(models, 0.25, 4, true);
  if (name == "pose-forward") return detector(models, 1, 1, false);
  if (name == "pose-forward-bf16") {
    kernels::use_bf16(true);
    return detector(models, 1, 1, false);
  }
  fail(ErrorKind::kUsage, "no workload '{}'", printable(name));
}

}  // namespace

int main(int argc, char** argv) {
  try {
    const auto threads = argc == 4 ? parse_int(argv[3]) : std::nullopt;
    if (!threads || *threads < 1 || *threads > 1024)
      fail(ErrorKind::kUsage, "usage: bench_pose MODELS_FOLDER WORKLOAD THREADS");
    set_thread_count(static_cast<int>(*threads));
    const Job job = make_job(argv[1], argv[2]);
    bench::serve(job.parameters, job.run);
    return 0;
  } catch (const Error& error) {
    std::fprintf(stderr, "bench_pose: error: %s\n", error.what());
    return static_cast<int>(error.kind());
  }
}
