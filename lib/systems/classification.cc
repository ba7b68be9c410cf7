#include "systems/classification.h"

#include <algorithm>
#include <cmath>

#include "autograd/ops/softmax_loss.h"
#include "base/error.h"
#include "base/file.h"
#include "base/parallel.h"
#include "base/progress.h"
#include "data/augment.h"
#include "eval/classification.h"

namespace fovea {
namespace {

// The network's probabilities for one batch, added with weight `weight` to rows given by `owner`.
void add_probabilities(nn::Network& network, const Tensor& batch, const std::vector<int64_t>& owner, double weight,
                       std::vector<double>& sums, int64_t classes) {
  const NoGrad no_grad;
  const Var probabilities = ops::softmax(network.forward(Var(batch), nn::PassContext::inference()));
  const auto values = probabilities.value().span<float>();
  for (size_t i = 0; i < owner.size(); ++i) {
    double* row = sums.data() + owner[i] * classes;
    for (int64_t k = 0; k < classes; ++k)
      row[k] += weight * static_cast<double>(values[i * static_cast<size_t>(classes) + static_cast<size_t>(k)]);
  }
}

int64_t item_floats(const data::Preprocess& preprocess) {
  return preprocess.height * preprocess.width * preprocess.channels;
}

std::vector<int64_t> range(int64_t begin, int64_t end) {
  std::vector<int64_t> out;
  for (int64_t i = begin; i < end; ++i) out.push_back(i);
  return out;
}

// Crops of a few pictures at a time, rendered in parallel over pictures, then run in network batches.
void run_crops(nn::Network& network, const data::Preprocess& preprocess, const data::ImageSource& source,
               const CropOptions& options, const std::vector<int64_t>& items, std::vector<double>& sums,
               int64_t classes) {
  const int64_t crops = data::crop_count(options.scheme), floats = item_floats(preprocess);
  Tensor rendered = Tensor::empty(
      {static_cast<int64_t>(items.size()) * crops, preprocess.height, preprocess.width, preprocess.channels});
  float* out = rendered.data<float>();
  parallel_tasks(static_cast<int64_t>(items.size()), [&](int64_t i) {
    const data::PixelView pixels = source.pixels(items[static_cast<size_t>(i)]);
    data::CropRenderer renderer(pixels, preprocess);
    const auto list = data::list_crops(options.scheme, preprocess, pixels.height, pixels.width);
    for (int64_t c = 0; c < crops; ++c) renderer.render(list[static_cast<size_t>(c)], out + (i * crops + c) * floats);
  });
  for (int64_t begin = 0; begin < rendered.extent(0); begin += options.batch) {
    const int64_t end = std::min(begin + options.batch, rendered.extent(0));
    std::vector<int64_t> owner;
    for (int64_t row = begin; row < end; ++row) owner.push_back(items[static_cast<size_t>(row / crops)]);
    add_probabilities(network, rendered.rows(begin, end), owner, 1.0 / static_cast<double>(crops), sums, classes);
  }
}

}  // namespace

std::optional<std::vector<double>> class_probabilities(nn::Network& network, const data::Preprocess& preprocess,
                                                       const data::ImageSource& source, const CropOptions& options,
                                                       const std::function<bool()>& should_stop) {
  const int64_t classes = network.output_shape().shape.count();
  std::vector<double> sums(static_cast<size_t>(source.size() * classes), 0.0);
  const int64_t crops = data::crop_count(options.scheme);
  const int64_t pictures = std::max<int64_t>(1, options.batch / crops);
  for (int64_t begin = 0; begin < source.size(); begin += pictures) {
    if (should_stop()) return std::nullopt;
    const auto items = range(begin, std::min(begin + pictures, source.size()));
    if (options.scheme == data::CropScheme::kCenter) {
      Tensor batch =
          Tensor::empty({static_cast<int64_t>(items.size()), preprocess.height, preprocess.width, preprocess.channels});
      data::load_batch(source, items, preprocess, {}, {}, batch.data<float>());
      add_probabilities(network, batch, items, 1, sums, classes);
    } else {
      run_crops(network, preprocess, source, options, items, sums, classes);
    }
  }
  return sums;
}

Score score_probabilities(const std::vector<double>& probabilities, const data::ImageSource& source, int64_t classes) {
  Score score;
  int64_t wrong1 = 0, wrong5 = 0;
  for (int64_t i = 0; i < source.size(); ++i) {
    const int32_t label = source.label(i);
    if (label < 0) continue;
    const std::span<const double> row(probabilities.data() + i * classes, static_cast<size_t>(classes));
    const int64_t rank = eval::rank_of(row, label);
    wrong1 += rank >= 1 ? 1 : 0;
    wrong5 += rank >= 5 ? 1 : 0;
    score.loss -= std::log(std::max(row[static_cast<size_t>(label)], 1e-300));
    ++score.items;
  }
  if (score.items == 0) fail(ErrorKind::kData, "{}: expected labelled images, found none", source.name());
  const double n = static_cast<double>(score.items);
  score.top1_error = static_cast<double>(wrong1) / n;
  score.top5_error = static_cast<double>(wrong5) / n;
  score.loss /= n;
  return score;
}

std::optional<Score> quick_score(nn::Network& network, const data::Preprocess& preprocess,
                                 const data::ImageSource& source, int64_t batch,
                                 const std::function<bool()>& should_stop) {
  const auto probabilities =
      class_probabilities(network, preprocess, source, {data::CropScheme::kCenter, batch}, should_stop);
  if (!probabilities) return std::nullopt;
  return score_probabilities(*probabilities, source, network.output_shape().shape.count());
}

void check_output(const nn::Network& network, int64_t classes) {
  const Shape& output = network.output_shape().shape;
  if (output.count() == classes) return;
  fail_data(network.text().origin + ": output", fmt::format("{} values, one for each class", classes), output.text());
}

void check_labels(const std::vector<std::string>& model_labels, int64_t classes, const data::ImageSource& source) {
  const auto& names = source.label_set();
  if (!model_labels.empty() && !names.empty() && model_labels != names) {
    const auto differs = std::mismatch(model_labels.begin(), model_labels.end(), names.begin(), names.end());
    const std::string expected = differs.first == model_labels.end() ? "no more classes" : "'" + *differs.first + "'";
    const std::string found = differs.second == names.end() ? "no more classes" : "'" + *differs.second + "'";
    fail_data(fmt::format("{}: label_set[{}]", source.name(), differs.first - model_labels.begin()), expected, found,
              "the model was trained on another list of classes");
  }
  for (int64_t i = 0; i < source.size(); ++i) {
    if (source.label(i) >= classes)
      fail_data(fmt::format("{}: label[{}]", source.name(), i), fmt::format("0..{}", classes - 1),
                std::to_string(source.label(i)));
  }
}

std::vector<std::string> class_names(const train::Model& model, const data::ImageSource& source, int64_t classes) {
  if (!model.labels.empty()) return model.labels;
  if (static_cast<int64_t>(source.label_set().size()) == classes) return source.label_set();
  std::vector<std::string> names;
  for (int64_t k = 0; k < classes; ++k) names.push_back(std::to_string(k));
  return names;
}

void check_same_classes(const train::Model& first, const train::Model& other) {
  const int64_t expected = first.network.output_shape().shape.count(),
                found = other.network.output_shape().shape.count();
  if (expected != found)
    fail_data(other.path + ": output", fmt::format("{} classes as in {}", expected, base_name(first.path)),
              std::to_string(found));
  if (first.labels != other.labels)
    fail_data(other.path + ": labels", fmt::format("the class list of {}", base_name(first.path)), "another");
}

}  // namespace fovea
