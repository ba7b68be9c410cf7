#include "systems/bn/percentiles.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "base/error.h"
#include "base/parallel.h"
#include "base/text.h"
#include "data/augment.h"
#include "eval/classification.h"

namespace fovea::bn {
namespace {

constexpr size_t kLevels = std::size(kPercentiles);

// Columns of [rows, units] gathered per unit.
struct Samples {
  int64_t units = 0;
  std::vector<std::vector<double>> columns;

  void add(const Tensor& value) {
    units = value.shape().channels();
    columns.resize(static_cast<size_t>(units));
    const auto values = value.span<float>();
    for (size_t i = 0; i < values.size(); ++i) columns[i % static_cast<size_t>(units)].push_back(values[i]);
  }
};

}  // namespace

PercentileLog::PercentileLog(const nn::NetText& net, const std::vector<std::string>& layers) : layers_(layers) {
  for (const auto& name : layers) {
    const nn::LayerLine* line = net.find(name);
    if (line == nullptr || line->inputs.empty()) {
      std::vector<std::string> names;
      for (const auto& layer : net.layers) names.push_back(layer.name);
      fail(ErrorKind::kUsage, "--percentiles: no layer '{}' with an input; layers: {}", printable(name),
           join(names, " "));
    }
    sources_.push_back(line->inputs[0]);
    values_[name];
    units_[name] = 0;
  }
}

bool PercentileLog::record(int64_t step, nn::Network& network, const data::Preprocess& preprocess,
                           const data::ImageSource& source, int64_t batch, const std::function<bool()>& should_stop) {
  const NoGrad no_grad;
  std::map<std::string, Samples> samples;
  nn::PassContext context = nn::PassContext::inference();
  context.watch = sources_;
  context.on_output = [&](const std::string& layer, const Var& y) { samples[layer].add(y.value()); };
  for (int64_t begin = 0; begin < source.size(); begin += batch) {
    if (should_stop()) return false;
    std::vector<int64_t> items(static_cast<size_t>(std::min(batch, source.size() - begin)));
    std::iota(items.begin(), items.end(), begin);
    Tensor x =
        Tensor::empty({static_cast<int64_t>(items.size()), preprocess.height, preprocess.width, preprocess.channels});
    data::load_batch(source, items, preprocess, {}, {}, x.data<float>());
    network.forward(Var(x), context);
  }
  steps_.push_back(step);
  for (size_t i = 0; i < layers_.size(); ++i) {
    Samples& sample = samples.at(sources_[i]);
    auto& values = values_[layers_[i]];
    units_[layers_[i]] = sample.units;
    const size_t first = values.size(), units = static_cast<size_t>(sample.units);
    values.resize(first + kLevels * units);
    parallel_tasks(sample.units, [&](int64_t unit) {
      const auto levels = eval::percentiles(std::move(sample.columns[static_cast<size_t>(unit)]), kPercentiles);
      for (size_t level = 0; level < kLevels; ++level)
        values[first + level * units + static_cast<size_t>(unit)] = levels[level];
    });
  }
  return true;
}

void PercentileLog::save(io::CheckpointData& data) const {
  for (const auto& layer : layers_) {
    const int64_t rows = static_cast<int64_t>(steps_.size());
    data.training_arrays.push_back({"percentiles/" + layer,
                                    "report,percentile,unit",
                                    {rows, static_cast<int64_t>(kLevels), units_.at(layer)},
                                    values_.at(layer)});
  }
  if (layers_.empty()) return;
  data.training_arrays.push_back(
      {"percentile_steps", "report", {static_cast<int64_t>(steps_.size())}, {steps_.begin(), steps_.end()}});
}

PercentileLog PercentileLog::stored(const io::CheckpointData& data, const std::string& origin) {
  constexpr std::string_view kPrefix = "percentiles/";
  PercentileLog out;
  for (const auto& array : data.training_arrays) {
    if (array.name == "percentile_steps") {
      out.steps_.assign(array.values.begin(), array.values.end());
    } else if (array.name.starts_with(kPrefix)) {
      const std::string layer = array.name.substr(kPrefix.size());
      if (array.shape.size() != 3 || array.shape[1] != static_cast<int64_t>(kLevels)) {
        fail_data(fmt::format("{}: training/{}", origin, array.name), "float64 (reports,3,units)",
                  fmt::format("rank {}", array.shape.size()));
      }
      out.layers_.push_back(layer);
      out.values_[layer] = array.values;
      out.units_[layer] = array.shape[2];
    }
  }
  for (const auto& layer : out.layers_) {
    const size_t expected = out.steps_.size() * kLevels * static_cast<size_t>(out.units_.at(layer));
    if (out.values_.at(layer).size() != expected)
      fail_data(fmt::format("{}: training/percentiles/{}", origin, layer), fmt::format("{} values", expected),
                std::to_string(out.values_.at(layer).size()));
  }
  return out;
}

void PercentileLog::continue_from(const io::CheckpointData& data, const std::string& origin) {
  const PercentileLog before = stored(data, origin);
  for (const auto& layer : layers_) {
    const auto it = before.values_.find(layer);
    if (it == before.values_.end())
      fail_data(fmt::format("{}: training/percentiles/{}", origin, layer), "the rows so far", "nothing");
    values_[layer] = it->second;
    units_[layer] = before.units_.at(layer);
  }
  steps_ = before.steps_;
}

int64_t typical_unit(const std::vector<double>& values, int64_t units) {
  const size_t count = static_cast<size_t>(units);
  FOVEA_CHECK(count > 0 && values.size() >= kLevels * count, "no percentiles recorded");
  const double* medians = values.data() + values.size() - 2 * count;  // the last report's row of 50 %
  std::vector<size_t> order(count);
  std::iota(order.begin(), order.end(), size_t{0});
  std::stable_sort(order.begin(), order.end(), [&](size_t a, size_t b) { return medians[a] < medians[b]; });
  return static_cast<int64_t>(order[count / 2]);
}

double median_drift(const std::vector<double>& values, int64_t units, int64_t unit) {
  const size_t count = static_cast<size_t>(units), stride = kLevels * count;
  double drift = 0;
  for (size_t row = stride; row < values.size(); row += stride) {
    const size_t at = row + count + static_cast<size_t>(unit);
    drift += std::abs(values[at] - values[at - stride]);
  }
  return drift;
}

}  // namespace fovea::bn
