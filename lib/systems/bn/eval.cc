// bn-train eval
#include <optional>

#include "base/error.h"
#include "base/file.h"
#include "base/log.h"
#include "eval/classification.h"
#include "eval/figure.h"
#include "systems/bn/commands.h"
#include "systems/bn/confusion.h"
#include "systems/classification.h"
#include "systems/image_sources.h"
#include "systems/precision.h"
#include "systems/requirement.h"
#include "systems/run_record.h"

namespace fovea::bn {
namespace {

struct Row {
  std::string name;
  Score score;
};

eval::Table score_table(const std::vector<Row>& rows, int crops) {
  eval::Table table;
  table.columns = {{"model"}, {"images"}, {"crops"}, {"accuracy"}, {"top1_error"}, {"top5_error"}, {"loss"}};
  for (const auto& row : rows) {
    table.rows.push_back({row.name, row.score.items, int64_t{crops}, 1 - row.score.top1_error, row.score.top1_error,
                          row.score.top5_error, row.score.loss});
  }
  return table;
}

eval::Table class_table(const eval::ConfusionMatrix& matrix, const std::vector<std::string>& names) {
  eval::Table table;
  table.columns = {{"class"}, {"images"}, {"precision"}, {"recall"}};
  for (int64_t k = 0; k < matrix.classes(); ++k) {
    table.rows.push_back({names[static_cast<size_t>(k)], matrix.support(k), eval::cell(matrix.precision(k)),
                          eval::cell(matrix.recall(k))});
  }
  return table;
}

}  // namespace

int evaluate(const EvalOptions& options, const cli::Invocation& invocation) {
  std::optional<Requirement> requirement;
  if (!options.require.empty())
    requirement.emplace(options.require, std::vector<std::string>{"accuracy", "top1_error", "top5_error", "loss"});
  if (!options.confusion.empty()) probe_output(options.confusion, invocation.common.no_clobber);
  const CropOptions crops{data::parse_crop_scheme(options.crops), options.batch};
  set_precision(options.precision);
  std::vector<train::Model> models;
  for (const auto& path : options.models) models.push_back(train::load_model(path));
  const data::ImageSource source =
      open_split(options.data.data, options.data.split, options.data.limit, options.data.skip_bad_images);
  std::vector<std::vector<double>> members;
  std::vector<Row> rows;
  const int64_t classes = models[0].network.output_shape().shape.count();
  for (auto& model : models) {
    check_same_classes(models[0], model);
    check_labels(model.labels, classes, source);
    if (options.resize_side > 0) model.preprocess.resize_side = options.resize_side;
    members.push_back(*class_probabilities(model.network, model.preprocess, source, crops, [] { return false; }));
    rows.push_back({base_name(model.path), score_probabilities(members.back(), source, classes)});
  }
  const std::vector<double> mean = eval::mean_of(members);
  if (models.size() > 1)
    rows.push_back({fmt::format("ensemble of {}", models.size()), score_probabilities(mean, source, classes)});
  const eval::ConfusionMatrix matrix = confusion_of(mean, source, classes);
  const auto names = class_names(models[0], source, classes);
  const eval::Table scores = score_table(rows, data::crop_count(crops.scheme));
  print_table(options.per_class ? class_table(matrix, names) : scores, invocation);
  if (!options.confusion.empty())
    draw_confusion(matrix, names, options.confusion, fmt::format("{} on {}", rows.back().name, source.name()));
  if (requirement && !requirement->holds(scores)) {
    log::error("--require {}: not fulfilled by {}", options.require, rows.back().name);
    return static_cast<int>(ErrorKind::kNegative);
  }
  return 0;
}

}  // namespace fovea::bn
