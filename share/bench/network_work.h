// Networks of share/models for the workloads, and the least work that passes through them take.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/error.h"
#include "base/file.h"
#include "base/rng.h"
#include "nn/network.h"
#include "nn/optimizer.h"
#include "serve.h"
#include "tensor/tensor.h"

namespace fovea::bench {

inline nn::NetText read_net(const std::string& models, const std::string& name) {
  const std::string path = models + "/" + name + ".net";
  return nn::parse_net(read_text_file(path, 1 << 20), path);
}

inline Tensor random_tensor(const Shape& shape, double low, double high) {
  Tensor x = Tensor::empty(shape);
  Rng rng(1, RngPurpose::kTest);
  for (float& value : x.span<float>()) value = static_cast<float>(rng.uniform(low, high));
  return x;
}

[[noreturn]] inline void no_workload(const std::string& name) {
  fail(ErrorKind::kUsage, "no workload '{}'", printable(name));
}

// Floating-point operations of one pass of a batch: forward, the gradient of the data or that of the weights.
inline double pass_flops(const nn::Network& network, int64_t batch) {
  return 2.0 * static_cast<double>(network.multiply_adds() * batch);
}

// A training step is three passes; nobody needs the gradient of the first layer's data.
inline double step_flops(nn::Network& network, int64_t batch) {
  for (const nn::LayerLine& line : network.text().layers) {
    nn::Layer* layer = network.find_layer(line.name);
    const int64_t first = layer == nullptr ? 0 : layer->cost().multiply_adds;
    if (first > 0) return 3 * pass_flops(network, batch) - 2.0 * static_cast<double>(first * batch);
  }
  return 3 * pass_flops(network, batch);
}

// Memory that passes over the weights need: forward and data gradient read them, the weights' gradient is written, and
// the optimizer reads it and reads and writes the weights and each of its moments. Activations count as cached.
inline double weight_bytes(int64_t parameters) { return 4.0 * static_cast<double>(parameters); }
inline double step_bytes(int64_t parameters, int moments) { return (6 + 2 * moments) * weight_bytes(parameters); }

// A forward pass of x [N,H,W,C].
inline Job forward_job(const std::shared_ptr<nn::Network>& network, const Tensor& x) {
  Job job;
  job.run = [network, x] {
    const NoGrad no_grad;
    network->forward(Var(x), nn::PassContext::inference());
    return 0.0;
  };
  job.parameters = network->parameter_count();
  job.flops = pass_flops(*network, x.extent(0));
  job.bytes = weight_bytes(job.parameters);
  return job;
}

}  // namespace fovea::bench
