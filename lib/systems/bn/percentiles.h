// The 15th, 50th and 85th percentile of the input to non-linearities over training (Ioffe & Szegedy 2015, figure 1b,c).
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "data/dataset.h"
#include "io/checkpoint_file.h"
#include "nn/network.h"

namespace fovea::bn {

inline constexpr double kPercentiles[] = {15, 50, 85};

class PercentileLog {
 public:
  // `layers` are those whose inputs are watched (a sigmoid's input is the batch_norm's output, not Wu). Throws
  // Error(kUsage) for unknown layers.
  PercentileLog() = default;
  PercentileLog(const nn::NetText& net, const std::vector<std::string>& layers);

  bool empty() const { return layers_.empty(); }
  const std::vector<std::string>& layers() const { return layers_; }
  const std::vector<int64_t>& steps() const { return steps_; }
  // [reports, 3, units] in double.
  const std::vector<double>& values(const std::string& layer) const { return values_.at(layer); }
  int64_t units(const std::string& layer) const { return units_.at(layer); }

  // One row over all of `source`, linear interpolation between order statistics. Grids count every position of a map as
  // a value of its unit. false: should_stop() said so, nothing was added.
  bool record(int64_t step, nn::Network& network, const data::Preprocess& preprocess, const data::ImageSource& source,
              int64_t batch, const std::function<bool()>& should_stop);

  void save(io::CheckpointData& data) const;
  // For reading a file (show): layers and values as stored.
  static PercentileLog stored(const io::CheckpointData& data, const std::string& origin);
  // For resuming: the stored rows of the same layers. Throws Error(kData) if they differ.
  void continue_from(const io::CheckpointData& data, const std::string& origin);

 private:
  std::vector<std::string> layers_;   // as named by the user
  std::vector<std::string> sources_;  // the layer whose output is watched
  std::vector<int64_t> steps_;
  std::map<std::string, std::vector<double>> values_;
  std::map<std::string, int64_t> units_;
};

// The unit whose last median is the median over units (spec section 7: "typical").
int64_t typical_unit(const std::vector<double>& values, int64_t units);

// Sum of |change of the median| of one unit over the reports.
double median_drift(const std::vector<double>& values, int64_t units, int64_t unit);

}  // namespace fovea::bn
