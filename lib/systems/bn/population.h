// Exact population statistics (Ioffe & Szegedy 2015, Algorithm 2, lines 8-11):
//   E[x] = mean over mini-batches of mu_B,   Var[x] = m/(m-1) * mean over mini-batches of sigma_B^2
// in one pass in which every layer runs on batch statistics, as in training.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "nn/network.h"

namespace fovea::bn {

class PopulationStatistics {
 public:
  // One mini-batch of one layer. All batches of a layer must have the same effective size m (drop the ragged last one).
  void add(const std::string& layer, const ops::BatchStatistics& statistics);
  int64_t batches() const;  // of the layer seen most often
  std::vector<double> mean(const std::string& layer) const;
  std::vector<double> variance(const std::string& layer) const;
  // Puts E and Var into the running statistics of every batch_norm layer. REQUIRES that each was seen.
  void store(nn::Network& network) const;

 private:
  struct Sums {
    std::vector<double> mean, variance;
    int64_t batches = 0, samples = 0;
  };
  std::map<std::string, Sums> layers_;
};

// Runs `batches` mini-batches (next_batch(i) gives [N,H,W,C]) in training mode, dropout included, without any update,
// and stores the statistics in the network. false if should_stop() ended it early; the network is then unchanged.
bool recalibrate(nn::Network& network, int64_t batches, uint64_t seed, const std::function<Tensor(int64_t)>& next_batch,
                 const std::function<bool()>& should_stop);

}  // namespace fovea::bn
