#include "systems/bn/population.h"

#include <algorithm>

#include "base/error.h"

namespace fovea::bn {

void PopulationStatistics::add(const std::string& layer, const ops::BatchStatistics& statistics) {
  Sums& sums = layers_[layer];
  const auto features = static_cast<size_t>(statistics.mean.count());
  if (sums.batches == 0) {
    sums.mean.assign(features, 0);
    sums.variance.assign(features, 0);
    sums.samples = statistics.samples;
  }
  FOVEA_CHECK(sums.samples == statistics.samples, "mini-batches of {} and {} samples", sums.samples,
              statistics.samples);
  for (size_t i = 0; i < features; ++i) {
    sums.mean[i] += statistics.mean.at(static_cast<int64_t>(i));
    sums.variance[i] += statistics.variance.at(static_cast<int64_t>(i));
  }
  ++sums.batches;
}

int64_t PopulationStatistics::batches() const {
  int64_t most = 0;
  for (const auto& [name, sums] : layers_) most = std::max(most, sums.batches);
  return most;
}

std::vector<double> PopulationStatistics::mean(const std::string& layer) const {
  const Sums& sums = layers_.at(layer);
  std::vector<double> out = sums.mean;
  for (double& value : out) value /= static_cast<double>(sums.batches);
  return out;
}

// The mean of the batch variances, not the variance of the pooled data: the spread of the batch means is not in it.
std::vector<double> PopulationStatistics::variance(const std::string& layer) const {
  const Sums& sums = layers_.at(layer);
  const double m = static_cast<double>(sums.samples);
  std::vector<double> out = sums.variance;
  for (double& value : out) value *= m / (m - 1) / static_cast<double>(sums.batches);
  return out;
}

void PopulationStatistics::store(nn::Network& network) const {
  for (nn::Buffer* buffer : network.buffers()) {
    FOVEA_CHECK(layers_.contains(buffer->layer), "no statistics of layer {}", buffer->layer);
    const auto values = buffer->name == "running_mean" ? mean(buffer->layer) : variance(buffer->layer);
    buffer->value.copy_from(Tensor::from<double>(buffer->value.shape(), values));
  }
}

bool recalibrate(nn::Network& network, int64_t batches, uint64_t seed, const std::function<Tensor(int64_t)>& next_batch,
                 const std::function<bool()>& should_stop) {
  const NoGrad no_grad;
  PopulationStatistics statistics;
  for (int64_t i = 0; i < batches; ++i) {
    if (should_stop()) return false;
    nn::PassContext context = nn::PassContext::training(seed, static_cast<uint64_t>(i));
    context.update_running = false;
    context.on_statistics = [&](const std::string& layer, const ops::BatchStatistics& batch) {
      statistics.add(layer, batch);
    };
    network.forward(Var(next_batch(i)), context);
  }
  if (batches > 0) statistics.store(network);
  return true;
}

}  // namespace fovea::bn
